"""Masks of bytes, as masks were until 1.2: found however they are made, unless they have become masks of today."""

import pytest

from helpers.notes.old_code import fixes, reader, sources
from tests.support.old_rows import TABLE, row

HEAD = "import torch\nfrom torch.autograd import Variable\n"


def found(code, table=None):
    """The certain findings that fail, warn or differ: the row's name and the line after the head."""
    findings = reader.breaking(reader.find(sources.read_text(HEAD + code), table))
    return [(f.call.name, f.match.node.lineno - 2) for f in findings if f.certain]


def fixed(code):
    return fixes.fix(sources.read_text(HEAD + code)).source.parts[0].text.removeprefix(HEAD)


MASKS = [
    "torch.ByteTensor(3)",
    "torch.ByteTensor(3).fill_(1).cuda()",
    "Variable(torch.cuda.ByteTensor([1, 0]))",
    "seen.eq(0).byte()",
    "torch.zeros(3).type(torch.ByteTensor)",
    "torch.zeros(3).to(torch.uint8)",
    "torch.tensor([1, 0], dtype=torch.uint8)",
    "1 - torch.ByteTensor(3)",
    "torch.zeros(3).byte() & (torch.ones(3) > 0)",
    "torch.ones(3, 3).byte().unsqueeze(0).expand(2, 3, 3)",
]


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_of_bytes_is_known_by_how_it_was_made(mask):
    assert found(f"m = {mask}\ny = x.masked_fill(m, 0)\n") == [("masked-fill-byte", 2)]


USES = {
    "x.masked_fill_(m, 0)": ("masked-fill-byte", "x.masked_fill_(m.bool(), 0)"),
    "torch.masked_fill(x, m, 0)": ("masked-fill-byte", "torch.masked_fill(x, m.bool(), 0)"),
    "x.masked_select(m)": ("masked-select-byte", "x.masked_select(m.bool())"),
    "torch.masked_select(x, m)": ("masked-select-byte", "torch.masked_select(x, m.bool())"),
    "x.masked_scatter_(m, y)": ("masked-scatter-byte", "x.masked_scatter_(m.bool(), y)"),
    "torch.where(m, x, y)": ("where-byte", "torch.where(m.bool(), x, y)"),
    "x[m]": ("index-by-byte-mask", "x[m.bool()]"),
    "x[m] = y": ("index-by-byte-mask", "x[m.bool()] = y"),
    "x[m] = -1": ("assign-by-byte-mask", "x[m.bool()] = -1"),
    "~m": ("invert-byte-mask", "1 - m"),
}


@pytest.mark.parametrize("use", USES)
def test_every_use_of_a_mask_of_bytes_is_found_and_mended(use):
    row, new = USES[use]
    assert found(f"m = torch.ByteTensor(3)\n{use}\n") == [(row, 2)]
    assert fixed(f"m = torch.ByteTensor(3)\n{use}\n") == f"m = torch.ByteTensor(3)\n{new}\n"


def test_a_mask_that_is_moved_or_kept_in_an_object_is_still_one():
    assert found("m = torch.ByteTensor(3)\nm = m.cuda()\nx.masked_fill(m, 0)\n")
    code = "class N:\n  def a(self):\n    self.m = torch.ByteTensor(3)\n  def b(self, x):\n    return x[self.m]\n"
    assert found(code) == [("index-by-byte-mask", 5)]


@pytest.mark.parametrize(
    "mask",
    ["m.bool()", "m.to(torch.bool)", "m == 1", "m.eq(1)", "f(m)", "m.float()", "m.type(kind)"],
)
def test_a_mask_that_may_have_become_one_of_today_is_not_named(mask):
    head = "def g(n):\n    return n\nn = torch.ByteTensor(3)\nm = torch.ByteTensor(3)\n"
    uses = "x.masked_fill(m, 0)\ntorch.where(m, x, y)\n"
    assert found(f"{head}m = {mask}\n{uses}") == []


def test_masks_of_bytes_still_count_when_they_are_added():
    assert found("a = torch.ByteTensor(3)\nb = torch.ByteTensor(3)\nn = a + b\nd = a - b\n") == []


def test_what_is_known_of_a_mask_alone_makes_a_match_certain():
    table = reader.Table((row("gone", ["torch.gone($bytes, $number)"]), *TABLE.calls))
    assert found("m = torch.ByteTensor(3)\ntorch.gone(m, 2)\n", table) == [("gone", 2)]
    assert found("m = torch.ByteTensor(3)\ntorch.gone(m, f())\ntorch.gone(f(), 2)\n", table) == []


def test_an_assignment_stands_for_its_target():
    assert found("v = Variable(torch.ones(2))\nv.volatile = True\n") == [("volatile-attribute", 2)]
