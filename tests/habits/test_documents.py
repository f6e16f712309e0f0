"""Documents: links lead somewhere, no machine shows through, packages say what they hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.habits.tree import ROOT, SOURCE, parse, read, tracked

from plexus.client_api.endpoints import ACTIONS, ENDPOINTS, GEMINI_MODELS, HEALTH, MODELS, RAW, READY

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
MACHINE = re.compile(
    r"(?<![\w.*])/(?:work|root|home/[a-z]\w*|Users/\w+|opt/(?:wheels|pypi)|tmp/briefs)(?:/|\b)"
    r"|\bfile:///|--(?:extra-)?index-url[= ]\S*://|\bPIP_(?:INDEX|EXTRA|FIND)",
)

PAGES = [path for path in tracked() if path.suffix == ".md"]


def anchors(text: str) -> set[str]:
    """The fragments that a page of Markdown can be entered by, as the common hosts make them."""
    titles = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", read(page))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = (ROOT / page.parent / name) if name else ROOT / page
        if not target.exists() or (fragment and target.suffix == ".md" and fragment not in anchors(target.read_text())):
            broken.append(link)
    assert broken == []


def test_no_machine_shows_through() -> None:
    itself = Path(__file__).relative_to(ROOT)
    found = {
        f"{path}:{number}": line.strip()
        for path in tracked()
        if path != itself
        for number, line in enumerate(read(path).splitlines(), start=1)
        if MACHINE.search(line)
    }
    assert found == {}


def test_no_merge_was_left_half_done() -> None:
    left = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
    assert [str(path) for path in tracked() if left.search(read(path))] == []


def test_every_package_says_what_it_holds() -> None:
    packages = [path for path in tracked() if path.name == "__init__.py" and (ROOT / path).is_relative_to(SOURCE)]
    assert len(packages) > 10
    silent = [str(path) for path in packages if len(ast.get_docstring(parse(path)) or "") < 20]
    unwritten = set(UNWRITTEN) & set(silent)
    assert set(silent) - unwritten == set()
    assert set(UNWRITTEN) - unwritten == set(), "these speak now: take them out of UNWRITTEN"


UNWRITTEN: list[str] = []
"""Packages whose first words are still to be written. It may only shrink."""


POINTER = re.compile(r"(?<![\w./])docs/([\w-]+)(?![\w-]|\.\w|/)")


def test_the_pages_that_the_code_names_exist() -> None:
    """``docs/failures section 2`` in a docstring is a promise to whoever reads it."""
    named = {page for path in tracked() if path.suffix == ".py" for page in POINTER.findall(read(path))}
    assert "failures" in named
    missing = {
        page for page in named if not (ROOT / "docs" / f"{page}.md").exists() and not (ROOT / "docs" / page).exists()
    }
    assert missing == set()


def test_every_path_for_clients_is_documented() -> None:
    page = read(Path("docs/concepts.md"))
    paths = (*ENDPOINTS, MODELS, GEMINI_MODELS, RAW, READY, *HEALTH)
    missing = [path.decode() for path in paths if path.decode() not in page]
    missing += [action for action in ACTIONS if f":{action}`" not in page]
    assert missing == []
