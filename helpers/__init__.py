"""What the pages share and what makes and verifies them, by subject.

Importing any of it gives PyTorch no more threads than a container has cores, see ``helpers.threads``.
"""

from helpers.threads import limit_threads

limit_threads()
