"""Old calls are found under any name that a file gives them, and nothing else is."""

import ast

import pytest

from helpers.notes.old_calls import OLD_CALLS
from helpers.notes.old_code import patterns, reader, rules, sources
from helpers.notes.old_code.code import Code
from tests.support.old_rows import TABLE, row

OLD = "from torch.autograd import Variable\nv = Variable(x)\n"  # a sign of 2017


def found(code, table=TABLE):
    return [
        (f.call.name, f.match.node.lineno)
        for f in reader.breaking(reader.find(sources.read_text(code), table))
    ]


def names(code, table=TABLE):
    return [name for name, _ in found(code, table)]


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.nn.functional.softmax(x)",
        "import torch as t\nt.nn.functional.softmax(x)",
        "import torch.nn as nn\nnn.functional.softmax(x)",
        "import torch.nn.functional as F\nF.softmax(x)",
        "from torch.nn import functional as G\nG.softmax(x)",
        "from torch import nn\ndef f(x):\n    return nn.functional.softmax(x)",
        "from torch.nn.functional import softmax\nsoftmax(x)",
        "from torch.nn.functional import softmax as s\ns(x)",
        "from torch.nn.functional import *\nsoftmax(x)",
        "F.softmax(x)",  # a piece of code without its imports
        "import torch\nsoft = torch.nn.functional.softmax\nsoft(x)",
    ],
)
def test_a_call_is_found_under_every_name(code):
    assert names(code) == ["softmax"]


@pytest.mark.parametrize(
    "code",
    [
        "import torch.nn.functional as F\nF.softmax(x, dim=1)",
        "import torch.nn.functional as F\nF.softmax(x, 1)",
        "import torch.nn.functional as F\nF.softmax",
        "import torch.nn.functional as F\nF.softmax(*xs)",
        "import scipy.special as F\nF.softmax(x)",
        "from scipy.special import softmax\nsoftmax(x)",
        "F = make()\nF.softmax(x)",
        "import torch as t\ndef f(t):\n    return t.nn.functional.softmax(x)",
        "import torch as t\n[t.nn.functional.softmax(1) for t in ts]",
        "def softmax(x):\n    return x\nsoftmax(x)",
        "'F.softmax(x)'  # F.softmax(x)",
        "import torch\ntorch.optim.Adam([]).addcmul_(1, 2)",
        "import numpy as np\nnp.addcmul_(1, 2, 3)",
    ],
)
def test_what_only_looks_like_it_is_not(code):
    assert names(code) == []


@pytest.mark.parametrize(
    ("pattern", "code", "matches"),
    [
        ("torch.f($x, ...)", "torch.f(1)", True),
        ("torch.f($x, ...)", "torch.f(1, 2, a=3)", True),
        ("torch.f($x, ...)", "torch.f()", False),
        ("torch.f(..., a=$v)", "torch.f(1, b=2, a=3)", True),
        ("torch.f(a=$v, ...)", "torch.f(b=2, a=3)", True),
        ("torch.f(..., a=$v)", "torch.f(1, b=2)", False),
        ("torch.f(..., $a / $b, ...)", "torch.f(1, 2, 3 / 4, 5, a=6)", True),
        ("torch.f(..., $a / $b, ...)", "torch.f(1, 2)", False),
        ("from torch.gone import $x", "from torch.gone import anything", True),
        ("torch.f(a=True)", "torch.f(a=1)", False),
        ("torch.f($x, $x)", "torch.f(a.b, a.b)", True),
        ("torch.f($x, $x)", "torch.f(a.b, a.c)", False),
        ("torch.f([...])", "torch.f([1, 2])", True),
        ("torch.f([...])", "torch.f((1, 2))", False),
        ("$x[..., 0]", "y[..., 0]", True),
        ("$x[..., 0]", "y[0]", False),
        ("$x.cuda(async=True)", "y.cuda(async=True)", True),
        ("$x.volatile = True", "v.volatile = True", True),
        ("$x.volatile = True", "v.volatile == True", False),
        ("$a - $b", "x - y", True),
        ("$x.f(-1)", "y.f(-1)", True),
        ("$x.f(-1)", "y.f(1)", False),
        ("import torch.legacy", "import torch.legacy", True),
        ("'a'", "b'a'", False),
    ],
)
def test_a_pattern_says_what_it_means(pattern, code, matches):
    code = Code(sources.read_text(f"import torch\n{code}\n"))
    pattern = patterns.Pattern(pattern)
    assert any(patterns.match(pattern, node, code.names) for node in code.nodes) == matches


def test_an_import_of_what_is_gone_is_an_old_call():
    code = "from torchvision.transforms import Compose, Scale\nCompose([Scale(8)])\n"
    assert found(code) == [("scale", 1), ("scale", 2)]


def test_nothing_is_said_of_what_runs_as_ever():
    source = sources.read_text(OLD)
    assert [f.call.name for f in reader.find(source, TABLE)] == ["variable"]
    assert names(OLD) == []


