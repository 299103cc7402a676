"""The table of warnings, and its documentation."""

import re
from pathlib import Path

from quantgate.domain.warnings import WARNINGS

PAGE = Path(__file__).parents[2] / "docs" / "spec.md"


def test_the_page_lists_every_kind_with_its_meaning():
    section = (
        PAGE.read_text("utf-8")
        .partition("## Warnings and doubts")[2]
        .partition("\n## ")[0]
        .partition("| id | meaning |")[2]
    )
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    assert rows == [
        (kind.id, f"{kind.meaning}{' (doubtful)' * kind.is_doubt}") for kind in WARNINGS.values()
    ]
