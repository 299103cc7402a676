"""The axes of a scatter plot: their ranges, and the zones that limits forbid."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quantgate.components.gate import svg
from quantgate.components.gate.names import Point
from quantgate.components.gate.plane import Plane
from quantgate.report.axes import Edge, edges
from quantgate.wording.figures import short_name

#: The entry of the legend.
FORBIDDEN = "forbidden"
#: The opacity of a forbidden zone.
SHADE = 0.14
#: The horizontal axis is logarithmic if the largest cost is more than this many times the smallest.
WIDE_RATIO = 8.0
#: A limit is off the axis if showing it would make the axis this many times as long.
MOST_STRETCH_ACROSS, MOST_STRETCH_UP = 2.5, 5.0
#: The part of an axis beyond the outermost value.
MARGIN = 0.12
#: The most steps of the horizontal axis, so that the labels of small figures have room.
MOST_STEPS = 6


@dataclass(frozen=True)
class Span:
    """The range of an axis.

    Attributes:
        low: the lower end.
        high: the upper end.
        is_log: whether the axis is logarithmic.
        beyond: the limits that are off the axis.
    """

    low: float
    high: float
    is_log: bool = False
    beyond: tuple[float, ...] = ()

    @property
    def note(self) -> str:
        """The scale or the start of the axis, if a reader would expect another one."""
        if self.is_log:
            return "logarithmic"
        return f"axis starts at {self.low:.4g}" if self.low else ""


def draw_zones(axes: Any, points: Sequence[Point], named: Sequence[Point], plane: Plane) -> None:
    """Set the ranges and titles of the axes, and shade what limits forbid.

    Args:
        axes: the axes of matplotlib.
        points: all points.
        named: the points with bars.
        plane: the figures of the axes.
    """
    across, up = _limits_across(plane), edges(plane.decision, plane.metric)
    widths = [point.x_ends for point in named if point.x_ends]
    heights = [point.y_ends for point in named if point.y_ends]
    x = _span_across([point.x for point in points], widths, across)
    y = _span_up([point.y for point in points], heights, up)
    if x.is_log:
        axes.set_xscale("log")
    else:
        axes.locator_params(axis="x", nbins=MOST_STEPS)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set(xlim=(x.low, x.high), ylim=(y.low, y.high))
    axes.yaxis.get_major_formatter().set_useOffset(False)
    axes.set_xlabel(_titled(plane.cost_title, x))
    axes.set_ylabel(_titled(plane.metric_title, y))
    off = [
        *_off_axis(short_name(plane.cost), x, plane.cost_text),
        *_off_axis(plane.metric_title, y, plane.metric_text),
    ]
    axes.set_title(", ".join(off), loc="right", fontsize=9, color=svg.BAD)
    label: str | None = FORBIDDEN
    for edge in (edge for edge in across if edge.value not in x.beyond):
        axes.axvspan(*_forbidden(edge, x), **_shade(label))
        axes.axvline(edge.value, color=svg.BAD, linewidth=1)
        label = None
    for edge in (edge for edge in up if edge.value not in y.beyond):
        axes.axhspan(*_forbidden(edge, y), **_shade(label))
        axes.axhline(edge.value, color=svg.BAD, linewidth=1)
        label = None


def _limits_across(plane: Plane) -> list[Edge]:
    limits = edges(plane.decision, plane.cost)
    return [Edge(plane.position(limit.value), limit.is_floor) for limit in limits]


def _off_axis(title: str, span: Span, text: Callable[[float], str]) -> Iterator[str]:
    for limit in span.beyond[:1]:
        yield f"the limit of {title}, {text(limit)}, is off the axis"


def _titled(title: str, span: Span) -> str:
    return f"{title} ({span.note})" if span.note else title


def _forbidden(edge: Edge, span: Span) -> tuple[float, float]:
    return (span.low, edge.value) if edge.is_floor else (edge.value, span.high)


def _shade(label: str | None) -> dict[str, Any]:
    return {"color": svg.BAD, "alpha": SHADE, "linewidth": 0, "zorder": 0, "label": label}


def _span_across(
    values: Sequence[float], ends: Sequence[tuple[float, float]], limits: Sequence[Edge]
) -> Span:
    """Return a range from 0 on, or a logarithmic one for values of several magnitudes."""
    if 0 < min(values) * WIDE_RATIO < max(values):
        return _logarithmic(values, limits)
    return _linear(values, ends, limits, min(values) >= 0, MOST_STRETCH_ACROSS)


def _logarithmic(values: Sequence[float], limits: Sequence[Edge]) -> Span:
    low, high = min(values), max(values)
    stretch = (high / low) ** MOST_STRETCH_ACROSS
    shown = {e.value: e.value > 0 and low / stretch < e.value < high * stretch for e in limits}
    inside = [*values, *(value for value, is_shown in shown.items() if is_shown)]
    factor = (max(inside) / min(inside)) ** MARGIN
    off = tuple(value for value, is_shown in shown.items() if not is_shown)
    return Span(min(inside) / factor, max(inside) * factor, is_log=True, beyond=off)


def _span_up(
    values: Sequence[float], ends: Sequence[tuple[float, float]], limits: Sequence[Edge]
) -> Span:
    """Return a range from 0 on if that leaves room to distinguish the values."""
    lowest = min(_all(values, ends))
    spread = max(_all(values, ends)) - lowest
    return _linear(values, ends, limits, 0 <= lowest <= spread, MOST_STRETCH_UP)


def _linear(
    values: Sequence[float],
    ends: Sequence[tuple[float, float]],
    limits: Sequence[Edge],
    from_zero: bool,
    stretch: float,
) -> Span:
    measured = [*_all(values, ends), *([0.0] if from_zero else [])]
    low, high = min(measured), max(measured)
    length = (high - low) or abs(high) or 1.0
    reach = length * stretch
    near = [edge.value for edge in limits if high - reach <= edge.value <= low + reach]
    low, high = min(low, *near, low), max(high, *near, high)
    margin = MARGIN * ((high - low) or length)
    start = 0.0 if from_zero and low >= 0 else low - margin
    return Span(start, high + margin, beyond=_without(limits, near))


def _without(limits: Sequence[Edge], near: Sequence[float]) -> tuple[float, ...]:
    return tuple(edge.value for edge in limits if edge.value not in near)


def _all(values: Sequence[float], ends: Sequence[tuple[float, float]]) -> Iterator[float]:
    yield from values
    for pair in ends:
        yield from pair
