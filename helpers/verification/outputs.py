"""Compare the list of outputs of one cell: their number, kind and order, then each with its counterpart."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

from .policy import Policy
from .text import difference
from .tracebacks import told
from .volatile import without_volatile_parts

Output = Mapping[str, Any]  # as nbformat 4 has it

STRICT = Policy()
LOOKS = ("alt", "width", "height", "unconfined", "needs_background")  # in a picture's metadata
_REWRITTEN = re.compile(r"^.*\r.*$", re.MULTILINE)
_ERASE = re.compile(r"\x1b\[[0-2]?K")
_WIDGET = "application/vnd.jupyter.widget-view+json"  # its only content is a random identifier


class Difference(NamedTuple):
    """One difference between the stored and the new outputs of a cell."""

    text: str  # one line: what differs
    stored: str  # the stored output as text
    new: str  # the new output as text
    pictures: tuple[bytes, bytes, bytes | None] | None = None  # stored, new, difference drawn (PNG)


def late_streams_first(outputs: Iterable[Output]) -> list[Output]:
    """Return the outputs with the result last, if nothing but streams follows it.

    What another process prints is passed on by a thread of the kernel, which may be late, so that it arrives after the
    cell's result. Only new outputs are reordered in this way, never stored ones, and only if the two disagree in their
    order.
    """
    outputs = list(outputs)
    kinds = [output["output_type"] for output in outputs]
    if kinds.count("execute_result") != 1:
        return outputs
    place = kinds.index("execute_result")
    if set(kinds[place + 1 :]) - {"stream"}:
        return outputs
    return outputs[:place] + outputs[place + 1 :] + [outputs[place]]


def join_streams(outputs: Iterable[Output]) -> list[dict[str, Any]]:
    """Join the pieces of each stream between other outputs, and show rewritten lines as a terminal leaves them.

    A kernel sends what is printed in pieces of any size, and the moment decides where it cuts stdout against
    stderr; the order of text and figures is kept. What stands after a carriage return is written over the beginning
    of its line, as progress bars do. Empty pieces are dropped.
    """
    joined: list[dict[str, Any]] = []
    streams: dict[str, dict[str, Any]] = {}  # those since the last other output
    for output in outputs:
        name = _stream(output)
        if name in streams:
            streams[name]["text"] = _text(streams[name]["text"]) + _text(output["text"])
            continue
        joined.append(copy(output))
        streams = streams | {name: joined[-1]} if name else {}
    for output in joined:
        if _stream(output):
            text = _REWRITTEN.sub(_last_state, re.sub(r"\r+\n", "\n", _text(output["text"])))
            output["text"] = re.sub(r"^[ \t]+\Z", "", text, flags=re.MULTILINE)
    return [output for output in joined if not _stream(output) or output["text"]]


def _last_state(line: re.Match[str]) -> str:
    """Return a line as it looks when each part of it is written over the one before."""
    shown = ""
    for part in line[0].split("\r"):
        is_erased = _ERASE.search(shown + part)
        shown = part if is_erased else part + shown[len(part) :]
    return shown


def compare_outputs(
    stored: Iterable[Output],
    new: Iterable[Output],
    policy: Policy = STRICT,
    sanitize: Callable[[str], str] = str,
) -> list[Difference]:
    """Return the differences between the outputs in a notebook's file and those of running the cell now.

    Args:
        stored: the outputs in the file.
        new: those that the cell has just shown.
        policy: what may differ.
        sanitize: applied to each text before it is compared.
    """
    stored, ran = _comparable(stored, sanitize), list(new)
    new = _comparable(ran, sanitize)
    expected, got = [_kind(output) for output in stored], [_kind(output) for output in new]
    if expected != got:
        new = _comparable(late_streams_first(ran), sanitize)
        got = [_kind(output) for output in new]
    if expected != got:
        kinds = f"expected {', '.join(expected) or 'nothing'}; got {', '.join(got) or 'nothing'}"
        texts = ["\n".join(map(as_text, outputs)) for outputs in (stored, new)]
        return [Difference(f"the outputs differ in number, kind or order: {kinds}", *texts)]
    pairs = zip(stored, new, strict=True)
    return [fault for pair in pairs for fault in _compare_one(*pair, policy)]


def as_text(output: Output) -> str:
    """Return an output as plain text, for a report."""
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


def _compare_one(stored: Output, new: Output, policy: Policy) -> Iterator[Difference]:
    """Yield the differences of two outputs of one kind."""
    texts = as_text(stored), as_text(new)
    match stored["output_type"]:
        case "stream":
            if text := difference(*texts, policy):
                yield Difference(text, *texts)
        case "error":  # its type is exact, and no part of what is free
            # a message counts nothing that training changes: its whole numbers are exact
            exact = replace(policy, integers=False)
            same_type = stored["ename"] == new["ename"]
            if not same_type or difference(stored["evalue"], new["evalue"], exact):
                yield Difference(difference(*texts, replace(exact, free=())), *texts)
            else:
                texts = tuple(told(output.get("traceback") or ()) for output in (stored, new))
                if text := difference(*texts, exact):
                    yield Difference(f"traceback: {text}", *texts)
        case _:
            for mime, value in stored["data"].items():
                yield from _compare_data(
                    mime, _text(value), _text(new["data"][mime]), policy, texts
                )
                yield from _compare_looks(mime, stored, new)


def _compare_data(
    mime: str, stored: str, new: str, policy: Policy, texts: tuple[str, str]
) -> Iterator[Difference]:
    """Yield the difference of two outputs in one of their MIME types; ``texts`` go with pictures."""
    if mime == _WIDGET:
        return
    if mime == "application/pdf":  # a file in base64: nothing in it is a number
        if stored != new:
            yield Difference(f"{mime}: {difference(stored, new) or 'another file'}", stored, new)
        return
    if not mime.startswith("image/") or mime.startswith("image/svg"):
        if text := difference(stored, new, policy):
            yield Difference(f"{mime}: {text}", stored, new)
        return
    # numpy and Pillow are imported only where there are pictures: who needs less of this package needs neither
    from .pictures import compare_amounts, compare_pictures, why_unreadable

    in_form = policy.picture == "form"
    shift, color = (0, 255) if in_form else (policy.shift, policy.color)
    files = _decoded(stored), _decoded(new)
    if files[0] != files[1] and (text := why_unreadable(*files)):
        yield Difference(f"{mime}: {text}", *texts)
        return
    if in_form and (text := compare_amounts(*files)):
        yield Difference(f"picture: {text}", *texts, (*files, None))
    if fault := compare_pictures(*files, shift, color):
        yield Difference(f"picture: {fault.text}", *texts, (*files, fault.drawn))


def _decoded(text: str) -> bytes:
    """Return the file that base64 stands for; an empty one if it is no base64, which a browser does not show."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return b""


