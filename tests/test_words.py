"""The book is written in American English, as PyTorch's own documentation is."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[1]
IZE = (  # with the endings of -ize
    "categor character custom emphas general initial maxim memor minim normal optim organ orthogonal"
    " parallel quant real recogn regular serial special standard summar synchron util vector visual"
)
BRITISH = re.compile(
    rf"(?:{'|'.join(IZE.split())})is(?:e[drs]?|ers|ing|ations?)(?![a-z])"
    r"|(?:label|cancel|model|travel|signal)l(?:ed|ing)|colour|behaviour|neighbour|favour|licence"
    r"|centre[ds]?(?![a-z])|grey|analyse|catalogue|artefact|misspelt|defence",
    re.IGNORECASE,
)
QUOTED = (  # the names of others, and a wrong key on purpose
    *("computationalmodelling", "labelledby", "CancelledError", ".cancelling()"),
    *('{"colour": 40', "unknown name: colour "),
)
FILES = sorted(
    path
    for pattern in ("*.md", "*.py", "*.toml", "helpers/**/*", "tests/**/*.py", "notebooks/*.py")
    for path in BOOK.glob(pattern)
    if path.suffix in (".md", ".py", ".toml", ".css", ".js", ".html") and path != Path(__file__)
)


def british_words(text):
    for name in QUOTED:
        text = text.replace(name, "")
    return BRITISH.findall(text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(BOOK).as_posix())
def test_no_word_is_spelled_the_british_way(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    words = [(n, *british_words(line)) for n, line in enumerate(lines, 1) if british_words(line)]
    assert words == []


@pytest.mark.parametrize("word", ["optimisers_of", "Normalised", "two_colours", "labelled", "GREY"])
def test_a_british_word_is_found(word):
    assert british_words(f"a {word} b")


@pytest.mark.parametrize("word", ["otherwise", "noise", "precise", "CancelledError", "promise"])
def test_other_words_pass(word):
    assert not british_words(f"a {word} b")
