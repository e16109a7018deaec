"""What a cell may ask of the comparison: the ``verify`` entry of its metadata."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False


_NUMBER = (lambda v: type(v) in (int, float) and v >= 0), "a number, zero or more"
_WHOLE = (lambda v: type(v) is int and v >= 0), "a whole number, zero or more"
_SWITCH = (lambda v: isinstance(v, bool)), "true or false"
_ACCEPTED = {
    "rtol": _NUMBER,
    "atol": _NUMBER,
    "integers": _SWITCH,
    "timing": _SWITCH,
    "free": (
        (lambda v: isinstance(v, list | tuple) and all(map(_is_pattern, v))),
        "a list of regular expressions",
    ),
    "shift": _WHOLE,
    "colour": _WHOLE,
    "picture": ((lambda v: v in ("pixels", "form")), '"pixels" or "form"'),
    "reason": ((lambda v: isinstance(v, str)), "a text"),
}


@dataclass(frozen=True)
class Policy:
    """How the outputs of one cell are compared. Without a ``verify`` entry: as strictly as the defaults.

    Attributes:
        rtol: relative tolerance of a float; |new - stored| <= atol + rtol * |stored| passes.
        atol: absolute tolerance of a float. (Beside an exact zero 1e-6 passes in any case.)
        integers: True if whole numbers may differ within the same tolerance; else they are exact.
        timing: True if durations, rates and speed ratios are compared in form only (see ``text.TIMINGS``).
        free: regular expressions; what they match is the machine's own and is not compared.
        shift: how many pixels a line in a picture may lie from its stored place.
        colour: how many of 255 levels a colour may be off.
        picture: "form" if a picture is compared only in size and description; else "pixels".
        reason: why the cell asks for more than the defaults; without it the entry is refused.
    """

    rtol: float = 1e-4
    atol: float = 0.0
    integers: bool = False
    timing: bool = False
    free: tuple[str, ...] = ()
    shift: int = 1
    colour: int = 16
    picture: str = "pixels"
    reason: str = ""

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """The policy of a cell.

        Args:
            metadata: the cell's metadata; its ``verify`` entry holds attributes of this class by name.

        Raises:
            ValueError: the entry has an unknown name, a value of the wrong kind, or no reason.
        """
        entry = metadata.get("verify") or {}
        if not isinstance(entry, Mapping):
            raise ValueError(f"the cell's verify entry is no table of names: {entry!r}")
        if unknown := sorted(set(entry) - {field.name for field in fields(cls)}):
            raise ValueError(f"the cell's verify entry has unknown names: {', '.join(unknown)}")
        if entry and not str(entry.get("reason", "")).strip():
            raise ValueError("the cell's verify entry gives no reason")
        for name, value in entry.items():
            accepts, words = _ACCEPTED[name]
            if not accepts(value):
                raise ValueError(f"the cell's verify entry: {name} is {words}, not {value!r}")
        if "free" in entry:
            entry = {**entry, "free": tuple(entry["free"])}
        return cls(**entry)

    @property
    def kind(self) -> str:
        """One word for the summary: 'equal', 'tolerance' or 'form'."""
        if self.timing or self.free or self.picture == "form":
            return "form"
        loose = (self.rtol, self.atol, self.shift, self.colour, self.integers)
        return "equal" if loose == (1e-4, 0, 1, 16, False) else "tolerance"
