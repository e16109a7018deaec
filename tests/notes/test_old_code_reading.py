"""Files are read whatever stands in them: IPython commands, Python 2, lines that are no Python at all."""

import ast
import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.notes.old_code import sources
from helpers.notes.old_code.code import Code


def view(text):
    return sources.read_text(text).parts[0].view


@pytest.mark.parametrize(
    ("old", "read"),
    [
        ('print "a", b', 'print("a", b)'),
        ("print 'a %d' % b", "print('a %d' % b)"),
        ("print x,", 'print(x, end=" ")'),
        ("print >>f, x", "print(x, file=f)"),
        ("print >>sys.stderr, 'a',", "print('a', end=\" \", file=sys.stderr)"),
        ("print -x; print y", "print(-x); print(y)"),
        ("if a: print b", "if a: print(b)"),
        ("a = 1; print a; b = 2", "a = 1; print(a); b = 2"),
        ("print f(x)[0], {1: 2}", "print(f(x)[0], {1: 2})"),
        ("print 'a'  # why", "print('a')  # why"),
        ('print """a\nb"""', 'print("""a\nb""")'),
        ("try:\n    pass\nexcept A, e:\n    pass", "try:\n    pass\nexcept A as e:\n    pass"),
        (
            "try:\n    pass\nexcept (A, B), e:\n    pass",
            "try:\n    pass\nexcept (A, B) as e:\n    pass",
        ),
        ('raise A, "b"', 'raise A("b")'),
        ("x = `y`", "x = repr(y)"),
        ("x = 0777 + 0L + 0x10L", "x = 0o777 + 0 + 0x10"),
        ("x = ur'a'", "x = r'a'"),
        ("a <> b", "a != b"),
        ("exec 'a'", "exec('a')"),
        ("if a:\n\tprint b\n        print c", "if a:\n        print(b)\n        print(c)"),
        ("x.cuda(async=True)", "x.cuda(async_=True)"),
        ("%matplotlib inline", "pass"),
        ("if a:\n    !ls -l\nb", "if a:\n    pass\nb"),
        ("files = !ls", "files = None"),
        ("x?", "pass"),
        ("x.y??", "pass"),
        ("%timeit -n 10 f(x)", "f(x)"),
        ("%%time\nf(x)", "pass\nf(x)"),
        ("%%bash\nls | wc\nprint 'a'", "pass\npass\npass"),
    ],
)
def test_old_forms_are_read_as_todays(old, read):
    assert view(old) == read


@pytest.mark.parametrize(
    "code",
    [
        "print(x)",
        "print (x)",
        "print",
        "x = print",
        "a = b % c",
        "a %= 2",
        "a != b",
        "s = '''\n%magic\n!ls\nprint a\n'''",
        "x = [\n    1,\n    -2\n]",
        "def f(x, *, y=1) -> int: ...",
        "async def f():\n    async for x in y: await z",
        "await f()",
        "d = {'print': 1}\nd.print",
        "lambda: print",
        "match x:\n    case 1: pass",
        r"x = '\d'",
    ],
)
def test_what_python_3_can_parse_is_read_as_it_is(code):
    assert view(code) == code
    assert sources.read_text(code).seen == []


def test_what_was_seen_is_said_with_its_first_place():
    seen = sources.read_text("x = 1\nprint x\n%pylab\nprint x\n").seen
    assert seen == ["Python 2 print, line 2 (2 times)", "IPython command, line 3"]


def test_lines_that_are_no_python_are_left_out_and_named():
    source = sources.read_text("a = 1\nb = = 2\nfor x of y:\n    c = 3\nd = 4\n")
    assert source.seen == ["not read, line 2: invalid syntax", "not read, line 3: invalid syntax"]
    assert [node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)] == [
        "a",
        "d",
        "c",
    ]


def test_places_are_those_of_the_file():
    code = Code(sources.read_text("print 'ä', loss.data[0], `x`; y = `a` + f(b)\n"))
    calls = [code.text(node) for node in code.nodes if isinstance(node, (ast.Subscript, ast.Call))]
    assert "loss.data[0]" in calls
    assert "f(b)" in calls


# --- notebooks


def notebook(*cells):
    return new_notebook(cells=[new_markdown_cell("# words"), *map(new_code_cell, cells)])


def written(folder, content, name="a.ipynb"):
    path = folder / name
    path.write_text(
        content if isinstance(content, str) else nbformat.writes(content), encoding="utf-8"
    )
    return path


def test_cells_are_parts_with_numbers(tmp_path):
    source = sources.read(written(tmp_path, notebook("a = 1\nb", "%%html\n<b>", "  c = 3", "x")))
    assert [part.view for part in source.parts] == ["a = 1\nb", "pass\npass", "c = 3", "x"]
    assert source.line(2) == (1, 2)
    assert source.line(6) == (4, 1)
    assert source.seen == [
        "cell that is not Python, %%html, cell 2, line 1",
        "indented cell, cell 3, line 1",
    ]


def test_a_cell_that_is_no_python_hides_no_other(tmp_path):
    source = sources.read(
        written(tmp_path, notebook("a = (", "this is not code at all\nnor is this ?!", "b"))
    )
    assert [node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)][-1] == "b"
    assert len(source.unread) >= 2


def test_a_notebook_of_format_3_is_read(tmp_path):
    cells = [{"cell_type": "code", "input": ["a = 1\n", "b"]}, {"cell_type": "code", "input": "c"}]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    source = sources.read(written(tmp_path, json.dumps(old)))
    assert [part.text for part in source.parts] == ["a = 1\nb", "c"]
    changed = json.loads(source.changed(["a\nz", "d"]).content())
    assert [cell["input"] for cell in changed["worksheets"][0]["cells"]] == [["a\n", "z"], "d"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"cells": 3}', '{"cells": [{}]}', '{"worksheets": [1]}']
)
def test_what_is_no_notebook_is_refused_in_a_sentence(content, tmp_path):
    with pytest.raises(
        sources.SourceError, match=r"a\.ipynb is not a notebook: it has no cells in JSON\.$"
    ):
        sources.read(written(tmp_path, content))


# --- files


def test_a_file_in_another_encoding_is_read_if_it_names_it(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes("# -*- coding: gbk -*-\nx = '中'\n".encode("gbk"))
    source = sources.read(path)
    assert "中" in source.parts[0].text
    assert source.content() == path.read_bytes()


@pytest.mark.parametrize("data", [b"x = 1\r\ny = 2\r\n", b"\xef\xbb\xbfx = 1\n", b"x = 1", b""])
def test_what_is_not_changed_is_written_as_it_was(data, tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(data)
    assert sources.read(path).content() == data


@pytest.mark.parametrize(
    ("data", "words"), [(b"\0\1", "is not text"), (b"x = '\xff'", "is not text in UTF-8")]
)
def test_a_file_that_is_no_text_is_refused(data, words, tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(data)
    with pytest.raises(sources.SourceError, match=words):
        sources.read(path)


def test_prose_is_refused():
    with pytest.raises(sources.SourceError, match=r"is not Python\.$"):
        sources.read_text(
            "Dear reader,\nthis is a letter.\nIt has lines.\nFour of them.\nNot one is code.\nYours\n"
            * 5
        )


def test_a_deep_nest_is_no_crash():
    deep = "(" * (sys.getrecursionlimit() * 3)
    assert "not read, line 1" in sources.read_text(f"{deep}\nx = 1\n").seen[0]
