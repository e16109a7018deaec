"""What may be asked of the comparison: by a cell in its metadata's ``verify`` entry, by a project for all cells."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

OF_PROJECT = "[tool.verification]"  # the table in a project's pyproject.toml
NAMES_OF_PROJECT = ("rtol", "atol", "timing")


@dataclass(frozen=True)
class Policy:
    """How the outputs of one cell are compared. Without a ``verify`` entry: as strictly as the defaults.

    Attributes:
        rtol: relative tolerance of a float; |new - stored| <= atol + rtol * |stored| passes. As long as neither
            it nor ``atol`` is stated, no more than rounding passes: one unit of the last digit printed, or 1e-6.
        atol: absolute tolerance of a float. Beside an exact zero nothing else helps.
        integers: True if whole numbers may differ within the same tolerance; else they are exact.
        timing: True if durations, rates and speed ratios are compared in form only (see ``text.TIMINGS``).
        free: regular expressions; what they match is the machine's own and is not compared.
        shift: how many pixels a line in a picture may lie from its stored place.
        color: how many of 255 levels a color may be off.
        picture: "form" if of a picture only its size, its description and how much is drawn are compared; else
            "pixels".
        reason: why the cell asks for more than the defaults; without it the entry is refused.
    """

    rtol: float = 1e-4
    atol: float = 0.0
    integers: bool = False
    timing: bool = False
    free: tuple[str, ...] = ()
    shift: int = 1
    color: int = 16
    picture: str = "pixels"
    reason: str = ""

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any], project: "Policy | None" = None) -> Self:
        """Return the policy of a cell: its ``verify`` entry holds attributes of this class by name.

        Args:
            metadata: the cell's.
            project: what holds where the cell says nothing else; without it, the defaults.

        Raises:
            ValueError: the entry has an unknown name, a value of the wrong kind, or no reason.
        """
        entry = metadata.get("verify") or {}
        _check("the cell's verify entry", entry, [field.name for field in fields(cls)])
        if entry and not str(entry.get("reason", "")).strip():
            raise ValueError("the cell's verify entry gives no reason")
        if _free_everything(patterns := entry.get("free", ())):
            raise ValueError(
                f"the cell's verify entry frees any text whatever with {', '.join(map(repr, patterns))}: "
                "let each pattern name what stands before or after the part that may differ"
            )
        if "free" in entry:
            entry = {**entry, "free": tuple(entry["free"])}
        return replace(project or cls(), **entry)

    @classmethod
    def of_project(cls, folder: Path) -> Self:
        """Return what a project asks for in all cells: ``[tool.verification]`` of the nearest ``pyproject.toml``.

        Args:
            folder: of the project, or below.

        Raises:
            ValueError: the table has an unknown name or a value of the wrong kind, or the file cannot be read.
        """
        files = (above / "pyproject.toml" for above in (folder, *folder.parents))
        path = next((file for file in files if file.is_file()), None)
        if path is None:
            return cls()
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from None
        if "verification" not in table and (
            near := get_close_matches("verification", table, n=1, cutoff=0.8)
        ):
            raise ValueError(f"{path} has a table [tool.{near[0]}] (did you mean {OF_PROJECT}?)")
        entry = table.get("verification") or {}
        _check(f"{OF_PROJECT} in {path}", entry, NAMES_OF_PROJECT)
        return cls(**entry, reason=OF_PROJECT if entry else "")

    @property
    def states_a_tolerance(self) -> bool:
        """Whether the cell asks for a tolerance of floats of its own."""
        return (self.rtol, self.atol) != (Policy.rtol, Policy.atol)

    @property
    def kind(self) -> str:
        """One word for the summary: 'equal', 'tolerance' or 'form'."""
        if self.timing or self.free or self.picture == "form":
            return "form"
        stated = (self.rtol, self.atol, self.shift, self.color, self.integers)
        defaults = (Policy.rtol, Policy.atol, Policy.shift, Policy.color, Policy.integers)
        return "equal" if stated == defaults else "tolerance"


def _check(what: str, entry: Any, names: Iterable[str]) -> None:
    """Refuse an entry that is no table, or has another name than these or a value of the wrong kind."""
    if not isinstance(entry, Mapping):
        raise ValueError(f"{what} is no table of names: {entry!r}")
    if unknown := [name for name in entry if name not in names]:
        near = get_close_matches(unknown[0], names, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise ValueError(f"{what} has an unknown name: {unknown[0]}{hint}")
    for name, value in entry.items():
        if wanted := _wanted_instead(name, value):
            raise ValueError(f"{what}: {name} is {wanted}, not {value!r}")


def _wanted_instead(name: str, value: Any) -> str:
    """Return what an attribute must be, in words; '' if this value is that."""
    match name:
        case "rtol" | "atol":
            is_number = type(value) in (int, float) and math.isfinite(value) and value >= 0
            return "" if is_number else "a number, zero or more"
        case "shift" | "color":
            return "" if type(value) is int and value >= 0 else "a whole number, zero or more"
        case "integers" | "timing":
            return "" if isinstance(value, bool) else "true or false"
        case "picture":
            return "" if value in ("pixels", "form") else '"pixels" or "form"'
        case "free":
            patterns = isinstance(value, list | tuple) and all(map(_is_pattern, value))
            return "" if patterns else "a list of regular expressions"
    return "" if isinstance(value, str) else "a text"


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False


# One of each kind of thing that cells print; patterns that leave no letter and no digit of any line have no bounds.
_ANYTHING = """accuracy: 55.1 % of 10,000 pictures
tensor([[1., -2.5e-03]], dtype=torch.float64) at 12:30
'quoted' and "quoted", <b>bold</b> | a | table |"""


def _free_everything(patterns: Iterable[str]) -> bool:
    """Whether patterns, one after the other as in a comparison, let any text pass where they match at all."""
    text = _ANYTHING
    for pattern in patterns:
        text = "\n".join(re.sub(pattern, "", line) for line in text.split("\n"))
    return not re.search(r"[^\W_]", text)
