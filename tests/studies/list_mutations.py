"""Corruptions of the list of outputs of a cell, and of what an output is besides its text."""

from collections.abc import Iterator, Sequence

MORE = {"output_type": "stream", "name": "stdout", "text": "more\n"}
# An error is put in the place of each output: of what was printed too.
MESSAGE = "index 3 is out of bounds for dimension 0"
ERROR = {
    "output_type": "error",
    "ename": "RuntimeError",
    "evalue": MESSAGE,
    "traceback": [f"RuntimeError: {MESSAGE}"],
}
# What a picture is shown with.
LOOKS = {
    "alt": "another picture",
    "width": 7,
    "height": 7,
    "unconfined": True,
}


Corruptions = Iterator[
    tuple[str, list[dict], list[dict]]
]  # the kind, the right outputs, the wrong ones


def of_list(outputs: list[dict], of_the_cell_before: Sequence[dict] = ()) -> Corruptions:
    """All corruptions of a list of outputs."""
    yield "an output added", outputs, [*outputs, MORE]
    for output in of_the_cell_before[-1:]:
        yield "an output of the cell before", outputs, [output, *outputs]
    for n, output in enumerate(outputs):
        before, after = outputs[:n], outputs[n + 1 :]
        yield "an output missing", outputs, [*before, *after]
        yield "an output added", outputs, [*before, output, output, *after]
        if after:
            yield "outputs in another order", outputs, [*before, after[0], output, *after[1:]]
        for kind, right, wrong in (*of_output(output), *with_an_error(output)):
            yield kind, [*before, *right, *after], [*before, *wrong, *after]


def of_output(output: dict) -> Corruptions:
    """What is wrong with one output besides its text and its picture."""
    for other in _of_other_kinds(output):
        yield "an output of another kind", [output], [other]
    for kind, wrong in _of_error(output) if output["output_type"] == "error" else ():
        yield kind, [output], [wrong]
    for mime in output.get("data", {}):
        renamed = {name + "x" * (name == mime): value for name, value in output["data"].items()}
        yield "an output of another kind", [output], [output | {"data": renamed}]
    if output["output_type"] == "stream":
        first, rest = output["text"].partition("\n")[::2]
        if rest.strip():
            pieces = [output | {"text": f"{first}\n"}, _in_other_stream(output) | {"text": rest}]
            yield "a line in the other stream", [output], pieces
    if "image/png" in output.get("data", {}):
        about = output.get("metadata", {})
        looks = about.get("image/png", {})
        for name, value in LOOKS.items():
            wrong = about | {"image/png": looks | {name: value}}
            yield "another description or size", [output], [output | {"metadata": wrong}]
        wrong = about | {"needs_background": "dark"}
        yield "another description or size", [output], [output | {"metadata": wrong}]
        if looks:
            for nothing in ({}, 5, None, [], "alt"):
                wrong = about | {"image/png": nothing}
                yield "no description", [output], [output | {"metadata": wrong}]
            yield "no description", [output], [output | {"metadata": {}}]


def with_an_error(output: dict) -> Corruptions:
    """An error in the place of an output, and what may be wrong with one."""
    yield "an error for a result", [output], [ERROR]
    yield "a result for an error", [ERROR], [output]
    for kind, wrong in _of_error(ERROR):
        yield kind, [ERROR], [wrong]
    first, second = (
        ERROR | {"traceback": [f"Cell In[1], line {k}\n----> {k} f()"]} for k in (1, 2)
    )
    yield "another line that failed", [first], [second]


def _of_error(error: dict) -> Iterator[tuple[str, dict]]:
    """The wrong forms of an error; what a reader sees of it is its traceback."""
    name, says, shown = error["ename"], error["evalue"], error["traceback"]
    other = "LookupError" if name == "IndexError" else "IndexError"
    shown_other = [line.replace(name, other) for line in shown]
    yield "another exception type", error | {"ename": other}
    yield "another exception type", error | {"traceback": shown_other}
    yield "another exception type", error | {"ename": other, "traceback": shown_other}
    yield "an error without its traceback", error | {"traceback": []}
    for message in (f"{says}!", says.replace("3", "4"), "another message", ""):
        told = [line.replace(says, message) for line in shown]
        yield "another message", error | {"evalue": message}
        yield "another message", error | {"evalue": message, "traceback": told}
        yield "another message shown", error | {"traceback": told}


def _of_other_kinds(output):
    """A result displayed, a display as result, the other stream; an output with a form less."""
    if output["output_type"] == "stream":
        yield _in_other_stream(output)
    kinds = {"execute_result": "display_data", "display_data": "execute_result"}
    if output["output_type"] in kinds:
        yield output | {"output_type": kinds[output["output_type"]]}
        for mime in output["data"] if len(output["data"]) > 1 else ():
            yield output | {"data": {k: v for k, v in output["data"].items() if k != mime}}


def _in_other_stream(output):
    return output | {"name": {"stdout": "stderr", "stderr": "stdout"}[output["name"]]}


LINES = MORE | {"text": "one\ntwo\n"}
SHOWN = {
    "output_type": "display_data",
    "data": {"image/png": ""},
    "metadata": {"image/png": {"alt": "a line"}},
}
LISTS = tuple(dict.fromkeys(kind for kind, *_ in of_list([LINES, SHOWN], [MORE])))
