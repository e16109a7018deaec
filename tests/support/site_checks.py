"""What every page of the web edition keeps to: each check reports its faults, one text each."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

MOST_BYTES = 1_500_000  # of a page with all that it loads
CONTRAST = "color-contrast"  # is looked at by itself
AA = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "rules": {CONTRAST: {"enabled": False}},
}

RECORD_SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
# Words of one path look the same, so that one of them is enough for axe-core: thousands of bits of code take it long.
HIDE_SEEN = """() => {
  const seen = new Set(), ground = (e) => e.tagName + e.className + (e.tagName === "TR" ? e.rowIndex % 2 : "");
  for (const word of document.querySelectorAll("article :is(span, code):not(:has(*))")) {
    let path = "";
    for (let e = word; e.tagName !== "ARTICLE"; e = e.parentElement) path += ground(e) + " ";
    if (seen.has(path)) word.style.display = "none";
    seen.add(path);
  }
}"""
# Where the keyboard is: the text there, its place in the document, and whether one sees it.
FOCUS = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const ringed = ({outlineStyle, outlineWidth, boxShadow}) =>
    (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  const ring = ringed(style) || ringed(getComputedStyle(e.parentElement));  // a field's ring may be its form's
  const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return {
    text: (e.innerText || e.getAttribute("aria-label") || e.tagName).trim().slice(0, 60),
    tag: e.tagName, visible: ring && inside, main: e.closest("main") !== null,
    place: [...document.querySelectorAll("*")].indexOf(e),
  };
}"""


class Visit(NamedTuple):
    """A page that is open in a browser, and what was seen while it was opened."""

    page: object
    errors: list[str]  # on the console
    requests: list[str]  # addresses


@contextlib.contextmanager
def visit(browser, file: Path, slower: int = 1) -> Iterator[Visit]:
    """Open a file in a browser as wide as a laptop's, in the light, on a processor so many times slower."""
    with browser.new_context(viewport={"width": 1300, "height": 900}) as context:
        page = context.new_page()
        seen = Visit(page, [], [])
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda said: said.type == "error" and seen.errors.append(said.text))
        page.add_init_script(RECORD_SHIFTS)
        if slower > 1:
            session = context.new_cdp_session(page)
            session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        page.goto(file.as_uri())
        yield seen


def errors(visit: Visit) -> Iterator[str]:
    """The console has no error."""
    yield from visit.errors


def strangers(visit: Visit) -> Iterator[str]:
    """Nothing is asked for elsewhere."""
    yield from (url for url in visit.requests if not url.startswith(("file:", "data:")))


def weight(visit: Visit) -> Iterator[str]:
    """The page and what it loads are light."""
    paths = {urlsplit(url).path for url in visit.requests if url.startswith("file:")}
    files = [Path(url2pathname(path)) for path in paths]
    size = sum(file.stat().st_size for file in files if file.exists())
    if size > MOST_BYTES:
        yield f"{size} bytes"


def shifts(visit: Visit) -> Iterator[str]:
    """Nothing moves while the page comes, nor when it is scrolled."""
    visit.page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    visit.page.wait_for_timeout(50)
    if moved := visit.page.evaluate("shift"):
        yield f"a shift of {moved}"


def figures(visit: Visit) -> Iterator[str]:
    """Each picture is described, and its place is kept for it."""
    for alt, width, height, shown in visit.page.evaluate(
        "[...document.images].map(i => [i.alt, i.getAttribute('width'), i.getAttribute('height'), i.naturalWidth])"
    ):
        if len(alt) < 10 or alt.endswith(".png"):
            yield f"a picture is described as {alt!r}"
        if not (width and height):
            yield f"{alt!r} has no size"
        if not shown:
            yield f"{alt!r} does not show"


def headings(visit: Visit) -> Iterator[str]:
    """There is one first heading, and no level is left out."""
    levels = visit.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.tagName[1]))"
    )
    if levels.count(1) != 1:
        yield f"{levels.count(1)} first headings"
    for above, level in zip([0, *levels], levels, strict=False):
        if level > above + 1:
            yield f"level {level} follows on {above}"


def narrow(visit: Visit) -> Iterator[str]:
    """On the narrowest screen nothing has to be scrolled sideways but code, tables and outputs."""
    visit.page.set_viewport_size({"width": 320, "height": 900})
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    visit.page.set_viewport_size({"width": 1300, "height": 900})
    if width > 320:
        yield f"{width} pixels wide"


def light(visit: Visit) -> Iterator[str]:
    """axe-core finds nothing against WCAG 2.1 AA."""
    yield from _axe(visit, AA)
    yield from _contrast(visit)


def dark(visit: Visit) -> Iterator[str]:
    """In the dark axe-core finds no colors that are too close, and figures stand on white."""
    visit.page.emulate_media(color_scheme="dark")
    yield from _contrast(visit)
    for ground, changed in visit.page.evaluate(
        "[...document.images].map(getComputedStyle).map(style => [style.backgroundColor, style.filter])"
    ):
        if (ground, changed) != ("rgb(255, 255, 255)", "none"):
            yield f"a figure on {ground}, filter {changed}"
    visit.page.emulate_media(color_scheme="light")


def keyboard(visit: Visit, steps: int = 30) -> Iterator[str]:
    """The Tab key goes through the page in its order, and one sees where it is."""
    visit.page.evaluate("scrollTo(0, 0)")
    last = -1
    for _ in range(steps):
        visit.page.keyboard.press("Tab")
        at = visit.page.evaluate(FOCUS)
        if at["tag"] == "BODY":  # the end
            break
        if not at["visible"]:
            yield f"the focus on {at['text']!r} is not to be seen"
        if at["place"] < last:
            yield f"{at['text']!r} comes too late"
        last = at["place"]


def _axe(visit: Visit, options: dict) -> Iterator[str]:
    from axe_playwright_python.sync_playwright import Axe

    options = {**options, "resultTypes": ["violations"]}
    for rule in Axe().run(visit.page, options=options).response["violations"]:
        yield from (f"{rule['id']}: {node['html'][:200]}" for node in rule["nodes"])


def _contrast(visit: Visit) -> Iterator[str]:
    visit.page.add_style_tag(content="* { transition: none !important; }")  # no color on its way
    visit.page.evaluate(HIDE_SEEN)
    yield from _axe(visit, {"runOnly": {"type": "rule", "values": [CONTRAST]}})


CHECKS = [errors, strangers, weight, shifts, figures, headings, narrow, keyboard, light, dark]
