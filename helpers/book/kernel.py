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
    # What a user may have set for debugging. torch fails at an empty value; no page exports to ONNX.
    "TORCH_LOGS": "-onnx",
    "TORCH_SHOW_CPP_STACKTRACES": "0",
    "MKL_VERBOSE": "0",
}
PAGES = TORCH | {"COLUMNS": "100"}  # the width that tables and tensors are printed for
PAGE_FACTS = Path(__file__).with_name("page_facts.py")


def settings(folder: Path) -> dict[str, str]:
    """Return environment variables that keep a user's own settings out of the outputs.

    Args:
        folder: an empty folder for IPython's and Jupyter's own files (no HOME is needed).
    """
    return kernel.settings(folder) | PAGES


def facts(page: kernel.PageKernel) -> dict[str, Any]:
    """Return what the running page knows of the machine: ``torch``, ``device``, ``data``, ``data_is_real``."""
    return page.ask(f"__import__('runpy').run_path({str(PAGE_FACTS)!r})['facts']") or {}
