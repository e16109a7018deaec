"""The README's links work (test_pages.py checks those of the pages); the checker is shown to refuse bad ones."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import pages
from tests.support import links

BOOK = Path(__file__).resolve().parents[2]


def test_the_links_of_the_readme_work():
    assert list(links.markdown(BOOK / "README.md")) == []


def test_the_contents_lead_to_every_page():
    start, *others = pages.all_pages()
    shown = links.in_markdown(links.tables(start))
    assert {page.path.name for page in others} <= set(shown)


GOOD = """# A title · 标题

[this page](page.ipynb), [a heading](#A-title-·-标题), [the same](page.ipynb#A-title-·-标题),
[else](https://pytorch.org/docs/stable/a.html?highlight=b#c), <https://pytorch.org>, ![a picture](picture.png)

`[code](nowhere.ipynb)`
"""
EXTERNAL = {
    "http://pytorch.org": "is not https",
    "ftp://pytorch.org": "is not https",
    "https://localhost/x": "no public host",
    "https://intranet/x": "no public host",
    "https://192.168.0.1/x": "no public host",
    "https://me:secret@pytorch.org": "a name or a password",
    "https://pytorch.org/?utm_source=a": "tracks its readers",
}
IN_A_PAGE = EXTERNAL | {
    "other.ipynb": "leads nowhere: other.ipynb",
    "Page.ipynb": "leads nowhere: Page.ipynb",
    "../README.md": "leads out of the pages' folder",
    "/page.ipynb": "leads out of the pages' folder",
    "#Nothing": "leads to no heading: #Nothing",
    "#a-title-·-标题": "leads to no heading",  # GitHub's form for Markdown files, not Jupyter's
    "page.ipynb#Nothing": "leads to no heading",
    "#Twice": "leads to more than one heading: #Twice",
}


def page(folder, prose=GOOD, shown=""):
    cells = [new_markdown_cell(prose), new_markdown_cell("## Twice\n\n## Twice")]
    data = {"text/markdown": shown, "text/plain": ""}
    cells.append(new_code_cell("1", outputs=[new_output("display_data", data=data)]))
    path = folder / "page.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    (folder / "picture.png").touch()
    return pages.Page(path)


def test_good_links_of_a_page_pass(tmp_path):
    assert list(links.notebook(page(tmp_path, shown="[on](page.ipynb)"))) == []


@pytest.mark.parametrize("link", IN_A_PAGE)
@pytest.mark.parametrize("form", ["[a]({})", "[a]\n\n[a]: {}", '<a href="{}">a</a>', "![a]({})"])
def test_a_bad_link_of_a_page_is_refused(tmp_path, link, form):
    (fault,) = links.notebook(page(tmp_path, prose=GOOD + "\n" + form.format(link)))
    assert IN_A_PAGE[link] in fault


def test_a_bad_link_in_an_output_is_refused(tmp_path):
    (fault,) = links.notebook(page(tmp_path, shown="| a |\n|:--|\n| [b](other.ipynb) |"))
    assert fault == "a link leads nowhere: other.ipynb"


IN_A_README = EXTERNAL | {
    "nothing/": "leads nowhere",
    "/page.ipynb": "leads nowhere",
    "#Run-it": "leads to no heading",
    "#nothing": "leads to no heading",
    "page.ipynb#a-title-·-标题": "leads to no heading",
}


def readme(folder, more):
    page(folder)
    text = "# Run it, now!\n\n[a](#run-it-now) [b](page.ipynb#A-title-·-标题) [c](page.ipynb) [d](.)\n\n"
    (folder / "README.md").write_text(text + more, encoding="utf-8")
    return list(links.markdown(folder / "README.md"))


def test_good_links_of_a_readme_pass(tmp_path):
    assert readme(tmp_path, "") == []


@pytest.mark.parametrize("link", IN_A_README)
def test_a_bad_link_of_a_readme_is_refused(tmp_path, link):
    (fault,) = readme(tmp_path, f"[a]({link})")
    assert IN_A_README[link] in fault


IN_A_SITE = EXTERNAL | {
    "other.html": "leads nowhere",
    "/index.html": "leads nowhere",
    "sub/": "leads nowhere",  # only a server would find its index.html
    "#none": "leads to no anchor",
    "sub/index.html#none": "leads to no anchor",
    "style.css#none": "leads to no anchor",
}


def built(folder, more=""):
    (folder / "sub").mkdir()
    (folder / "style.css").touch()
    head = '<link rel="stylesheet" href="style.css"><img src="data:image/png;base64,">'
    body = '<h1 id="标题">A</h1><a href="#%E6%A0%87%E9%A2%98">1</a><a href="sub/index.html#x">2</a>'
    (folder / "index.html").write_text(head + body + more, encoding="utf-8")
    back = '<a name="x" href="../index.html#标题">3</a>'
    (folder / "sub" / "index.html").write_text(back, encoding="utf-8")
    return list(links.site(folder))


def test_good_links_of_a_site_pass(tmp_path):
    assert built(tmp_path) == []


@pytest.mark.parametrize("link", IN_A_SITE)
@pytest.mark.parametrize(
    "form", ['<a href="{}">a</a>', '<img src="{}">', '<script src="{}"></script>']
)
def test_a_bad_link_of_a_site_is_refused(tmp_path, link, form):
    (fault,) = built(tmp_path, form.format(link))
    assert fault.startswith("index.html: ") and IN_A_SITE[link] in fault


def test_an_empty_site_is_refused(tmp_path):
    assert list(links.site(tmp_path)) == [f"there is no page in {tmp_path.name}"]
