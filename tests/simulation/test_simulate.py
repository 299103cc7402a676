"""A small part of `make simulate`, and its check of errors."""

import math

import pytest
from classes import EVEN, attempt_at, classified, ranked
from families import family_row, latency_rows, look_row
from row import Row, simulated
from singles import mean_rows, proportion_rows, ranged_rows, relative_rows
from unit_rows import duplicate_rows, group_mean_rows

RUNS = 40


@pytest.mark.parametrize(
    "rows", [proportion_rows, mean_rows, ranged_rows, relative_rows, latency_rows]
)
def test_errors_of_single_candidates_are_at_most_nominal(rows):
    simulated_rows = list(rows(RUNS))
    assert [row.text for row in simulated_rows if row.error > row.most] == []
    assert max(row.power for row in simulated_rows) > 0.8


@pytest.mark.parametrize(
    ("metric", "models", "truth"),
    [
        ("balanced_accuracy", classified(EVEN, EVEN / 5, 0.01), 0.01),
        ("roc_auc", ranked(1.5278, 0.3, 0.1), 0.0102),
    ],
)
def test_errors_over_classes_are_at_most_nominal(metric, models, truth):
    row = simulated(metric, attempt_at(metric, models, 500), truth, 0.05, 0.05, RUNS)
    assert row.error <= row.most
    assert row.power > 0.8


def test_errors_on_repeated_samples_and_groups_are_at_most_nominal():
    repeated, grouped = [*duplicate_rows(RUNS)], [*group_mean_rows(2 * RUNS)]
    assert [row.text for row in [*repeated, *grouped] if row.error > row.most] == []
    assert max(row.power for row in grouped) > 0.8


@pytest.mark.parametrize("common", [0.0, 0.9])
def test_errors_of_several_candidates_are_at_most_nominal(common):
    for row in (family_row(4, common, 400, runs=40), look_row(2, common, 400, runs=40)):
        assert row.error <= row.most


def test_a_greater_error_is_marked():
    assert "EXCEEDS" in Row("bad", 0.05, 0.2, 1_000).text
    good = Row("good", 0.05, 0.05, 1_000, power=0.9, error_before=0.2)
    assert good.text == "| good | .200 / .050 of .05 | - / .900 | 1,000 |"
    assert math.isnan(good.power_before)
