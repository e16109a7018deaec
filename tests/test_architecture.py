"""What may import what: a folder tells whether pages, maintainers or other projects use it."""

import ast
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[1]
HELPERS = sorted((BOOK / "helpers").rglob("*.py"))
PAGES = sorted((BOOK / "notebooks").glob("*.py"))
MOST_LINES = 400  # of a module


def module_name(path):
    parts = path.relative_to(BOOK).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in HELPERS}


def imports(source, package=""):
    """The modules that a source text imports, in functions too; ``package`` is what its dots start from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def imports_of(path):
    package = ".".join(path.relative_to(BOOK).parent.parts)
    return set(imports(path.read_text(encoding="utf-8"), package))


def reached(path):
    """All modules of helpers/ that a file imports, directly or through others."""
    seen, waiting = set(), [path]
    while waiting:
        for name in imports_of(waiting.pop()) & MODULES.keys() - seen:
            seen.add(name)
            waiting.append(MODULES[name])
    return seen


def below(folder, names):
    return {name for name in names if name == folder or name.startswith(f"{folder}.")}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_no_page_reaches_the_programs_of_maintainers(page):
    assert not below("helpers.book", reached(page))


@pytest.mark.parametrize("folder", ["data", "drawings", "exercises", "training", "notes"])
def test_what_pages_use_does_not_need_the_programs_of_maintainers(folder):
    paths = list((BOOK / "helpers" / folder).rglob("*.py"))
    assert paths
    for path in paths:
        assert not below("helpers.book", reached(path)), path


def test_the_verification_imports_nothing_of_the_rest():
    paths = list((BOOK / "helpers/verification").glob("*.py"))
    assert paths
    for path in paths:
        others = below("helpers", imports_of(path)) - {"helpers"}
        assert others == below("helpers.verification", others), path


def test_nothing_outside_the_tests_uses_them():
    for path in [*HELPERS, *PAGES, BOOK / "conftest.py", BOOK / ".site/conf.py"]:
        assert not below("tests", imports_of(path)), path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value != "tests" and not node.value.startswith("tests/"), path


@pytest.mark.parametrize("path", HELPERS, ids=module_name)
def test_a_module_is_no_longer_than_can_be_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


DESCRIBED = ["", "book", "data", "notes", "notes/old_code", "training", "verification"]


@pytest.mark.parametrize("folder", DESCRIBED)
def test_a_package_says_what_each_of_its_modules_is_for(folder):
    """Those of the other packages are pictures, exercises and rules: their names are their subjects."""
    package = BOOK / "helpers" / folder
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    modules = {path.stem for path in package.glob("*.py") if path.stem[:2] != "__"}
    modules |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert modules
    assert modules - set(re.findall(r"\w+", docstring)) == set()


def test_the_readme_maps_every_folder():
    text = (BOOK / "README.md").read_text(encoding="utf-8")
    tree = text.partition("### The map\n")[2].partition("###")[0]
    folders = [path.parent.relative_to(BOOK) for path in BOOK.glob("helpers/*/__init__.py")]
    folders += [path.relative_to(BOOK) for path in (BOOK / "tests").glob("s*/")]
    assert len(folders) > 5
    assert [path for path in folders if f"{path.name}/" not in tree] == []


IN_A_FUNCTION = "def f():\n    from helpers.book import site"
FORMS = [
    ("import helpers.book.site", "a", {"helpers.book.site"}),
    (IN_A_FUNCTION, "a", {"helpers.book", "helpers.book.site"}),
    ("from . import text", "helpers.book", {"helpers.book", "helpers.book.text"}),
    ("from ..data import cifar10", "helpers.book", {"helpers.data", "helpers.data.cifar10"}),
]


@pytest.mark.parametrize(("source", "package", "names"), FORMS)
def test_imports_of_every_form_are_seen(source, package, names):
    assert set(imports(source, package)) == names


def test_an_import_through_another_module_is_seen():
    assert "helpers.threads" in reached(BOOK / "helpers/__init__.py")
