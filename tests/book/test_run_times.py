"""The table of run times: what a page spends in imports, cells and comparison is found where it is spent."""

from nbformat.v4 import new_output

from tests.studies import run_times
from tests.support import small_book


def test_time_is_found_where_it_is_spent(tmp_path, monkeypatch):
    for name in small_book.settings(tmp_path):
        monkeypatch.delenv(name, raising=False)
    notebooks = small_book.make(tmp_path / "book")
    (notebooks / "slow_module.py").write_text("import time\ntime.sleep(0.4)\n", encoding="utf-8")
    paths = []
    for number in range(2):
        book = small_book.notebook(
            [
                ("imports", "import slow_module", {}),
                ("sleeps", "import time\ntime.sleep(0.3)", {}),
                ("prints", "print(1)", {}),
            ]
        )
        for cell in book.cells[1::2]:
            cell.execution_count = 1
        book.cells[-1].outputs = [new_output("stream", name="stdout", text=f"{number + 1}\n")]
        paths.append(small_book.write(book, notebooks / f"page_{number}.ipynb"))
    run = run_times.measure(paths, workers=2)
    assert run["failed"] == 1  # the second page has stored a 2
    assert list(run["pages"]) == [path.stem for path in paths]
    for page in run["pages"].values():
        assert 0.4 <= page["imports"] < sum(page.values()) <= run["seconds"]
        assert page["cells"] >= 0.3
        assert all(seconds > 0 for seconds in page.values())
    assert run["modules"]["slow_module"] >= 0.8
    assert (run["slowest"][0]["cell"], run["slowest"][0]["seconds"] >= 0.3) == ("Cell 1", True)
    shown = run_times.table(run)
    assert f"{sum(page['imports'] for page in run['pages'].values()):.2f}" in shown
    assert "1 cells FAILED" in shown
