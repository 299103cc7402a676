"""Candidates with the same file and results share a row, and no other candidates do."""

from typing import Any

import pytest

from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.records.outcomes import VerdictOutcome
from quantgate.report import details_markdown, markdown
from quantgate.report.identical import identical
from quantgate.report.overview import limit_rows, notes
from quantgate.report.promises import promises
from quantgate.report.table import rows, standing


def copies(decision: Decision, **changes: Any) -> Decision:
    """Return a decision whose winner comes after a candidate with the same results."""
    winner = decision.entry(decision.winner or "")
    assert winner is not None
    other = winner.model_copy(update={"name": "same", "reasons": [], **changes})
    same = winner.model_copy(update={"reasons": ["the same file as same", "a note"]})
    return decision.model_copy(update={"candidates": [other, same]})


def named(groups: list[list[Entry]]) -> list[list[str]]:
    return [[entry.name for entry in group] for group in groups]


def test_the_winner_comes_first_in_the_row_that_it_shares(winner: Decision) -> None:
    decision = copies(winner)
    row = rows(decision)[1]
    assert row.names == ("integer_only_int8", "same")
    assert (row.standing, row.mode) == ("winner", "integer_only_int8")
    assert [name for name, _ in limit_rows(decision)] == ["integer_only_int8, same"]
    assert notes(decision) == [("integer_only_int8, same", "a note")]


@pytest.mark.parametrize(
    "changes",
    [{"model_sha256": "0" * 64}, {"qualified": False}, {"measurements": {"size_bytes": 1.0}}],
)
def test_candidates_that_differ_in_a_result_have_rows_of_their_own(
    winner: Decision, changes: dict[str, Any]
) -> None:
    assert named(identical(copies(winner, **changes))) == [["same"], ["integer_only_int8"]]


def test_candidates_without_a_model_have_rows_of_their_own(none_qualified: Decision) -> None:
    groups = identical(none_qualified)
    assert len(groups) == len(none_qualified.candidates)


def test_the_places_of_rows_are_those_of_their_first_candidates(winner: Decision) -> None:
    assert named(identical(winner))[-1] == ["int16x8", "int16x8_float_fallback"]


def test_ops_and_promises_share_rows_too(rich: Decision) -> None:
    ops = next(part for part in details_markdown.sections(rich) if part and part[0] == "## Ops")
    assert any(line.startswith(r"| int16x8, int16x8\_float\_fallback | int8 13") for line in ops)
    assert promises(rich)[-1].name == "int16x8, int16x8_float_fallback"
    assert r"| int16x8, int16x8\_float\_fallback |" in markdown.render(rich)


def test_an_undecided_candidate_does_not_miss_a_limit(winner: Decision) -> None:
    entry = next(entry for entry in winner.candidates if standing(entry, winner) == "misses")
    opened = [
        verdict.model_copy(update={"outcome": VerdictOutcome.UNDECIDED})
        for verdict in entry.verdicts
        if not verdict.passed
    ]
    assert standing(entry.model_copy(update={"verdicts": opened}), winner) == "undecided"
    assert standing(entry.model_copy(update={"verdicts": []}), winner) == "unqualified"