# --- conditions


@pytest.mark.parametrize(
    ("code", "certain"),
    [
        ("import torch.nn as nn\ncriterion = nn.MSELoss()\nl = criterion(a, b)\nl.data[0]", True),
        (
            "import torch.nn.functional as F\ndef f():\n    e = F.l1_loss(a, b)\n    return e.data[0]",
            True,
        ),
        ("import torch\nm = torch.randn(3).mean()\nm.data[0]", True),
        ("import torch\nt = 0\nt += torch.randn(3).sum()\nt.data[0]", True),
        ("my_loss.data[0]", True),
        ("def loss_function(x, y):\n    return f(x, y)\nloss_function(x, y).data[0]", True),
        (
            "class A:\n  def a(self):\n    self.c = nn.BCELoss()\n  def b(self):\n    self.c(x, y).data[0]",
            True,
        ),
    ],
)
def test_a_loss_is_known_by_how_it_was_made_or_by_its_name(code, certain):
    (finding,) = reader.breaking(reader.find(sources.read_text(code), TABLE))
    assert finding.call.name == "data-0"
    assert finding.certain == certain


def test_what_is_not_known_is_named_with_its_condition_in_a_file_of_that_time_only():
    code = "def f(x):\n    return x.data[0]\n"
    assert names(code) == []
    (finding,) = reader.breaking(reader.find(sources.read_text(OLD + code), TABLE))
    assert not finding.certain
    assert finding.fix == ""


@pytest.mark.parametrize(
    "receiver", ["json.load(f)", "[1, 2]", "'text'", "np.zeros(2)", "len(x)", "1"]
)
def test_what_is_known_to_be_no_tensor_is_not_named(receiver):
    assert names(f"import json\nimport numpy as np\n{OLD}y = {receiver}\n1 - (y > 0)\n") == []


def test_silent_changes_are_named_in_a_file_that_was_written_before_them():
    code = "import torch\nx = torch.arange(4)\n"
    assert names(code) == []
    assert names(OLD + code) == ["arange"]
    later = "import torchvision\nm = torchvision.models.resnet18(pretrained=True)\n"
    pretrained = row(
        "pretrained",
        ["torchvision.models.resnet18(pretrained=True)"],
        today="warns",
        deprecated="torchvision 0.13",
        removed="",
    )
    assert names(later + code, reader.Table((*TABLE.calls, pretrained))) == ["pretrained"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.4.1", (0, 4, 1)),
        ("torchvision 0.2", (0, 4)),
        ("torchvision 0.13", (1, 12)),
        ("torchvision 0.16", (2, 1)),
    ],
)
def test_releases_are_compared_as_numbers(text, numbers):
    assert reader.release(text) == numbers


# --- rules


STATIC = "import torch\nclass Cube(torch.autograd.Function):\n    {}\n    def forward(ctx, x):\n        return x\n"


def test_a_function_that_is_not_static_is_found_and_its_call():
    assert names(STATIC.format("pass") + "Cube()(x)\n") == ["function", "function"]
    assert names(STATIC.format("@staticmethod") + "Cube.apply(x)\n") == []


def ruled(name, code):
    return [node.lineno for node, _ in rules.RULES[name](Code(sources.read_text(code)))]


LOOP = """\
import torch
optimizer = torch.optim.SGD(p, 0.1)
steps = torch.optim.lr_scheduler.StepLR(optimizer, 1)
for epoch in range(9):
    {}
    for x in loader:
        loss(x).backward()
        optimizer.step()
    {}
"""


def test_a_scheduler_that_steps_first_is_found():
    assert ruled("scheduler-before-optimizer", LOOP.format("steps.step()", "pass")) == [5]
    assert ruled("scheduler-before-optimizer", LOOP.format("if go: steps.step()", "pass")) == [5]
    assert ruled("scheduler-before-optimizer", LOOP.format("pass", "steps.step()")) == []


def test_a_sum_of_losses_has_nothing_to_index():
    code = "import torch.nn.functional as F\ntotal = 0\ntotal += F.mse_loss(a, b).data\ntotal[0]\nlosses[0]\n"
    assert ruled("scalar-index", code) == [4]


def test_a_whole_model_is_known_by_what_is_done_with_it():
    code = "import torch\nm = torch.load('m')\n{}\n"
    assert ruled("loaded-model", code.format("m.eval()")) == [2]
    assert ruled("loaded-model", code.format("m(x)")) == [2]
    assert ruled("loaded-model", code.format("net.load_state_dict(m)")) == []
    assert (
        ruled("loaded-model", "import torch\nm = torch.load('m', weights_only=False)\nm.eval()")
        == []
    )


VECTORS = """\
import torch
import torch.nn.functional as F
v = Variable(torch.zeros(4).type(kind))
x = torch.unsqueeze(torch.linspace(-1, 1, 9), 1)
w = (v * gamma) + rewards
y = x.pow(2) + 0.2 * torch.rand(x.size())
z = net(v) * 2
F.mse_loss(output, {})
"""


