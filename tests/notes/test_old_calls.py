"""The old calls: every row is run, old and new, and is what it says; a forged row is refused."""

import ast
import re
from dataclasses import replace

import pytest
import torch

from helpers.notes import audit, old_calls, trial
from helpers.notes.old_calls import GROUPS, OLD_CALLS, STATES
from helpers.verification.headings import headings

# The releases of PyTorch, and those of torchvision, as the rows may name them.
TORCH = [
    *("0.1", "0.1.6", "0.1.9", "0.1.10", "0.1.11", "0.1.12", "0.2", "0.3", "0.3.1", "0.4", "0.4.1"),
    *("1.0", "1.0.1", "1.1", "1.2", "1.3", "1.3.1", "1.4", "1.5", "1.5.1", "1.6", "1.7", "1.7.1"),
    *("1.8", "1.8.1", "1.9", "1.9.1", "1.10", "1.10.1", "1.11", "1.12", "1.12.1", "1.13", "1.13.1"),
    *("2.0", "2.0.1", *(f"2.{n}" for n in range(1, 16))),
]
TORCHVISION = [
    "0.1.6",
    "0.1.7",
    "0.1.8",
    "0.1.9",
    "0.2",
    "0.2.1",
    "0.2.2",
    *(f"0.{n}" for n in range(3, 30)),
]
DATES = [*TORCH, *(f"torchvision {release}" for release in TORCHVISION)]
MARK = re.compile(r"\$(\w+)")


def rows(*states):
    chosen = [call for call in OLD_CALLS if not states or call.today in states]
    return pytest.mark.parametrize("call", chosen, ids=lambda call: call.name)


def some(state, **fields):
    """A row of this state that has these fields."""
    return next(
        call
        for call in OLD_CALLS
        if call.today == state and all(bool(getattr(call, k)) == v for k, v in fields.items())
    )


# --- every row


@rows()
def test_a_row_is_what_it_says(call):
    trial.check(call)


@rows()
def test_a_row_has_what_its_state_asks_for(call):
    assert call.group in GROUPS and call.today in STATES
    assert bool(call.message) == (call.today in ("error", "warns"))
    assert re.fullmatch(r"[\w.]+: \S.*", call.message) or not call.message
    if call.today == "differs":
        assert call.then and call.changed
    if call.today == "runs":
        assert not call.removed and not call.changed
    assert re.fullmatch(r"[A-Z`].*\.", call.why) and len(call.why) < 300


def test_names_are_unique():
    names = [call.name for call in OLD_CALLS]
    assert sorted(set(names)) == sorted(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


def test_no_old_code_stands_in_two_rows():
    codes = [(call.setup, call.old) for call in OLD_CALLS]
    assert len(set(codes)) == len(codes)


@rows()
def test_the_place_exists(call):
    page, heading = audit.where(call)
    assert heading in headings(page.prose)


@rows()
def test_dates_are_releases_in_their_order(call):
    dates = [d for d in (call.deprecated, call.changed, call.removed) if d]
    assert {*dates, call.replaced} <= {"", *DATES}
    assert [DATES.index(d) for d in dates] == sorted(map(DATES.index, dates))


# --- patterns, as far as they can be judged without the reader


@rows()
def test_a_pattern_is_python_and_its_fix_uses_its_names(call):
    assert call.matches or not call.sure
    for pattern in call.matches:
        assert re.fullmatch(r"rule:[a-z0-9]+(-[a-z0-9]+)*", pattern) or ast.parse(code(pattern))
    assert len(call.fix) in (0, len(call.matches))
    for pattern, fix in zip(call.matches, call.fix or call.matches, strict=True):
        assert {*MARK.findall(fix)} <= {*MARK.findall(pattern)}
        assert pattern.startswith("rule:") or ast.parse(code(fix))
        assert ("..." in fix) <= ("..." in pattern)


@rows()
def test_a_condition_is_given_where_the_text_cannot_tell(call):
    assert bool(call.condition) != call.sure


def code(pattern):
    return MARK.sub(r"mark_\1", pattern)


# --- the trial can fail


def test_a_forged_row_is_refused():
    differs, error, runs = some("differs"), some("error", then=False), some("runs", then=False)
    warns = some("warns", then=False)
    forged = [
        replace(differs, then="'another'"),
        replace(differs, new=differs.old),
        replace(differs, today="runs"),
        replace(error, old=error.new),
        replace(error, message="IndexError: another one"),
        replace(error, message="Strange" + error.message),
        replace(error, new=error.old),
        replace(runs, new="'another'"),
        replace(runs, then="'another'"),
        replace(runs, new="pass"),
        replace(warns, old=warns.new),
        replace(warns, new=warns.old),
        replace(warns, message="UserWarning: another one"),
    ]
    for call in forged:
        with pytest.raises(AssertionError, match=f"^{call.name}: "):
            trial.check(call)


def test_a_failing_setup_is_a_mistake_in_the_row():
    with pytest.raises(NameError):
        trial.check(replace(some("error"), setup="nothing"))


def test_no_row_disturbs_the_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "open('file', 'w').close(); torch.set_default_dtype(torch.float64); torch.rand(1)"
    assert trial.same(trial.run(code).value, trial.run(code).value)
    assert torch.get_default_dtype() == torch.float32
    assert list(tmp_path.iterdir()) == []
    assert isinstance(trial.run("nothing", "nothing = 1").value, int)
    assert isinstance(trial.run("nothing").error, NameError)


def test_a_warning_that_comes_once_is_seen_each_time():
    for _ in range(2):
        assert trial.run("torch.zeros(2, 3, 4).T").warnings


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1", "1.0"),
        ("1", "True"),
        ("torch.ones(2)", "[1.0, 1.0]"),
        ("torch.ones(2)", "torch.ones(1)"),
        ("torch.ones(2)", "torch.ones(2).double()"),
        ("torch.ones(2)", "torch.ones(2, requires_grad=True)"),
        ("torch.ones(2)", "torch.tensor([1.0, 2.0])"),
        ("torch.tensor([True])", "torch.tensor([False])"),
        ("[1, 2]", "[1]"),
        ("nn.Linear(2, 1)", "nn.Linear(1, 1)"),
        ("{'a': 1}", "{'a': 2}"),
        ("np.ones(2)", "np.ones(2, dtype=int)"),
        ("Image.new('L', (2, 2))", "Image.new('L', (2, 2), 1)"),
    ],
)
def test_what_is_not_the_same(a, b):
    values = [trial.run(text).value for text in (a, b)]
    assert not trial.same(*values)
    for value in values:
        assert trial.same(value, value)


def test_a_row_with_a_field_that_nobody_knows_is_refused(tmp_path):
    (tmp_path / "rows.toml").write_text('[[call]]\nname = "a"\nsince = "0.4"\n')
    with pytest.raises(TypeError, match="since"):
        old_calls.read(tmp_path / "rows.toml")
