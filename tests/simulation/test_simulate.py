"""A small part of `make simulate`, and its check of errors."""

import pytest
from classes import EVEN, attempt_at, classified, mapped, marked, ranked
from families import family_row, latency_rows, look_row
from outputs import Population, ranged_rows, regressed, rows_of
from recovered_rows import drops, recovered_row
from row import Row, simulated, text_of
from singles import mean_rows, proportion_rows, relative_rows
from unit_rows import duplicate_rows, group_mean_rows

from quantgate.domain.figures import METRICS
from simulate import END, PAGE, START

RUNS = 40


@pytest.mark.parametrize(
    "rows", [proportion_rows, mean_rows, ranged_rows, relative_rows, latency_rows]
)
def test_errors_of_single_candidates_are_at_most_nominal(rows):
    simulated_rows = list(rows(RUNS))
    assert [row for row in simulated_rows if row.exceeds] == []
    assert max(row.power for row in simulated_rows) > 0.8


@pytest.mark.parametrize(
    ("metric", "models", "truth"),
    [
        ("balanced_accuracy", classified(EVEN, EVEN / 5, 0.01), 0.01),
        ("roc_auc", ranked(1.5278, 0.3, 0.1), 0.0102),
        ("mean_iou", mapped(EVEN[:5] * 2), 0.0812),
        ("multilabel_f1_macro", marked, 0.0403),
    ],
)
def test_errors_over_classes_are_at_most_nominal(metric, models, truth):
    (row,) = simulated(metric, attempt_at(metric, models, 500), truth, 0.05, [0.05], RUNS)
    assert not row.exceeds
    assert row.power > 0.7


def test_errors_on_repeated_samples_and_groups_are_at_most_nominal():
    repeated, grouped = [*duplicate_rows(RUNS)], [*group_mean_rows(2 * RUNS)]
    assert [row for row in [*repeated, *grouped] if row.exceeds] == []
    assert max(row.power for row in grouped) > 0.8


@pytest.mark.parametrize("common", [0.0, 0.9])
def test_errors_of_several_candidates_are_at_most_nominal(common):
    for row in (family_row(4, common, 400, runs=40), look_row(2, common, 400, runs=40)):
        assert not row.exceeds


@pytest.mark.parametrize("metric", ["mae", "r2", "snr"])
def test_errors_of_scored_outputs_are_at_most_nominal(metric):
    population = Population.of(metric, regressed(2_000, 4))
    rows = list(rows_of(metric, population, (200,), RUNS))
    assert [row for row in rows if row.exceeds] == []
    assert min(row.power for row in rows) > 0.5


def test_recovery_does_not_raise_the_error_on_resampled_results():
    plain, recovered = drops()
    assert plain > recovered > 0
    for limit in (plain, recovered):
        assert not recovered_row(limit, 900, RUNS).exceeds


def test_a_greater_error_is_marked():
    bad = [Row("bad", 0.05, 0.2, 1_000), Row("bad", 0.1, 0.1, 1_000)]
    assert text_of(bad) == "| bad | .05, .1 | - / .200 EXCEEDS, - / .100 |  | 1,000 |"
    good = Row("good", 0.05, 0.05, 1_000, power=0.9, error_before=0.2)
    assert text_of([good]) == "| good | .05 | .200 / .050 | - / .900 | 1,000 |"


def test_every_metric_with_a_confidence_is_in_the_table():
    table = PAGE.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]
    names = [name for name, metric in METRICS.items() if metric.per_sample]
    assert [name for name in names if f"`{name}`" not in table] == []
    assert "EXCEEDS" not in table
