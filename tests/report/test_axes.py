"""Plots show the figures that a spec names, its limits in their units, and the limits' bounds."""

import pytest

from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.report.axes import Edge, bound_of, costs_shown, edges, trade_off_text


def with_values(decision: Decision, name: str, values: list[float]) -> Decision:
    def measured(entry: Entry, value: float) -> Entry:
        return entry.model_copy(update={"measurements": {**entry.measurements, name: value}})

    return decision.model_copy(
        update={"candidates": list(map(measured, decision.candidates, values))}
    )


def test_axes_are_those_that_objectives_and_limits_name(winner: Decision) -> None:
    assert costs_shown(winner) == ["size_bytes", "latency_p95_ms"]
    arena = with_values(winner, "mcu_arena_bytes", [float(size) for size in range(7)])
    named = arena.model_copy(update={"choose": [], "limits": {"mcu_arena_bytes": {"max": 9}}})
    assert costs_shown(named) == ["mcu_arena_bytes", "size_bytes"]


def test_a_figure_in_which_no_candidate_differs_is_no_axis(winner: Decision) -> None:
    runs = with_values(winner, "mcu_runs", [1.0] * 7)
    named = runs.model_copy(update={"choose": [], "limits": {"mcu_runs": {"min": 1}}})
    assert costs_shown(named) == ["size_bytes", "latency_p50_ms"]


def test_limits_are_in_the_unit_of_their_figure(winner: Decision) -> None:
    baseline = winner.baseline.measurements
    assert edges(winner, "size_bytes") == [Edge(0.65 * baseline["size_bytes"], is_floor=False)]
    assert edges(winner, "latency_p95_ms") == [Edge(10.0, is_floor=False)]
    (edge,) = edges(winner, "top1")
    assert edge.is_floor
    assert edge.value == pytest.approx(baseline["top1"] - 0.01)


def test_a_limit_that_differs_between_candidates_is_not_drawn(winner: Decision) -> None:
    """A candidate that stopped early is compared with the baseline on its own samples."""
    stopped, *others = winner.candidates
    verdicts = [
        verdict.model_copy(update={"figure": 0.95}) if verdict.name == "top1" else verdict
        for verdict in stopped.verdicts
    ]
    candidates = [stopped.model_copy(update={"verdicts": verdicts}), *others]
    assert edges(winner.model_copy(update={"candidates": candidates}), "top1") == []


def test_a_bound_is_that_of_the_verdict(winner: Decision) -> None:
    entry = winner.candidates[0]
    bound = bound_of(entry, "top1", winner)
    assert bound == pytest.approx(entry.measurements["top1"] + 0.0001 - 0.00071837449)
    assert bound_of(entry, "size_bytes", winner) is None


def test_a_caption_says_what_bars_and_shades_are(winner: Decision) -> None:
    assert trade_off_text(winner, "size_bytes", "top1") == (
        "Lower size and higher top1 is better. Shaded areas violate a limit. Vertical bars: to the "
        "bound at the limit's confidence. Dashed line: the Pareto front of the two."
    )
