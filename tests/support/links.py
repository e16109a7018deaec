"""Links in the forms that a reader meets: in JupyterLab, on GitHub, in the README, in the web edition.

A link works everywhere if it leads to a page beside it, to a heading by Jupyter's anchor, or to another site. (GitHub
shows notebooks in a frame: there a link to a heading opens the right page, at its top.) Each check yields one line a
fault. Other sites are not asked: only the form of their addresses is checked.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from markdown_it import MarkdownIt

from helpers.pages import Page, anchor
from helpers.verification.headings import headings

MARKDOWN = MarkdownIt("commonmark").enable("table")
IP = re.compile(r"[\d.]+|.*:.*")
TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|ref|ref_src|source")


class Html(HTMLParser):
    """The links and the anchors of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value or "" for name, value in attrs if name in ("href", "src")]
        self.anchors |= {
            v or "" for name, v in attrs if name == "id" or (tag, name) == ("a", "name")
        }


def in_markdown(text: str) -> Iterator[str]:
    """The targets of all links and pictures of a Markdown text."""
    for token in MARKDOWN.parse(text):
        for part in (token, *(token.children or [])):
            if part.type in ("link_open", "image"):
                yield str(part.attrs.get("href") or part.attrs.get("src") or "")
            elif part.type in ("html_inline", "html_block"):
                yield from Html(part.content).targets


def external(link: str) -> Iterator[str]:
    """Faults in the form of an address of another site."""
    parts = urlsplit(link)
    host = parts.hostname or ""
    if parts.scheme != "https":
        yield f"a link is not https: {link}"
    elif "." not in host or host.endswith((".local", ".localhost")) or IP.fullmatch(host):
        yield f"a link has no public host: {link}"
    elif parts.username or parts.password:
        yield f"a link has a name or a password in it: {link}"
    elif any(TRACKING.fullmatch(name) for name, _ in parse_qsl(parts.query)):
        yield f"a link tracks its readers: {link}"


def tables(page: Page) -> str:
    """The Markdown in a page's outputs."""
    data = [output.get("data", {}) for cell in page.code_cells for output in cell.outputs]
    return "\n\n".join(bundle.get("text/markdown", "") for bundle in data)


def notebook(page: Page) -> Iterator[str]:
    """Faults of the links of a page, those in its outputs too, in JupyterLab and on GitHub."""
    for link in dict.fromkeys(in_markdown(f"{page.prose}\n\n{tables(page)}")):
        if "/" in urlsplit(link).path and not urlsplit(link).netloc:
            yield f"a link leads out of the pages' folder: {unquote(link)}"
        else:
            yield from _link(link, page.path)


def markdown(path: Path) -> Iterator[str]:
    """Faults of the links of a Markdown file, such as the README, on GitHub."""
    for link in dict.fromkeys(in_markdown(path.read_text(encoding="utf-8"))):
        yield from _link(link, path)


def _link(link: str, source: Path) -> Iterator[str]:
    parts = urlsplit(link)
    name, place = unquote(parts.path), unquote(parts.fragment)
    target = source.parent / name if name else source
    if parts.scheme or parts.netloc:
        yield from external(link)
    elif name.startswith("/") or not target.exists():
        yield f"a link leads nowhere: {unquote(link)}"
    elif place and (count := anchors(target).count(place)) != 1:
        yield f"a link leads to {'more than one' if count else 'no'} heading: {unquote(link)}"


def anchors(path: Path) -> list[str]:
    """The anchors of the headings of a page or of a Markdown file; any other file has none."""
    if path.suffix == ".ipynb":
        return [anchor(heading) for heading in headings(Page(path).prose)]
    if path.suffix == ".md":
        return [github(heading) for heading in headings(path.read_text(encoding="utf-8"))]
    return []


def site(folder: Path) -> Iterator[str]:
    """Faults of the links of a built web edition, for a reader who opens its files without a server."""
    files = (path for path in folder.rglob("*.html") if "_static" not in path.parts)  # the theme's
    pages = {path.resolve(): Html(path.read_text("utf-8")) for path in files}
    if not pages:
        yield f"there is no page in {folder.name}"
    for path, page in pages.items():
        where = path.relative_to(folder.resolve())
        for link in dict.fromkeys(page.targets):
            parts = urlsplit(link)
            place = unquote(parts.fragment)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme == "data":
                continue
            if parts.scheme or parts.netloc:
                yield from (f"{where}: {fault}" for fault in external(link))
            elif not target.is_file():
                yield f"{where}: a link leads nowhere: {unquote(link)}"
            elif place and (target not in pages or place not in pages[target].anchors):
                yield f"{where}: a link leads to no anchor: {unquote(link)}"


def github(heading: str) -> str:
    """The anchor that GitHub gives a heading of a Markdown file: lower case, hyphens, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
