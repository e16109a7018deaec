"""What the pages share and what makes and verifies them, by subject.

Called on pages:

    environment, threads         is this machine ready for the book; how many cores a process may use
    plotting, drawings           the look of the figures; pictures of ideas, one subject a module
    exercises                    the checks of what readers write
    data                         CIFAR-10: find, download, check
    training                     the fast training, and what it is compared with
    notes                        the notes of 2017, their audit, the old calls
    contents, dtypes, memory     the contents of the book; the types of PyTorch; what tensors take
    tables, messages, progress   how tables, warnings and progress are shown
    measurements                 what the studies of the verification have kept

For maintainers:

    pages, paths                 the pages as files; where the parts of the book lie
    book                         makes their outputs, the web edition, the README, handouts

For any project:

    verification                 compares outputs; knows nothing of the book

Importing any of it gives PyTorch no more threads than a container has cores, see `threads`, and keeps its profiler from
writing about itself: in JupyterLab that would stand under the cell, with an error about a GPU where there is none.
"""

import os

from helpers.threads import limit_threads

limit_threads()
os.environ["KINETO_LOG_LEVEL"] = "99"
