"""One page must not slow or change the next: its kernel has ended, and nothing that it set is left."""

import sys

import pytest

from tests.support import small_book

LEAVES = """import os, pathlib, resource, sys
pathlib.Path("pid").write_text(str(os.getpid()))
os.environ["LEFT"] = "7"
os.chdir(os.sep)
sys.modules["left"] = os
sys.setswitchinterval(1)
resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99))
ballast = bytearray(10**8)"""
FINDS = """import os, pathlib, resource, sys
print(pathlib.Path("/proc", pathlib.Path("pid").read_text()).exists(), os.getpid() == os.getsid(0))
print(os.environ.get("LEFT"), "left" in sys.modules, "ballast" in globals())
print(pathlib.Path.cwd().name, sys.getswitchinterval())
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 99)"""
FOUND = "False True\nNone False False\nnotebooks 0.005\nTrue\n"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("forked", [True, False])
def test_nothing_of_a_page_is_left_for_the_next(forked, tmp_path):
    notebooks = small_book.make(tmp_path / "book")
    begins = "import sys\nprint('json.tool' in sys.modules)", f"{forked}\n"
    pages = ("00_begins", *begins), ("01_leaves", LEAVES, ""), ("02_finds", FINDS, FOUND)
    for name, source, text in pages:
        book = small_book.with_outputs([("only", source, text)])
        small_book.write(book, notebooks / f"{name}.ipynb")
    options = ["-o", "nbval_prepared_imports=json.tool"] + ["--nbval-fresh-kernels"] * (not forked)
    run = small_book.verify(notebooks, folder=tmp_path, cwd=tmp_path, options=options)
    assert run.failed == {}
    assert run.passed == {f"{name}::Cell 0" for name, *_ in pages}