def _compare_looks(mime: str, stored: Output, new: Output) -> Iterator[Difference]:
    """Yield how what a picture is shown with differs: its description for those who cannot see it, its size and ground.

    A browser shows nothing of metadata that are no table.
    """
    if not mime.startswith("image/"):
        return
    tables = [_table(output.get("metadata")) for output in (stored, new)]
    looks = [_table(table.get(mime)) for table in tables]
    for name in LOOKS:  # the ground is named beside the MIME types, by matplotlib for JupyterLab
        found = tables if name == "needs_background" else looks
        texts = [str(table.get(name, "")) for table in found]
        if texts[0] != texts[1]:
            says = f"{mime}: expected {name} {texts[0]!r}, got {texts[1]!r}"
            yield Difference(says, *texts)


def _table(value: Any) -> Mapping[str, Any]:
    """Return a value that should be a table; an empty one if it is none."""
    return value if isinstance(value, Mapping) else {}


def _comparable(outputs: Iterable[Output], sanitize: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return outputs without what differs from run to run; neighboring stdout and stderr in one order."""

    def same(mime: str, value: Any) -> str:
        is_json = mime.endswith("json")  # where a list is no text in pieces
        text = json.dumps(value, sort_keys=True) if is_json else _text(value)
        if mime.startswith("image/") and not mime.startswith("image/svg"):
            return text  # base64
        if mime == "text/markdown":
            text = re.sub(r" {2,}\n", "<br>\n", text)  # blanks at its end break a line
        text = without_volatile_parts(mime, text)
        return text if mime == "application/pdf" else sanitize(text)

    joined = []
    outputs = join_streams(outputs)
    for is_stream, run in groupby(outputs, lambda output: bool(_stream(output))):
        neighbors = list(run)
        joined += sorted(neighbors, key=_stream, reverse=True) if is_stream else neighbors
    for output in joined:  # copies
        match output["output_type"]:
            case "stream":
                output["text"] = same("text/plain", output["text"])
            case "error":
                output["evalue"] = same("text/plain", output["evalue"])
                if traceback := "\n".join(output.get("traceback") or ()):
                    output["traceback"] = [same("text/plain", traceback)]
            case _:
                output["data"] = {mime: same(mime, v) for mime, v in output["data"].items()}
    return joined


def _kind(output: Output) -> str:
    """Return 'stdout', 'stderr', 'error', or 'result of' / 'display of' with the MIME types."""
    match output["output_type"]:
        case "stream":
            return output["name"]
        case "error":
            return "error"
    word = "result" if output["output_type"] == "execute_result" else "display"
    return f"{word} of {'+'.join(sorted(output['data']))}"


def _stream(output: Output) -> str:
    """Return the name of the stream that an output belongs to; '' if it belongs to none."""
    return output["name"] if output["output_type"] == "stream" else ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(value, sort_keys=True)
