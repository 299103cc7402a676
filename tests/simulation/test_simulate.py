"""A small part of `make simulate`, and its check of errors."""

import pytest
from unit_rows import duplicate_rows, group_mean_rows

from simulate import Row, family_row, mean_rows, proportion_rows

RUNS = 200


def test_errors_of_single_candidates_are_at_most_nominal() -> None:
    rows = [*proportion_rows(RUNS), *mean_rows(RUNS)]
    assert [row.text for row in rows if row.error > row.most] == []
    assert max(row.power for row in rows) > 0.8


def test_errors_on_repeated_samples_and_groups_are_at_most_nominal() -> None:
    repeated, grouped = [*duplicate_rows(RUNS // 4)], [*group_mean_rows(RUNS)]
    assert [row.text for row in [*repeated, *grouped] if row.error > row.most] == []
    assert max(row.power for row in grouped) > 0.8


@pytest.mark.parametrize("common", [0.0, 0.9])
def test_errors_of_several_candidates_are_at_most_nominal(common: float) -> None:
    row = family_row(4, common, 400, runs=40)
    assert row.error <= row.most


def test_a_greater_error_is_marked() -> None:
    assert "EXCEEDS" in Row("bad", 0.05, 0.2, 1_000).text
    assert "EXCEEDS" not in Row("good", 0.05, 0.05, 1_000, power=0.9).text
