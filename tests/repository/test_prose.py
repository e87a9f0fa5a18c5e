"""The documents' form: lines that fit a terminal, links that lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.support.locations import ROOT

PAGES = [
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
    if path.exists()
]
WIDEST = 100


def without_code(text: str) -> str:
    """A page's text, its code blocks emptied line by line."""
    return re.sub(r"^ *```.*?^ *```$", lambda block: "\n" * block[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)


def headings(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_prose_fits_into_100_columns(path: Path) -> None:
    """A line of prose has at most 100 characters; tables, code and what can't be broken may be longer."""
    prose = without_code(path.read_text(encoding="utf-8")).split("\n")
    long = [
        number for number, line in enumerate(prose, 1) if len(line) > WIDEST and not re.match(r"\||    |\S+$", line)
    ]
    assert long == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file of the repository, and a heading of it."""
    if not (ROOT / "docs").exists():
        pytest.skip("the tests run apart from the repository")
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        name, _, heading = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        assert not heading or heading in headings(target), link


def test_every_page_is_in_the_index() -> None:
    """docs/README.md links each page of its folder."""
    if not (ROOT / "docs").exists():
        pytest.skip("the tests run apart from the repository")
    links = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    assert links == {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
