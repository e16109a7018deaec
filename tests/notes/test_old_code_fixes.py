"""A changed copy has today's calls and is otherwise the file that it was: layout, comments and all the rest."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.notes.old_code import fixes, reader, sources
from tests.support.old_rows import TABLE, row

IMPORTS = """\
import torch
import torch.nn.functional as F
from torch.autograd import Variable
from torchvision import transforms
"""


def fixed(code, table=TABLE, **options):
    return fixes.fix(sources.read_text(code), table, **options).source.parts[0].text


def line(old, table=TABLE):
    return fixed(IMPORTS + old + "\n", table).removeprefix(IMPORTS).removesuffix("\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("F.softmax(x)", "F.softmax(x, dim=1)"),
        ("F.softmax((x + 1))", "F.softmax((x + 1), dim=1)"),
        ("F.softmax( x )", "F.softmax( x, dim=1 )"),
        ("F.softmax(F.softmax(x) * 2)", "F.softmax(F.softmax(x, dim=1) * 2, dim=1)"),
        ("F.softmax(\n    x,  # scores\n)", "F.softmax(\n    x, dim=1,  # scores\n)"),
        ("F.mse_loss(a, b, size_average=False)", "F.mse_loss(a, b, reduction='sum')"),
        (
            "F.mse_loss(a,  # is\n           b, size_average=False)",
            "F.mse_loss(a,  # is\n           b, reduction='sum')",
        ),
        (
            "F.mse_loss(size_average=False, input=a, target=b)",
            "F.mse_loss(reduction='sum', input=a, target=b)",
        ),
        ("transforms.Scale(256)", "transforms.Resize(256)"),
        ("transforms.Scale((1,2), interpolation=3)", "transforms.Resize((1,2), interpolation=3)"),
        ("my_loss.data[0]", "my_loss.item()"),
        ("s += a_loss.data[0] + b_loss.data[0]", "s += a_loss.item() + b_loss.item()"),
        ("t = torch.randn(3)\nm = 1 - (t > 2)", "t = torch.randn(3)\nm = ~(t > 2)"),
        ("t = torch.randn(3)\nm = t * (1 - (t > 2))", "t = torch.randn(3)\nm = t * (~(t > 2))"),
        ("t = torch.randn(3)\nt[1 - (t > 2)]", "t = torch.randn(3)\nt[~(t > 2)]"),
        ("x.addcmul_(0.1, a, b)", "x.addcmul_(a, b, value=0.1)"),
        ("x.addcmul_(-c * 2, f(a), b + 1)", "x.addcmul_(f(a), b + 1, value=-c * 2)"),
        ("batch = iter(loader).next()", "batch = next(iter(loader))"),
        ("lu = torch.btrifact(a)", "lu = torch.linalg.lu_factor(a)"),
        ("Variable(x, volatile=True)", "Variable(x)"),
        ("Variable(volatile=True, data=x)", "Variable(data=x)"),
        ("Variable(\n    x,  # first\n    volatile=True,\n)", "Variable(\n    x,  # first\n)"),
        ("x.cuda(async=True)", "x.cuda(non_blocking=True)"),
        ("'ä'; b_loss.data[0]; `x`", "'ä'; b_loss.item(); repr(x)"),
        ("print 'ä', b_loss.data[0],", "print('ä', b_loss.item(), end=\" \")"),
        (
            "if x:\n\tprint F.softmax(x)\n        y",
            "if x:\n        print(F.softmax(x, dim=1))\n        y",
        ),
    ],
)
def test_a_call_is_rewritten_and_nothing_around_it(old, new):
    assert line(old) == new


def test_what_a_hole_stands_for_gets_brackets_where_it_needs_them():
    table = reader.Table((row("dot", ["torch.gone($a, $b)"], ["$a.dot($b)"]),))
    assert line("torch.gone(x + 1, y + 1)", table) == "(x + 1).dot(y + 1)"
    table = reader.Table((row("sum", ["torch.gone($a, $b)"], ["$a * $b"]),))
    assert line("torch.gone(x, y + 1).abs()", table) == "(x * (y + 1)).abs()"
    assert line("f(torch.gone(x, y))", table) == "f(x * y)"
    assert line("torch.gone(x, y) ** 2", table) == "(x * y) ** 2"


def test_what_is_given_by_position_today_loses_its_keyword_and_nothing_else():
    table = reader.Table(
        (
            row(
                "gone",
                ["torch.gone(a=$x, b=$y)", "torch.gone($x, b=$y)"],
                ["torch.new($x, $y)"] * 2,
            ),
        )
    )
    assert (
        line("torch.gone(a=x,  # one\n           b=y)  # two", table)
        == "torch.new(x,  # one\n           y)  # two"
    )
    assert line("torch.gone(x, b=y)", table) == "torch.new(x, y)"
    assert line("torch.gone(b=y, a=x)", table) == "torch.new(x, y)"


def test_a_comment_that_would_be_lost_keeps_the_call_as_it_is():
    old = "torch.btrifact(\n    # why\n    a)"
    assert line(old) in (old, "torch.linalg.lu_factor(\n    # why\n    a)")
    old = "my_loss.data[\n    0  # the first\n]"
    assert line(old) == old


@pytest.mark.parametrize(
    ("imports", "use", "new_imports", "new_use"),
    [
        (
            "from torchvision.transforms import Scale",
            "Scale(8)",
            "from torchvision.transforms import Resize",
            "Resize(8)",
        ),
        (
            "from torchvision.transforms import Scale as S",
            "S(8)",
            "from torchvision.transforms import Resize as S",
            "S(8)",
        ),
        (
            "import torchvision.transforms as T",
            "T.Scale(8)",
            "import torchvision.transforms as T",
            "T.Resize(8)",
        ),
        (
            "import torchvision",
            "torchvision.transforms.Scale(8)",
            "import torchvision",
            "torchvision.transforms.Resize(8)",
        ),
        (
            "from torchvision.transforms import *",
            "Scale(8)",
            "from torchvision.transforms import *",
            "Resize(8)",
        ),
        (
            "from PIL import Image",
            "p.resize(s, Image.ANTIALIAS)",
            "from PIL import Image",
            "p.resize(s, Image.LANCZOS)",
        ),
        ("import torch as t", "t.btrifact(a)", "import torch as t", "t.linalg.lu_factor(a)"),
        (
            "from torch.nn.functional import softmax",
            "softmax(x)",
            "from torch.nn.functional import softmax",
            "softmax(x, dim=1)",
        ),
    ],
)
def test_the_file_s_own_names_are_used(imports, use, new_imports, new_use):
    assert fixed(f"{imports}\n\ny = {use}\n") == f"{new_imports}\n\ny = {new_use}\n"


def test_a_module_that_has_no_name_in_the_file_is_imported():
    table = reader.Table(
        (row("lu", ["torch.nn.functional.gone($a)"], ["torch.linalg.lu_factor($a)"]),)
    )
    old = '"""Words."""\nfrom __future__ import division\n\nfrom torch.nn import functional as F  # nn\n\nF.gone(x)\n'
    new = old.replace("from torch.nn", "import torch\nfrom torch.nn").replace(
        "F.gone", "torch.linalg.lu_factor"
    )
    assert fixed(old, table) == new


OLD = (
    IMPORTS
    + """

