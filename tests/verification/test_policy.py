"""The ``verify`` entry of a cell's metadata."""

import pytest

from helpers.verification import Policy


def test_no_entry_is_the_strict_default():
    assert Policy.from_metadata({}) == Policy.from_metadata({"verify": None}) == Policy()
    assert Policy().kind == "equal"


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"rtol": 0.01}, "tolerance"),
        ({"atol": 2, "integers": True}, "tolerance"),
        ({"shift": 3}, "tolerance"),
        ({"color": 40}, "tolerance"),
        ({"timing": True}, "form"),
        ({"timing": True, "rtol": 0.01}, "form"),
        ({"picture": "form"}, "form"),
        ({"free": ["a.*"]}, "form"),
    ],
)
def test_an_entry_says_what_kind_of_comparison_it_asks_for(entry, kind):
    assert Policy.from_metadata({"verify": entry | {"reason": "because"}}).kind == kind


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"rtol": 0.01}, "no reason"),
        ({"rtol": 0.01, "reason": "  "}, "no reason"),
        ({"rtool": 0.01, "reason": "x"}, r"unknown name: rtool \(did you mean rtol\?\)"),
        ({"colors": 40, "reason": "x"}, r"unknown name: colors \(did you mean color\?\)"),
        ({"something": 40, "reason": "x"}, "unknown name: something$"),
        ({"rtol": -1, "reason": "x"}, "rtol is a number, zero or more"),
        ({"rtol": True, "reason": "x"}, "rtol is a number, zero or more"),
        ({"atol": "0.1", "reason": "x"}, "atol is a number, zero or more"),
        ({"rtol": float("nan"), "reason": "x"}, "rtol is a number, zero or more"),
        ({"atol": float("inf"), "reason": "x"}, "atol is a number, zero or more"),
        ({"shift": 1.5, "reason": "x"}, "shift is a whole number"),
        ({"timing": "yes", "reason": "x"}, "timing is true or false"),
        ({"integers": 1, "reason": "x"}, "integers is true or false"),
        ({"picture": "blurred", "reason": "x"}, 'picture is "pixels" or "form"'),
        ({"free": ["(unclosed"], "reason": "x"}, "free is a list of regular"),
        ({"free": "a.*", "reason": "x"}, "free is a list of regular"),
        ({"free": ["(?s).+"], "reason": "x"}, r"frees any text whatever with '\(\?s\)\.\+'"),
        ({"free": ["[0-9]", r"\w+"], "reason": "x"}, "frees any text whatever"),
        ({"free": ["[A-Za-z]+", r"[\d.]+"], "reason": "x"}, r"with '\[A-Za-z\]\+', '\["),
        ({"free": [".*$"], "reason": "x"}, "frees any text whatever"),
        ({"free": [r"[\s\S]*"], "reason": "x"}, "frees any text whatever"),
        ("timing", "is no table"),
    ],
)
def test_a_wrong_entry_is_refused(entry, fault):
    with pytest.raises(ValueError, match=fault):
        Policy.from_metadata({"verify": entry})


@pytest.mark.parametrize("pattern", [r"(?<=in )\S+", "'.*'", r"[\d.]+", "True|False", "took .*"])
def test_a_pattern_that_leaves_some_of_the_text_is_accepted(pattern):
    assert Policy.from_metadata({"verify": {"free": [pattern], "reason": "x"}}).free == (pattern,)


def test_a_tolerance_is_stated_or_not():
    assert not Policy().states_a_tolerance
    assert not Policy(shift=3, reason="x").states_a_tolerance
    assert Policy(atol=0.1, reason="x").states_a_tolerance
    assert Policy(rtol=0, reason="x").states_a_tolerance


def project(folder, text):
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return Policy.of_project(folder)


def test_a_project_may_ask_for_more_in_all_cells_and_a_cell_for_something_else(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    ours = project(tmp_path, "[tool.verification]\nrtol = 0.01\natol = 1e-8\ntiming = true\n")
    assert ours == Policy(rtol=0.01, atol=1e-8, timing=True, reason="[tool.verification]")
    assert Policy.of_project(tmp_path / "a/b") == ours
    assert Policy.from_metadata({}, ours) == ours
    entry = {"verify": {"rtol": 0.2, "timing": False, "reason": "training"}}
    of_cell = Policy(rtol=0.2, atol=1e-8, timing=False, reason="training")
    assert Policy.from_metadata(entry, ours) == of_cell


@pytest.mark.parametrize("text", ["", "[tool.other]\nrtol = 1\n", "[tool.verification]\n"])
def test_a_project_that_asks_for_nothing_has_the_defaults(text, tmp_path):
    assert project(tmp_path, text) == Policy()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("rtool = 1", r"has an unknown name: rtool \(did you mean rtol\?\)$"),
        ("free = ['a']", "has an unknown name: free$"),
        ("reason = 'x'", "has an unknown name: reason$"),
        ("rtol = '1'", "rtol is a number, zero or more, not '1'$"),
        ("atol = -1", "atol is a number, zero or more, not -1$"),
        ("atol = inf", "atol is a number, zero or more, not inf$"),
        ("rtol = true", "rtol is a number, zero or more, not True$"),
        ("timing = 1", "timing is true or false, not 1$"),
    ],
)
def test_a_wrong_table_of_a_project_is_refused(text, fault, tmp_path):
    with pytest.raises(ValueError, match=rf"^\[tool.verification\] in .*pyproject.toml:? {fault}"):
        project(tmp_path, f"[tool.verification]\n{text}\n")


def test_a_slip_in_the_name_of_the_table_is_noticed(tmp_path):
    with pytest.raises(
        ValueError, match=r"\[tool.verificaton\] \(did you mean \[tool.verification\]\?\)$"
    ):
        project(tmp_path, "[tool.verificaton]\nrtol = 1\n")
    assert project(tmp_path, "[tool.verifier]\nrtol = 1\n") == Policy()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[tool]\nverification = 3", "is no table of names: 3"),
        ("[tool.verification", "cannot be read: "),
    ],
)
def test_a_project_file_that_says_nothing_clear_is_refused(text, fault, tmp_path):
    with pytest.raises(ValueError, match=fault):
        project(tmp_path, text)
