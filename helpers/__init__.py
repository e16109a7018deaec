"""What several pages of the book share: data, figures, exercises, the environment check, the verification.

To import any of it is to give PyTorch as many threads as a container has cores, see ``cores``.
"""

from helpers.threads import limit_threads

limit_threads()