# Train.
def train(net, loader):
    total = 0   # of all
    for x, y in loader :
        loss = F.mse_loss( net(Variable(x)), y, size_average = False )
        total += loss.data[0]
    return total/len(loader)
"""
)


def test_a_second_run_finds_nothing_to_rewrite():
    first = fixes.fix(sources.read_text(OLD), TABLE)
    assert [name for name, _ in first.written] == ["data-0", "size-average"]
    second = fixes.fix(first.source, TABLE)
    assert second.written == second.converted == []
    assert second.source.parts[0].text == first.source.parts[0].text


def test_only_the_two_lines_change():
    changed = [
        (a, b) for a, b in zip(OLD.splitlines(), fixed(OLD).splitlines(), strict=True) if a != b
    ]
    assert changed == [
        ("        loss = F.mse_loss( net(Variable(x)), y, size_average = False )",
         "        loss = F.mse_loss( net(Variable(x)), y, reduction='sum' )"),
        ("        total += loss.data[0]", "        total += loss.item()"),
    ]  # fmt: skip


def test_what_runs_as_ever_is_rewritten_only_if_asked_for():
    assert "Variable(x)" in fixed(OLD)
    assert "net(x)" in fixed(OLD, everything=True)


def test_what_is_under_a_condition_is_never_rewritten():
    old = "def f(x):\n    return x.data[0]"
    assert line(f"v = Variable(y)\n{old}") == f"v = Variable(y)\n{old}"


def test_code_in_an_f_string_is_named_and_left():
    old = "f'{my_loss.data[0]:.2f}'"
    assert line(old) == old
    (finding,) = reader.find(sources.read_text(old), TABLE)
    assert finding.call.name == "data-0"


def test_a_notebook_keeps_its_outputs_its_text_and_its_commands(tmp_path):
    output = new_output("stream", name="stdout", text="0.5\n")
    cells = [
        new_markdown_cell("loss.data[0]"),
        new_code_cell("%matplotlib inline\nimport torch.nn.functional as F", execution_count=3),
        new_code_cell(
            "print F.softmax(x)  # it sums to 1\n!ls", outputs=[output], metadata={"tags": ["a"]}
        ),
    ]
    path = tmp_path / "a.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    before = json.loads(path.read_text(encoding="utf-8"))
    after = json.loads(fixes.fix(sources.read(path), TABLE).source.content())
    new = "".join(after["cells"][2].pop("source"))
    assert new == "print(F.softmax(x, dim=1))  # it sums to 1\n!ls"
    before["cells"][2].pop("source")
    assert after == before
