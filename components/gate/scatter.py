"""Accuracy against size or latency: every candidate, the Pareto front, and error bars."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quantgate.components.gate import svg
from quantgate.components.gate.names import LONGEST_NAME, LOOKS, Point, write_names
from quantgate.decision.choice import pareto_front
from quantgate.domain.figures import METRICS, SIZE, metric_of
from quantgate.records.decision import Decision, Entry, more_is_better
from quantgate.records.details import Spread
from quantgate.records.tasks import Interval
from quantgate.report.table import standing
from quantgate.report.text import one_line
from quantgate.spec.model.choice import Objective
from quantgate.wording.figures import KIB, MIB, figure_text, short_name, size_text

SIZE_INCHES = (5.4, 3.9)
#: Left, bottom, width and height of the axes, in shares of the figure. A layout engine would draw
#: everything several times to find them.
AREA = (0.155, 0.205, 0.825, 0.775)
#: With more candidates only the front, the winner and the baseline are named and have error bars.
MOST_NAMED = 12
#: More points are drawn smaller.
MOST_LARGE = 60
#: Beyond this ratio of the largest to the smallest, the axis is logarithmic.
WIDE_RATIO = 8.0


def scatter(decision: Decision, cost: str, metric: str) -> str | None:
    """The plot, as SVG; None where fewer than two models have both figures.

    Args:
        decision: whose candidates to draw.
        cost: the figure along the horizontal axis, of which less is better.
        metric: the figure along the vertical one.
    """
    points = list(_points(decision, cost, metric))
    if len(points) < 2:
        return None
    title = f"{metric} against {'size' if cost == SIZE.name else 'latency'}"
    return svg.drawn(
        f"scatter-{cost}",
        title,
        _in_words(points, cost, decision, metric),
        SIZE_INCHES,
        lambda figure: _draw(figure, points, cost, decision, metric),
    )


def _points(decision: Decision, cost: str, metric: str) -> Iterator[Point]:
    entries = [
        entry
        for entry in decision.entries
        if cost in entry.measurements and metric in entry.measurements
        if standing(entry, decision) in LOOKS
    ]
    front = _front(entries, cost, metric, decision)
    spreads = {s.candidate: s for s in decision.details.spreads if s.figure == metric}
    base = decision.baseline.measurements.get(metric)
    for entry in entries:
        spread = spreads.get(entry.name)
        yield Point(
            name=one_line(entry.name),
            standing=standing(entry, decision),
            x=_scaled(cost, entry.measurements[cost], decision),
            y=entry.measurements[metric],
            y_ends=_around(base, spread, decision) if spread and base is not None else None,
            x_ends=_times(entry.ratios.get(cost), decision.baseline.measurements.get(cost)),
            on_front=entry.name in front,
        )


def _around(base: float, spread: Spread, decision: Decision) -> tuple[float, float]:
    """The baseline's figure and a difference, no further than the figure can go."""
    figure = METRICS.get(metric_of(spread.figure, decision.metrics) or "")
    least, most = (figure.least, figure.most) if figure else (-math.inf, math.inf)
    return max(base + spread.low, least), min(base + spread.high, most)


def _times(ratio: Interval | None, base: float | None) -> tuple[float, float] | None:
    return (base * ratio.low, base * ratio.high) if ratio and base else None


def _scaled(cost: str, value: float, decision: Decision) -> float:
    return value / _unit(decision) if cost == SIZE.name else value


def _unit(decision: Decision) -> int:
    return MIB if decision.baseline.measurements.get(SIZE.name, 0) >= MIB else KIB


def _front(entries: Sequence[Entry], cost: str, metric: str, decision: Decision) -> set[str]:
    figures: Mapping[str, Mapping[str, float]] = {
        entry.name: entry.measurements for entry in entries if entry.status == "measured"
    }
    better = "maximize" if more_is_better(metric, decision) else "minimize"
    objectives = [Objective(minimize=cost), Objective.model_validate({better: metric})]
    return pareto_front(figures, objectives)


def _in_words(points: Sequence[Point], cost: str, decision: Decision, metric: str) -> str:
    told = [
        f"{point.name} ({LOOKS[point.standing][3]}): {_number(point.x, cost, decision)}, "
        f"{figure_text(metric_of(metric, decision.metrics) or metric, point.y)}"
        for point in points
        if point.standing in ("baseline", "winner") or point.on_front
    ]
    return (
        f"{len(points)} models; the baseline, the winner and the Pareto front: {'; '.join(told)}."
    )


def _number(x: float, cost: str, decision: Decision) -> str:
    return size_text(x * _unit(decision)) if cost == SIZE.name else figure_text(cost, x)


def _draw(figure: Any, points: Sequence[Point], cost: str, decision: Decision, metric: str) -> None:
    axes = figure.add_axes(AREA)
    axes.grid(alpha=0.6, linewidth=0.6)
    axes.set_axisbelow(True)
    _scale(axes, points)
    size = f"size, {'MiB' if _unit(decision) == MIB else 'KiB'}"
    axes.set_xlabel(size if cost == SIZE.name else f"latency {short_name(cost)}, ms")
    axes.set_ylabel(metric if len(metric) <= LONGEST_NAME else f"{metric[: LONGEST_NAME - 1]}…")
    named = [point for point in points if len(points) <= MOST_NAMED or _stands_out(point)]
    _draw_front(axes, points, more_is_better(metric, decision))
    _draw_bars(axes, named)
    _draw_marks(axes, points)
    axes.margins(0.12, 0.16)
    figure.legend(loc="lower center", ncol=5, fontsize=9, handletextpad=0.3, columnspacing=1)
    write_names(axes, points, named)


def _stands_out(point: Point) -> bool:
    return point.on_front or point.standing in ("baseline", "winner")


def _scale(axes: Any, points: Sequence[Point]) -> None:
    least, most = min(point.x for point in points), max(point.x for point in points)
    if least > 0 and most / least > WIDE_RATIO:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")


def _draw_front(axes: Any, points: Sequence[Point], better: bool) -> None:
    """Draw the edge of what the front dominates, to the ends of the axes."""
    front = sorted({(point.x, point.y) for point in points if point.on_front})
    if not front:
        return
    bottom, right = min(point.y for point in points), max(point.x for point in points)
    worst = bottom if better else max(point.y for point in points)
    axes.step(
        [front[0][0], *(x for x, _ in front), right],
        [worst, *(y for _, y in front), front[-1][1]],
        where="post",
        color=svg.SOFT,
        linewidth=1,
        linestyle=(0, (4, 3)),
    )


def _draw_bars(axes: Any, points: Sequence[Point]) -> None:
    for point in points:
        colour = LOOKS[point.standing][1]
        if point.y_ends:
            axes.vlines(point.x, *point.y_ends, color=colour, linewidth=1, alpha=0.55)
        if point.x_ends:
            axes.hlines(point.y, *point.x_ends, color=colour, linewidth=1, alpha=0.55)


def _draw_marks(axes: Any, points: Sequence[Point]) -> None:
    for standing_, (mark, colour, filled, label) in LOOKS.items():
        found = [(point.x, point.y) for point in points if point.standing == standing_]
        if found:
            axes.scatter(
                *zip(*found, strict=True),
                marker=mark,
                s=110 if mark == "*" else 38 if len(points) <= MOST_LARGE else 12,
                facecolor=colour if filled else svg.PAPER,
                edgecolor=colour,
                linewidth=1.3,
                zorder=4 if mark == "*" else 3,
                label=label,
            )
