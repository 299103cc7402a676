"""The scatter plot of accuracy against size or latency, with the Pareto front and error bars."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
#: Left, bottom, width and height of the axes, as shares of the figure. They are fixed because a
#: layout engine would draw everything several times to find them.
AREA = (0.155, 0.205, 0.825, 0.775)
#: With more points, only the front, the winner and the baseline have names and error bars.
MOST_NAMED = 12
#: With more points, each is drawn smaller.
MOST_LARGE = 60
#: The axis is logarithmic if the largest cost is more than this many times the smallest.
WIDE_RATIO = 8.0


@dataclass(frozen=True)
class Plane:
    """The two figures of a scatter plot, and the decision that they are of.

    Attributes:
        decision: the decision whose candidates are drawn.
        cost: the figure on the horizontal axis, of which less is better.
        metric: the figure on the vertical axis.
    """

    decision: Decision
    cost: str
    metric: str

    @property
    def shows_size(self) -> bool:
        """True if the horizontal axis shows the model size, False if the latency."""
        return self.cost == SIZE.name

    @property
    def more_is_better(self) -> bool:
        """True if a greater metric is better."""
        return more_is_better(self.metric, self.decision)

    @property
    def bytes_per_unit(self) -> int:
        """The unit of the sizes: KiB or MiB."""
        return MIB if self.decision.baseline.measurements.get(SIZE.name, 0) >= MIB else KIB

    def position(self, cost: float) -> float:
        """Return the place of a cost on the horizontal axis."""
        return cost / self.bytes_per_unit if self.shows_size else cost

    def cost_text(self, position: float) -> str:
        """Return the cost at a place on the horizontal axis, with its unit."""
        if self.shows_size:
            return size_text(position * self.bytes_per_unit)
        return figure_text(self.cost, position)


def scatter(decision: Decision, cost: str, metric: str) -> str | None:
    """Return the plot as SVG, or None if fewer than two models have both figures.

    Args:
        decision: the decision whose candidates are drawn.
        cost: the figure on the horizontal axis, of which less is better.
        metric: the figure on the vertical axis.
    """
    plane = Plane(decision, cost, metric)
    points = list(_points(plane))
    if len(points) < 2:
        return None
    title = f"{metric} against {'size' if plane.shows_size else 'latency'}"
    return svg.drawn(
        f"scatter-{cost}",
        title,
        _in_words(points, plane),
        SIZE_INCHES,
        lambda figure: _draw(figure, points, plane),
    )


def _points(plane: Plane) -> Iterator[Point]:
    decision, cost, metric = plane.decision, plane.cost, plane.metric
    entries = [
        entry
        for entry in decision.entries
        if cost in entry.measurements and metric in entry.measurements
        if standing(entry, decision) in LOOKS
    ]
    front = _front(entries, plane)
    spreads = {s.candidate: s for s in decision.details.spreads if s.figure == metric}
    base = decision.baseline.measurements
    for entry in entries:
        spread = spreads.get(entry.name)
        yield Point(
            name=one_line(entry.name),
            standing=standing(entry, decision),
            x=plane.position(entry.measurements[cost]),
            y=entry.measurements[metric],
            y_ends=_around(base[metric], spread, decision) if spread and metric in base else None,
            x_ends=_times(entry.ratios.get(cost), base.get(cost)),
            on_front=entry.name in front,
        )


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
    better = "maximize" if plane.more_is_better else "minimize"
    objectives = [Objective(minimize=plane.cost), Objective.model_validate({better: plane.metric})]
    return pareto_front(figures, objectives)


def _in_words(points: Sequence[Point], plane: Plane) -> str:
    metric = metric_of(plane.metric, plane.decision.metrics) or plane.metric
    described = [
        f"{point.name} ({LOOKS[point.standing][3]}): {plane.cost_text(point.x)}, "
        f"{figure_text(metric, point.y)}"
        for point in points
        if _stands_out(point)
    ]
    listed = "; ".join(described)
    return f"{len(points)} models. The baseline, the winner and the Pareto front: {listed}."


def _draw(figure: Any, points: Sequence[Point], plane: Plane) -> None:
    axes = figure.add_axes(AREA)
    axes.grid(alpha=0.6, linewidth=0.6)
    axes.set_axisbelow(True)
    _scale(axes, points)
    _label(axes, plane)
    named = [point for point in points if len(points) <= MOST_NAMED or _stands_out(point)]
    _draw_front(axes, points, plane.more_is_better)
    _draw_bars(axes, named)
    _draw_marks(axes, points)
    axes.margins(0.12, 0.16)
    figure.legend(loc="lower center", ncol=5, fontsize=9, handletextpad=0.3, columnspacing=1)
    write_names(axes, points, named)


def _label(axes: Any, plane: Plane) -> None:
    size = f"size, {'MiB' if plane.bytes_per_unit == MIB else 'KiB'}"
    axes.set_xlabel(size if plane.shows_size else f"latency {short_name(plane.cost)}, ms")
    name = plane.metric
    axes.set_ylabel(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…")


def _stands_out(point: Point) -> bool:
    return point.on_front or point.standing in ("baseline", "winner")


def _scale(axes: Any, points: Sequence[Point]) -> None:
    least, most = min(point.x for point in points), max(point.x for point in points)
    if least > 0 and most / least > WIDE_RATIO:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")


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
            )
