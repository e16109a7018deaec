"""Compare the list of outputs of one cell: their number, kind and order, then each with its counterpart."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from .pictures import compare_pictures
from .policy import Policy
from .text import difference

_REWRITTEN = re.compile(r"^.*\r(?=[^\n])", re.MULTILINE)
_WIDGET = "application/vnd.jupyter.widget-view+json"  # its only content is a random identifier


class Difference(NamedTuple):
    """One difference between the stored and the new outputs of a cell."""

    text: str  # one line: what differs
    stored: str  # the stored output as text
    new: str  # the new output as text
    pictures: tuple[bytes, bytes, bytes | None] | None = (
        None  # stored, new and the difference drawn (PNG)
    )


def join_streams(outputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Join neighbouring pieces of one stream, and show rewritten lines as a terminal leaves them.

    A kernel sends what is printed in pieces of any size; the order of text and figures is kept. A line that a
    progress bar wrote over with a carriage return keeps only its last state. Empty pieces are dropped.
    """
    joined: list[dict[str, Any]] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] != "stream" or (last.get("output_type"), last.get("name")) != (
            "stream",
            output["name"],
        ):
            joined.append(type(output)(output) if isinstance(output, dict) else dict(output))
        else:
            last["text"] = _text(last["text"]) + _text(output["text"])
    for output in joined:
        if output["output_type"] == "stream":
            text = _REWRITTEN.sub("", _text(output["text"]).replace("\r\n", "\n"))
            output["text"] = re.sub(r"^[ \t]*\r?\Z", "", text, flags=re.MULTILINE).replace("\r", "")
    return [output for output in joined if output["output_type"] != "stream" or output["text"]]


def compare_outputs(
    stored: Iterable[Mapping[str, Any]],
    new: Iterable[Mapping[str, Any]],
    policy: Policy | None = None,
) -> list[Difference]:
    """Compare the outputs of a cell.

    Args:
        stored: the outputs in the notebook file (nbformat 4).
        new: the outputs of running the cell now.
        policy: what may differ; None for the strict defaults.

    Returns:
        The differences, empty if a reader would see none.
    """
    policy = policy or Policy()
    old, now = join_streams(stored), join_streams(new)
    kinds = [[_kind(output) for output in outputs] for outputs in (old, now)]
    if kinds[0] != kinds[1]:
        return [
            Difference(
                f"the outputs differ in number, kind or order: expected {_listed(kinds[0])}; got {_listed(kinds[1])}",
                "\n".join(map(as_text, old)),
                "\n".join(map(as_text, now)),
            )
        ]
    return [fault for a, b in zip(old, now, strict=True) for fault in _compare_one(a, b, policy)]


def as_text(output: Mapping[str, Any]) -> str:
    """An output as plain text, for a report."""
    match output["output_type"]:
        case "stream":
            return _text(output["text"]).rstrip("\n")
        case "error":
            return f"{output['ename']}: {output['evalue']}"
    data = output["data"]
    for mime in ("text/markdown", "text/html", "text/plain"):
        if mime in data:
            return _text(data[mime])
    return f"({', '.join(data)})"


def _compare_one(
    stored: Mapping[str, Any], new: Mapping[str, Any], policy: Policy
) -> list[Difference]:
    texts = (as_text(stored), as_text(new))
    if stored["output_type"] == "stream":
        text = difference(*texts, policy)
        return [Difference(text, *texts)] if text else []
    if stored["output_type"] == "error":  # its type is exact, and no part of what is free
        same = stored["ename"] == new["ename"]
        if same and not difference(stored["evalue"], new["evalue"], policy):
            return []
        return [Difference(difference(*texts, replace(policy, free=())), *texts)]
    faults = []
    for mime, value in stored["data"].items():
        other = new["data"][mime]
        if mime.startswith("image/") and not mime.startswith("image/svg"):
            if fault := _compare_picture(_decode(value), _decode(other), policy):
                faults.append(fault._replace(stored=texts[0], new=texts[1]))
        elif mime != _WIDGET:
            text = difference(_text(value), _text(other), policy)
            if text:
                faults.append(Difference(f"{mime}: {text}", _text(value), _text(other)))
    return faults


def _compare_picture(stored: bytes, new: bytes, policy: Policy) -> Difference | None:
    if policy.picture == "form":
        fault = compare_pictures(stored, new, shift=0, colour=255)
    else:
        fault = compare_pictures(stored, new, policy.shift, policy.colour)
    return (
        Difference(f"picture: {fault.text}", "", "", (stored, new, fault.drawn)) if fault else None
    )


def _kind(output: Mapping[str, Any]) -> str:
    """What an output is: 'stdout', 'stderr', 'error ValueError', or 'result' / 'display' with its MIME types."""
    match output["output_type"]:
        case "stream":
            return output["name"]
        case "error":
            return "error"
    word = "result" if output["output_type"] == "execute_result" else "display"
    return f"{word} of {'+'.join(sorted(output['data']))}"


def _listed(kinds: list[str]) -> str:
    return ", ".join(kinds) or "nothing"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(value, sort_keys=True)


def _decode(value: str | list[str]) -> bytes:
    return base64.b64decode(_text(value))
