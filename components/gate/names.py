"""The points of a scatter plot: their marks, and the names beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quantgate.components.gate import svg

LONGEST_NAME = 28
#: The most points that names must not overlap.
MOST_AVOIDED = 120
#: Mark, colour, whether it is filled, and legend entry, by a candidate's standing.
LOOKS = {
    "baseline": ("D", svg.SOFT, False, "float32"),
    "winner": ("*", svg.GOOD, True, "winner"),
    "qualifies": ("o", svg.ACCENT, True, "qualifies"),
    "undecided": ("s", svg.FAIR, False, "undecided"),
    "unqualified": ("s", svg.SOFT, False, "does not qualify"),
    "misses": ("v", svg.BAD, False, "misses a limit"),
    "rejected": ("X", svg.BAD, False, "rejected"),
}
#: Places of a name beside its point, in order of preference: offset in points, and alignment.
_PLACES = (
    (8, 0, "left", "center"),
    (-8, 0, "right", "center"),
    (0, 9, "center", "bottom"),
    (0, -9, "center", "top"),
    (8, 11, "left", "center"),
    (8, -11, "left", "center"),
    (-8, 11, "right", "center"),
    (-8, -11, "right", "center"),
    (8, 22, "left", "center"),
    (8, -22, "left", "center"),
)


@dataclass(frozen=True)
class Point:
    """The baseline or identical candidates in the plot.

    Attributes:
        names: the candidates' names.
        standing: a key of `LOOKS`.
        x: the cost, in the unit of the axis.
        y: the metric.
        y_ends: ends of the vertical error bar, None without one.
        x_ends: ends of the horizontal error bar, None without one.
        on_front: whether it is on the Pareto front.
    """

    names: tuple[str, ...]
    standing: str
    x: float
    y: float
    y_ends: tuple[float, float] | None
    x_ends: tuple[float, float] | None
    on_front: bool


def write_names(axes: Any, points: Sequence[Point], named: Sequence[Point]) -> None:
    """Write names beside points, if there is room. Points at the same place share one label."""
    axes.autoscale_view()
    taken = [_box_around(axes, point) for point in points[:MOST_AVOIDED]]
    for same in _coinciding(named):
        names = [name for point in same for name in point.names]
        _place(axes, same[0], _label(names), taken)


def _label(names: Sequence[str]) -> str:
    text = ", ".join(names)
    if len(text) <= LONGEST_NAME:
        return text
    if len(names) == 1:
        return f"{text[: LONGEST_NAME - 1]}…"
    return f"{names[0]} and {len(names) - 1} more"


def _coinciding(points: Sequence[Point]) -> list[list[Point]]:
    groups: dict[tuple[str, str], list[Point]] = {}
    for point in sorted(points, key=lambda one: one.standing != "winner"):
        groups.setdefault((f"{point.x:.3g}", f"{point.y:.6g}"), []).append(point)
    return list(groups.values())


def _box_around(axes: Any, point: Point) -> Any:
    from matplotlib.transforms import Bbox

    x, y = axes.transData.transform((point.x, point.y))
    return Bbox.from_extents(x - 5, y - 5, x + 5, y + 5)


def _place(axes: Any, point: Point, text: str, taken: list[Any]) -> None:
    label = axes.annotate(
        text,
        (point.x, point.y),
        (0, 0),
        textcoords="offset points",
        fontsize=9,
        bbox={"facecolor": svg.PAPER, "alpha": 0.75, "edgecolor": "none", "pad": 0.6},
        color=LOOKS[point.standing][1] if point.standing == "winner" else svg.INK,
    )
    for *offset, horizontal, vertical in _PLACES:
        label.set(position=offset, horizontalalignment=horizontal, verticalalignment=vertical)
        box = label.get_window_extent()
        if _inside(box, axes) and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return
    label.remove()


def _inside(box: Any, axes: Any) -> bool:
    area = axes.get_window_extent()
    return bool(box.x0 >= area.x0 and box.x1 <= area.x1 and box.y0 >= area.y0 and box.y1 <= area.y1)
