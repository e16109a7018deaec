"""Where the parts of the book lie."""

from pathlib import Path

BOOK = Path(__file__).resolve().parents[1]
NOTEBOOKS = BOOK / "notebooks"
RECORDS = NOTEBOOKS / "records"  # results of long runs
DATA = BOOK / "data"  # the pictures and the checkpoints of training runs; git ignores it
