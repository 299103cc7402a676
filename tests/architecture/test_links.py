"""Every link between the pages of this repository leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("specs/*.md")),
    *sorted(ROOT.glob("components/**/README.md")),
]


def anchors_of(page: Path) -> set[str]:
    """Return the names of a page's headings as GitHub writes them in links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_of(page: Path) -> list[str]:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in links_of(page):
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), f"{page} links to {link}"
        assert not anchor or anchor in anchors_of(target), f"{page} links to {link}"


def test_the_readme_names_every_page_and_the_test_command() -> None:
    readme = ROOT / "README.md"
    named = {link.partition("#")[0] for link in links_of(readme)}
    assert {
        page.relative_to(ROOT).as_posix() for page in PAGES if page.parent.name == "docs"
    } <= named
    assert re.search(r"^    make test ", readme.read_text(encoding="utf-8"), re.MULTILINE)
