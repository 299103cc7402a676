"""The scatter plot of a metric against a cost: limits, Pareto front and bounds of candidates."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quantgate.components.gate import svg
from quantgate.components.gate.names import LOOKS, Point, write_names
from quantgate.components.gate.plane import Plane
from quantgate.components.gate.zones import FORBIDDEN, SHADE, draw_zones
from quantgate.decision.choice import pareto_front
from quantgate.domain.figures import METRICS, metric_of
from quantgate.records.decision import Decision
from quantgate.records.details import Spread
from quantgate.records.entries import Entry
from quantgate.records.tasks import Interval
from quantgate.report.axes import bound_of
from quantgate.report.identical import identical
from quantgate.report.table import standing
from quantgate.report.text import one_line
from quantgate.spec.model.choice import Objective
from quantgate.wording.figures import short_name

SIZE_INCHES = (5.4, 4.2)
#: Left, bottom, width and height of the axes, as shares of the figure. They are fixed because a
#: layout engine would draw everything several times to find them.
AREA = (0.155, 0.24, 0.8, 0.7)
#: With more points, only the front, the winner and the baseline have names and error bars.
MOST_NAMED = 12
#: With more points, each is drawn smaller.
MOST_LARGE = 60
#: With more entries, the legend has two rows.
MOST_IN_A_ROW = 5


def scatter(decision: Decision, cost: str, metric: str) -> str | None:
    """Return the plot as SVG, or None if fewer than two models have both figures.

    Args:
        decision: the decision whose candidates are drawn.
        cost: the figure on the horizontal axis.
        metric: the figure on the vertical axis.
    """
    plane = Plane(decision, cost, metric)
    points = list(_points(plane))
    if len(points) < 2:
        return None
    return svg.drawn(
        f"scatter-{cost}",
        f"{metric} against {short_name(cost)}",
        _in_words(points, plane),
        SIZE_INCHES,
        lambda figure: _draw(figure, points, plane),
    )


def _points(plane: Plane) -> Iterator[Point]:
    decision, cost, metric = plane.decision, plane.cost, plane.metric
    groups = [
        group
        for group in ([decision.baseline], *identical(decision))
        if cost in group[0].measurements and metric in group[0].measurements
        if standing(group[0], decision) in LOOKS
    ]
    front = _front([group[0] for group in groups], plane)
    for entry, *others in groups:
        yield Point(
            names=tuple(one_line(each.name) for each in (entry, *others)),
            standing=standing(entry, decision),
            x=plane.position(entry.measurements[cost]),
            y=entry.measurements[metric],
            y_ends=_heights(entry, plane),
            x_ends=_widths(entry, plane),
            on_front=entry.name in front,
        )


def _heights(entry: Entry, plane: Plane) -> tuple[float, float] | None:
    """Return the ends of a vertical bar: the limit's bound, or an interval of the difference."""
    decision, metric = plane.decision, plane.metric
    bound = bound_of(entry, metric, decision)
    if bound is not None:
        return _ordered(entry.measurements[metric], bound)
    base = decision.baseline.measurements.get(metric)
    spreads = (each for each in decision.details.spreads if each.figure == metric)
    spread = next((each for each in spreads if each.candidate == entry.name), None)
    return _around(base, spread, decision) if spread and base is not None else None


def _widths(entry: Entry, plane: Plane) -> tuple[float, float] | None:
    """Return the ends of a horizontal bar: the limit's bound, or an interval of the ratio."""
    bound = bound_of(entry, plane.cost, plane.decision)
    if bound is not None:
        ends = _ordered(entry.measurements[plane.cost], bound)
        return plane.position(ends[0]), plane.position(ends[1])
    base = plane.decision.baseline.measurements.get(plane.cost)
    return _times(entry.ratios.get(plane.cost), base)


def _ordered(one: float, other: float) -> tuple[float, float]:
    return min(one, other), max(one, other)


def _around(base: float, spread: Spread, decision: Decision) -> tuple[float, float]:
    """Return the baseline's figure plus the ends of a difference, within the metric's range."""
    figure = METRICS.get(metric_of(spread.figure, decision.metrics) or "")
    least, most = (figure.minimum, figure.maximum) if figure else (-math.inf, math.inf)
    return max(base + spread.low, least), min(base + spread.high, most)


def _times(ratio: Interval | None, base: float | None) -> tuple[float, float] | None:
    return (base * ratio.low, base * ratio.high) if ratio and base else None


def _front(entries: Sequence[Entry], plane: Plane) -> set[str]:
    figures: Mapping[str, Mapping[str, float]] = {
        entry.name: entry.measurements for entry in entries if entry.status == "measured"
    }
    objectives = [
        Objective.model_validate({"maximize" if more else "minimize": figure})
        for figure, more in (
            (plane.cost, plane.more_cost_is_better),
            (plane.metric, plane.more_is_better),
        )
    ]
    return pareto_front(figures, objectives)


def _in_words(points: Sequence[Point], plane: Plane) -> str:
    described = [
        f"{', '.join(point.names)} ({LOOKS[point.standing][3]}): {plane.cost_text(point.x)}, "
        f"{plane.metric_text(point.y)}"
        for point in points
        if _stands_out(point)
    ]
    listed = "; ".join(described)
    return f"{len(points)} models. The baseline, the winner and the Pareto front: {listed}."


def _draw(figure: Any, points: Sequence[Point], plane: Plane) -> None:
    axes = figure.add_axes(AREA)
    axes.grid(alpha=0.6, linewidth=0.6)
    axes.set_axisbelow(True)
    named = [point for point in points if len(points) <= MOST_NAMED or _stands_out(point)]
    draw_zones(axes, points, named, plane)
    _draw_front(axes, points, plane.more_is_better)
    _draw_bars(axes, named)
    _draw_marks(axes, points)
    _draw_legend(figure, axes)
    write_names(axes, points, named)


def _stands_out(point: Point) -> bool:
    return point.on_front or point.standing in ("baseline", "winner")


def _draw_legend(figure: Any, axes: Any) -> None:
    """Explain the marks, and the shade of forbidden zones last."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda place: labels[place] == FORBIDDEN)
    legend = figure.legend(
        [handles[place] for place in order],
        [labels[place] for place in order],
        loc="lower center",
        ncol=len(labels) if len(labels) <= MOST_IN_A_ROW else math.ceil(len(labels) / 2),
        fontsize=9,
        handletextpad=0.3,
        columnspacing=1,
    )
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        if text.get_text() == FORBIDDEN:
            handle.set(edgecolor=svg.BAD, linewidth=1, alpha=None)
            handle.set_facecolor((svg.BAD, SHADE))


def _draw_front(axes: Any, points: Sequence[Point], better: bool) -> None:
    """Draw the edge of the area that the front dominates, to the ends of the axes."""
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
        places = [(point.x, point.y) for point in points if point.standing == standing_]
        if places:
            axes.scatter(
                *zip(*places, strict=True),
                marker=mark,
                s=110 if mark == "*" else 38 if len(points) <= MOST_LARGE else 12,
                facecolor=colour if filled else svg.PAPER,
                edgecolor=colour,
                linewidth=1.3,
                zorder=4 if mark == "*" else 3,
                label=label,
                clip_on=False,
            )
