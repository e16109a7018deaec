"""CIFAR-10 for the pages: the official pictures wherever they are, else a stand-in that says it is one.

    python -m helpers.data        # says where the pictures come from; downloads them if it must

The pictures are looked for in the folder named by ``CIFAR10_ROOT``, then in the book's ``data/``. If
neither has them they are downloaded into ``data/``; a download that crawls is given up after a minute.
``CIFAR10_ROOT=stand-in`` asks for the stand-in at once (no network is touched).
"""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision.datasets import CIFAR10, VisionDataset
from torchvision.datasets.utils import check_integrity
from tqdm import tqdm

BOOK = Path(__file__).resolve().parents[1]
FOLDER = BOOK / "data"
STAND_IN = "stand-in"
MESSAGES = "messages.txt"  # what a running download says
FILES = dict(CIFAR10.train_list + CIFAR10.test_list) | {
    CIFAR10.meta["filename"]: CIFAR10.meta["md5"]
}
ARCHIVE_BYTES = 170_498_071
PATIENCE = 60  # seconds given to a download that does not promise to end
PROMISE = 300  # seconds: a download on its way to end within this many is let go on
BY_HAND = (
    f"To get them by hand: download {CIFAR10.url} (170 MB) in a browser, unpack it, and put its folder "
    f"{CIFAR10.base_folder} into the book's data folder or set CIFAR10_ROOT to the folder that holds it."
)
SHAPES = [
    "circle",
    "square",
    "triangle",
    "cross",
    "ring",
    "diamond",
    "stripes",
    "moon",
    "frame",
    "hourglass",
]


def cifar10(train: bool, transform: Callable | None = None) -> VisionDataset:
    """CIFAR-10, or the stand-in for it, as a torchvision dataset.

    Args:
        train: True for the 50,000 training pictures, False for the 10,000 test pictures.
        transform: called with each PIL picture (32x32, RGB); None leaves the picture as it is.

    Returns:
        A map-style dataset of ``(picture, label)``, labels 0..9, with ``data`` (uint8 array, Nx32x32x3),
        ``targets`` (list of int), ``classes`` (ten names) and ``class_to_idx``.
    """
    root, _ = _find()
    return (
        StandIn(train, transform)
        if root is None
        else CIFAR10(root, train=train, transform=transform)
    )


def origin() -> str:
    """One line that says where the pictures come from; more than one line if they are not the real ones."""
    return _find()[1]


def is_real() -> bool:
    """True if the official CIFAR-10 pictures are in use, False for the stand-in."""
    return _find()[0] is not None


@functools.cache
def _find() -> tuple[Path | None, str]:
    """Where the official files are (None: nowhere, use the stand-in) and the text that says so."""
    named = os.environ.get("CIFAR10_ROOT", "")
    if named == STAND_IN:
        return None, _stand_in_text("CIFAR10_ROOT=stand-in asks for the stand-in.")
    note = ""
    if named:
        fault = fault_in(Path(named))
        if not fault:
            return Path(named), "CIFAR-10: the official pictures, found by CIFAR10_ROOT."
        note = f" (CIFAR10_ROOT was passed over: {fault})"
    fault = fault_in(FOLDER)
    if not fault:
        return FOLDER, f"CIFAR-10: the official pictures, found in data/.{note}"
    if (FOLDER / CIFAR10.base_folder).exists():
        note += f" (data/ was passed over: {fault})"
    failure = _download()
    if not failure:
        return FOLDER, f"CIFAR-10: the official pictures, downloaded into data/.{note}"
    return None, _stand_in_text(f"{failure}{note} {BY_HAND}")


def fault_in(root: Path) -> str:
    """What keeps ``root`` from being used: '' if it holds the seven official files, whole and unchanged."""
    folder = root / CIFAR10.base_folder
    if not folder.is_dir():
        return f"there is no folder {CIFAR10.base_folder} in it"
    for name, md5 in FILES.items():
        if not (folder / name).is_file():
            return f"{name} is missing"
        if not check_integrity(str(folder / name), md5):
            return f"{name} is broken (its checksum is not the official one)"
    return ""


def _stand_in_text(reason: str) -> str:
    return (
        "STAND-IN DATA: drawn shapes, not the CIFAR-10 pictures. "
        f"Every number and picture that depends on the data differs from the book's.\n{reason}"
    )


def _download() -> str:
    """Download and unpack into ``FOLDER`` by torchvision; returns '' or one sentence that says what failed.

    Torchvision runs as a process of its own, in a folder of its own, so that it can be stopped at any
    moment: nothing half-written stays behind.
    """
    try:
        FOLDER.mkdir(exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=FOLDER))
    except OSError as error:
        return (
            f"The pictures could not be downloaded: {FOLDER} cannot be written ({error.strerror})."
        )
    code = (
        "import sys; from torchvision.datasets import CIFAR10; CIFAR10(sys.argv[1], download=True)"
    )
    with (partial / MESSAGES).open("w") as messages:  # no pipe: unread, it would fill and block
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(partial)], stdout=subprocess.DEVNULL, stderr=messages
        )
    try:
        return _watch(process, partial)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(partial, ignore_errors=True)