@pytest.mark.parametrize(
    ("target", "lines"), [("v", [8]), ("w", [8]), ("x", []), ("y", []), ("z", []), ("other", [])]
)
def test_a_vector_as_the_target_is_found_also_if_it_was_computed(target, lines):
    assert ruled("mse-of-two-shapes", VECTORS.format(target)) == lines


WASSERSTEIN = """\
import torch
one = torch.FloatTensor([1])
mone = one * -1
ones = torch.FloatTensor([1, 1])
net = torch.nn.Linear(2, 1)
real = net(x).mean()
{}
"""


@pytest.mark.parametrize(
    ("line", "certain"),
    [
        ("real.backward(mone)", [True]),
        ("real.mean().backward(one)", [True]),
        ("f(x).backward(one)", [False]),
        ("real.backward(ones)", []),
        ("real.backward(x)", []),
        ("real.backward()", []),
    ],
)
def test_a_loss_that_goes_backward_from_a_vector_of_one_number_is_found(line, certain):
    code = Code(sources.read_text(WASSERSTEIN.format(line)))
    assert [sure for _, sure in rules.RULES["backward-of-one"](code)] == certain


def test_an_iterator_by_its_method_is_known_to_be_one():
    source = sources.read_text("x, y = loader.__iter__().next()\n")
    (finding,) = reader.breaking(reader.find(source))
    assert finding.call.name == "iterator-next" and finding.certain


@pytest.mark.parametrize("moved", ["", ".cuda()", ".to(device).eval()"])
def test_what_is_moved_where_it_is_made_is_still_known(moved):
    code = "import torch\nnet = torch.nn.DataParallel(net){0}\nnet.features\n"
    assert ruled("data-parallel-attribute", code.format(moved)) == [3]
    code = "import torch\nnet.features\nnet = torch.nn.DataParallel(net){0}\nnet.module.features\n"
    assert ruled("data-parallel-attribute", code.format(moved)) == []
    code = "import torch\none = torch.Tensor([1]){0}\nf(x).backward(one)\n"
    assert ruled("backward-of-one", code.format(moved)) == [3]


def test_gradients_read_after_zero_grad_are_found():
    code = "w.sum().backward()\nopt.zero_grad()\n{}\n"
    assert ruled("grad-after-zero-grad", code.format("print(w.grad)")) == [2]
    assert ruled("grad-after-zero-grad", code.format("w.sum().backward()\nprint(w.grad)")) == []


# --- the book's table


@pytest.mark.parametrize("call", OLD_CALLS, ids=lambda call: call.name)
def test_every_pattern_of_the_table_can_be_looked_for(call):
    for text in call.matches:
        if text.startswith("rule:"):
            assert text.removeprefix("rule:") in rules.RULES
        else:
            assert isinstance(patterns.Pattern(text).node, (ast.expr, ast.stmt))
    assert not call.fix or len(call.fix) == len(call.matches)


IMPORTS = """\
import numpy as np, torch
import torch.nn.functional as F
from PIL import Image
from torch import nn, optim
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets, models, transforms
from torchvision.transforms import v2
"""


def code_of(call, text):
    return sources.read_text("\n".join([IMPORTS, call.setup, text, ""]))


# What these rows run is shorter than what people write, and than what their patterns look for.
SHORTENED = (
    "mse-loss-target-size bce-target-size cross-entropy-column-of-labels cross-entropy-float-labels cifar10-train-data "
    "target-without-dimensions children-of-vgg hub-pretrained"
)
LOOKED_FOR = [
    call
    for call in OLD_CALLS
    if set(call.matches) - {"rule:not-in-the-text"} and call.name not in SHORTENED.split()
]


def test_every_shortened_row_is_there():
    assert set(SHORTENED.split()) <= {call.name for call in OLD_CALLS}


@pytest.mark.parametrize("call", LOOKED_FOR, ids=lambda call: call.name)
def test_a_pattern_of_a_row_finds_its_old_call(call):
    """Its condition is taken as given: what the text alone shows is a matter of the other tests."""
    code = Code(code_of(call, call.old))
    by_rule = [m for m in call.matches if m.startswith("rule:")]
    found = [node for m in by_rule for node, _ in rules.RULES[m.removeprefix("rule:")](code)]
    for text in set(call.matches) - set(by_rule):
        found += [n for n in code.nodes if patterns.match(patterns.Pattern(text), n, code.names)]
    assert found, call.matches


@pytest.mark.parametrize("call", [c for c in OLD_CALLS if c.matches], ids=lambda call: call.name)
def test_todays_call_of_a_row_is_no_old_call(call):
    found = reader.find(code_of(call, call.new), reader.Table((call,)))
    first = IMPORTS.count("\n") + call.setup.count("\n") + 2
    assert not [f for f in found if f.certain and f.match.node.lineno >= first]
