"""What this book's pages need of their kernel, besides what every notebook does."""

from pathlib import Path
from typing import Any

from helpers.verification import kernel

TORCH = {
    # OpenMP threads (GNU's) that wait for each other spin for long; on busy cores that makes training
    # tens of times slower. This much spinning costs nothing on idle cores and is harmless on busy ones.
    "GOMP_SPINCOUNT": "30000",
    # A CUDA toolkit without a GPU makes torch log a line; the pages compile nothing, so none is looked for.
    "CUDA_HOME": "",
    "CUDA_PATH": "",
}
# Only what the page has imported by itself is looked at.
_FACTS = """(lambda torch, data: {
    **({} if torch is None else {
        "torch": torch.__version__,
        "device": "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"}),
    **({} if data is None or not data.was_used() else {
        "data": data.origin(), "data_is_real": data.is_real()}),
})(*map(__import__("sys").modules.get, ("torch", "helpers.data")))"""


def settings(folder: Path, workers: int = 1) -> dict[str, str]:
    """Environment variables that keep a user's own settings out of the outputs.

    Args:
        folder: an empty folder for IPython's and Jupyter's own files (no HOME is needed).
        workers: how many kernels will run at once; they share the cores.
    """
    return kernel.settings(folder, workers) | TORCH


def facts(page: kernel.PageKernel) -> dict[str, Any]:
    """What the running page knows of the machine: ``torch``, ``device``, ``data``, ``data_is_real``."""
    return page.ask(_FACTS) or {}