def _watch(process: subprocess.Popen, partial: Path) -> str:
    """Show the progress of a running download, end it if it crawls, and move its result into place."""
    start = time.monotonic()
    archive = partial / CIFAR10.filename
    with tqdm(
        total=ARCHIVE_BYTES,
        unit="B",
        unit_scale=True,
        desc="CIFAR-10",
        leave=False,
        file=sys.stdout,
    ) as bar:
        while process.poll() is None:
            time.sleep(0.2)
            seconds = time.monotonic() - start
            size = archive.stat().st_size if archive.exists() else 0
            bar.update(size - bar.n)
            if seconds > PATIENCE and size * PROMISE < ARCHIVE_BYTES * seconds:
                return (
                    f"The download was given up after {seconds:.0f} s: {size / 1e6:.1f} of "
                    f"{ARCHIVE_BYTES / 1e6:.0f} MB had come."
                )
    if process.returncode:
        messages = (partial / MESSAGES).read_text(encoding="utf-8", errors="replace")
        lines = messages.strip().splitlines() or ["no reason given"]
        return f"The pictures could not be downloaded ({lines[-1]})."
    if fault := fault_in(partial):
        return f"What was downloaded is not the official CIFAR-10 ({fault})."
    target = FOLDER / CIFAR10.base_folder
    shutil.rmtree(target, ignore_errors=True)
    (partial / CIFAR10.base_folder).replace(target)
    return ""


class StandIn(VisionDataset):
    """Ten drawn shapes in the form of CIFAR-10: 50,000 + 10,000 RGB pictures of 32x32, drawn from a seed.

    Each picture shows one filled shape, of any colour, size and place, over a striped, noisy background of
    any other colour. Only the outline tells the class, so a net has to learn shapes, not colours.
    """

    classes = SHAPES

    def __init__(
        self, train: bool, transform: Callable | None = None, count: int | None = None
    ) -> None:
        """Draw the training or the test pictures.

        Args:
            train: which of the two sets; they are drawn from different seeds.
            transform: called with each PIL picture, as in torchvision.
            count: how many pictures; None for as many as CIFAR-10 has.
        """
        super().__init__(root="", transform=transform)
        self.train = train
        count = count or (50_000 if train else 10_000)
        self.data, self.targets = draw_shapes(count, seed=0 if train else 1)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        from PIL import Image

        picture = Image.fromarray(self.data[index])
        return (picture if self.transform is None else self.transform(picture)), self.targets[index]


def draw_shapes(count: int, seed: int) -> tuple[np.ndarray, list[int]]:
    """Draw ``count`` pictures of the ten shapes: (uint8 array, count x 32 x 32 x 3; list of labels 0..9)."""
    random = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * torch.rand(shape, generator=random)

    labels = torch.arange(count) % len(SHAPES)
    labels = labels[torch.randperm(count, generator=random)]
    pictures = torch.empty(count, 32, 32, 3, dtype=torch.uint8)
    for start in range(
        0, count, 5000
    ):  # in parts: the masks of all pictures at once would need gigabytes
        part = labels[start : start + 5000]
        n = len(part)
        y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
        size, turn = uniform(7, 12, n, 1, 1), uniform(-0.5, 0.5, n, 1, 1)
        dx, dy = x - uniform(12, 20, n, 1, 1), y - uniform(12, 20, n, 1, 1)
        u = (
            dx * turn.cos() + dy * turn.sin()
        ) / size  # each shape is drawn in -1..1, turned and scaled
        v = (dy * turn.cos() - dx * turn.sin()) / size
        inside = _shape_masks(u, v).gather(0, part.view(1, n, 1, 1).expand(1, n, 32, 32))[0]
        colours = uniform(0, 255, 2, n, 1, 1, 3)
        clash = (colours[0] - colours[1]).abs().mean(-1, keepdim=True) < 60
        colours[1] = torch.where(clash, 255 - colours[0].round(), colours[1])
        angle, wave = uniform(0, 3.14, n, 1, 1), uniform(0.3, 1.5, n, 1, 1)
        texture = 25 * torch.sin(wave * (x * angle.cos() + y * angle.sin())).unsqueeze(-1)
        noise = 20 * torch.randn(n, 32, 32, 3, generator=random)
        mixed = torch.where(inside.unsqueeze(-1), colours[0], colours[1] + texture) + noise
        pictures[start : start + n] = mixed.clamp(0, 255).to(torch.uint8)
    return pictures.numpy(), labels.tolist()


def _shape_masks(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Which points (u, v) lie inside each of the ten shapes, in the order of ``SHAPES``: bool, 10 x N x H x W."""
    r, box = (u**2 + v**2).sqrt(), torch.maximum(u.abs(), v.abs())
    shapes = {
        "circle": r < 1,
        "square": box < 0.85,
        "triangle": (v < 0.8) & (v > 2 * u.abs() - 0.9),
        "cross": (torch.minimum(u.abs(), v.abs()) < 0.3) & (box < 1),
        "ring": (r < 1) & (r > 0.55),
        "diamond": u.abs() + v.abs() < 1,
        "stripes": (box < 1) & (torch.remainder(v, 0.8) < 0.4),
        "moon": (r < 1) & ((u - 0.5) ** 2 + v**2 > 0.6),
        "frame": (box < 1) & (box > 0.6),
        "hourglass": (v.abs() < 1) & (u.abs() < v.abs()),
    }
    return torch.stack([shapes[name] for name in SHAPES])


if __name__ == "__main__":
    print(origin())
    sys.exit(0 if is_real() else 1)
