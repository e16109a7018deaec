"""What a cell may ask of the comparison: the ``verify`` entry of its metadata."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Policy:
    """How the outputs of one cell are compared. Without a ``verify`` entry: as strictly as the defaults.

    Attributes:
        rtol: relative tolerance of a float; |new - stored| <= atol + rtol * |stored| passes.
        atol: absolute tolerance of a float.
        integers: True if whole numbers may differ within the same tolerance; else they are exact.
        timing: True if durations, rates and speed ratios are compared in form only (see ``text.TIMING``).
        free: regular expressions; what they match is the machine's own and is not compared.
        shift: how many pixels a line in a picture may lie from its stored place.
        colour: how many of 255 levels a colour may be off.
        picture: "form" if a picture is compared only in size and description; else "pixels".
        reason: why the cell asks for more than the defaults; without it the entry is refused.
    """

    rtol: float = 1e-4
    atol: float = 1e-6
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
        entry = dict(metadata.get("verify") or {})
        known = {field.name: field for field in fields(cls)}
        if unknown := sorted(set(entry) - set(known)):
            raise ValueError(f"the cell's verify entry has unknown names: {', '.join(unknown)}")
        if entry and not str(entry.get("reason", "")).strip():
            raise ValueError("the cell's verify entry gives no reason")
        if entry.get("picture", "pixels") not in ("pixels", "form"):
            raise ValueError('the cell\'s verify entry: picture is "pixels" or "form"')
        for name in ("rtol", "atol", "shift", "colour"):
            value = entry.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"the cell's verify entry: {name} is a number, zero or more")
        entry["free"] = tuple(entry.get("free", ()))
        for pattern in entry["free"]:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(
                    f"the cell's verify entry: {pattern!r} is no regular expression"
                ) from error
        return cls(**entry)

    @property
    def kind(self) -> str:
        """One word for the summary: 'equal', 'tolerance' or 'form'."""
        if self.timing or self.free or self.picture == "form":
            return "form"
        loose = (self.rtol, self.atol, self.shift, self.colour, self.integers)
        return "equal" if loose == (1e-4, 1e-6, 1, 16, False) else "tolerance"
