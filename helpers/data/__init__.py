"""CIFAR-10 for the pages: the official pictures wherever they are, else a stand-in that says it is one.

    python -m helpers.data --help        # look for them, check them, download them

The pictures are looked for in ``CIFAR10_ROOT``, in the book's ``data/``, in ``./data`` (torchvision's habit) and in
Keras' folder: seven files or the archive, which are used where they lie and never changed. If they are nowhere, the
archive is downloaded into ``data/``. Only the book's ``data/`` is ever written: the archive, and a cache of the decoded
arrays that makes the next start fast.

Environment variables: ``CIFAR10_ROOT``, a folder or an archive, or ``stand-in`` for the stand-in at once (no network is
touched); ``CIFAR10_URL``, an address of the archive that is asked before all others, such as a school's server;
``CIFAR10_PATIENCE``, seconds that a page waits for a download that does not promise to end (60).

In reading order:

    places        where the pictures may lie
    files         whether they are the official ones, and how they become arrays
    mirrors       one place that they can be downloaded from
    download      a download from the fastest of several
    find          all of that: on this machine, else from the network
    datasets      torchvision's data set of them
    stand_in      drawn shapes, where they cannot be had

    process_ids   another data set, which shows that worker processes load it
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from helpers.data.find import pictures
from helpers.data.places import STAND_IN

if TYPE_CHECKING:  # torch takes seconds: the command is faster without it
    from torchvision.datasets import VisionDataset

__all__ = ["STAND_IN", "cifar10", "is_real", "origin", "was_used"]


def cifar10(train: bool, transform: Callable | None = None) -> "VisionDataset":
    """Return CIFAR-10, or the stand-in for it, as a torchvision dataset.

    Args:
        train: True for the 50,000 training pictures, False for the 10,000 test pictures.
        transform: called with each PIL picture (32x32, RGB); None leaves the picture as it is.

    Returns:
        A map-style dataset of ``(picture, label)``, labels 0..9, with ``data`` (uint8 array, Nx32x32x3),
        ``targets`` (list of int), ``classes`` (ten names) and ``class_to_idx``. It is the caller's own: changes in
        ``data`` reach no other data set and no file.
    """
    flat, _, root = pictures()
    if flat is None:
        from helpers.data.stand_in import StandIn

        return StandIn(train, transform)
    from helpers.data.datasets import Cifar10

    return Cifar10(flat, train, transform, root)


def origin() -> str:
    """Return one line that says where the pictures come from; more than one line if they are not the real ones."""
    return pictures().text


def is_real() -> bool:
    """Are the official CIFAR-10 pictures in use, and not the stand-in?"""
    return pictures().flat is not None


def was_used() -> bool:
    """Has anything in this process asked for the pictures?"""
    return pictures.cache_info().currsize > 0
