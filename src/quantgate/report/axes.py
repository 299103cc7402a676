"""The figures that plots show, the limits on them, and the bounds of candidates."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from quantgate.domain.figures import MEDIAN, SIZE, is_slice, metric_of
from quantgate.domain.rules import RULES
from quantgate.records.decision import Decision, more_is_better
from quantgate.records.entries import Entry
from quantgate.records.verdicts import Verdict
from quantgate.wording.figures import short_name

#: The most plots of a cost, and the number that is filled up with size and latency.
MOST_COSTS, USUAL_COSTS = 4, 2
#: Limits that differ by no more, relatively, are drawn as one.
SAME = 1e-6


@dataclass(frozen=True)
class Edge:
    """A limit in the unit of its figure.

    Attributes:
        value: the last allowed value.
        is_floor: whether lower values are forbidden. Otherwise higher ones are.
    """

    value: float
    is_floor: bool


def costs_shown(decision: Decision) -> list[str]:
    """Return the figures to plot a metric against: those that objectives and limits name.

    Figures in which candidates do not differ are left out. Size and median latency come last, if
    fewer than `USUAL_COSTS` are left.
    """
    named = [*(objective.figure for objective in decision.choose), *decision.limits]
    costs = dict.fromkeys(name for name in named if _is_cost(name, decision))
    usual = {SIZE.name: None, MEDIAN.name: None}
    shown = [name for name in {**costs, **usual} if _differ(name, decision)]
    most = max(USUAL_COSTS, sum(name in costs for name in shown))
    return shown[: min(most, MOST_COSTS)]


def _is_cost(name: str, decision: Decision) -> bool:
    return not is_slice(name) and metric_of(name, decision.metrics) is None


def _differ(name: str, decision: Decision) -> bool:
    values = {e.measurements[name] for e in decision.entries if name in e.measurements}
    return len(values) > 1


def edges(decision: Decision, figure: str) -> list[Edge]:
    """Return the limits on a figure, without those that differ from candidate to candidate."""
    by_rule: dict[str, list[float]] = {}
    for entry in decision.candidates:
        for verdict in _on(entry, figure):
            by_rule.setdefault(verdict.rule, []).extend(_at(verdict.limit, verdict, decision))
    return [
        Edge(values[0], RULES[rule].higher_is_better)
        for rule, values in by_rule.items()
        if values and all(math.isclose(value, values[0], rel_tol=SAME) for value in values)
    ]


def bound_of(entry: Entry, figure: str, decision: Decision) -> float | None:
    """Return a candidate's confidence bound in the unit of the figure, None without one.

    The bound of the difference from the baseline precedes that of the figure itself.
    """
    bounds = (
        value
        for verdict in sorted(_on(entry, figure), key=lambda each: not RULES[each.rule].compares)
        if verdict.bound is not None and math.isfinite(verdict.bound)
        for value in _at(verdict.bound, verdict, decision)
    )
    return next(bounds, None)


def trade_off_text(decision: Decision, cost: str, metric: str) -> str:
    """Return the caption of the plot of a metric against a cost."""
    better = " and ".join(
        f"{'higher' if more_is_better(name, decision) else 'lower'} {short_name(name)}"
        for name in (cost, metric)
    )
    bars = [*_bars(decision, "Vertical", metric), *_bars(decision, "Horizontal", cost)]
    forbidden = edges(decision, cost) or edges(decision, metric)
    sentences = [
        f"{better.capitalize()} is better",
        *(["Shaded areas violate a limit"] if forbidden else []),
        *bars,
        "Dashed line: the Pareto front of the two",
    ]
    return ". ".join(sentences) + "."


def _bars(decision: Decision, side: str, figure: str) -> Iterator[str]:
    if any(bound_of(entry, figure, decision) is not None for entry in decision.candidates):
        yield f"{side} bars: to the bound at the limit's confidence"
    elif any(spread.figure == figure for spread in decision.details.spreads):
        yield f"{side} bars: 95 % interval of the difference from float32"
    elif any(figure in entry.ratios for entry in decision.candidates):
        yield f"{side} bars: 95 % interval of the ratio to float32"


def _on(entry: Entry, figure: str) -> Iterator[Verdict]:
    return (each for each in entry.verdicts if each.name == figure and not each.worst_of)


def _at(value: float, verdict: Verdict, decision: Decision) -> Iterator[float]:
    """Yield the figure at which a verdict's rule has a value, nothing if that is not known."""
    rule = RULES[verdict.rule]
    base = decision.baseline.measurements.get(verdict.name)
    if rule.compares and rule.unit is None and None not in (verdict.figure, verdict.value):
        # The samples of an early stop, or of a target, have a baseline of their own.
        base = (verdict.figure or 0.0) - rule.sign * (verdict.value or 0.0)
    if not rule.compares or base:
        yield rule.figure_at(value, base or 0.0)
