"""The plots of the report, as inline SVG drawn by matplotlib."""

import logging
from collections.abc import Sequence
from typing import Any

from quantgate.components.gate import svg
from quantgate.components.gate.names import LONGEST_NAME
from quantgate.components.gate.scatter import scatter
from quantgate.records.decision import Decision, main_metric
from quantgate.records.details import Classes, Curves
from quantgate.records.sensitivity import Sensitivity
from quantgate.report import op_errors
from quantgate.report.axes import costs_shown
from quantgate.report.text import one_line

#: The most classes for which cells show their counts.
MOST_NUMBERED = 12
SQUARE, WIDE = (4.4, 4.2), (5.4, 2.4)
#: Characters of a class's name at an axis: longer ones are cut, shorter ones are not rotated.
LONGEST_CLASS, SHORT_CLASS = 14, 3
#: Width of a character, as a share of the plot.
CHARACTER = 0.0145

log = logging.getLogger(__name__)


def plots_of(decision: Decision) -> dict[str, str]:
    """Draw the plots that a decision has figures for, by the names that the page uses.

    Without matplotlib there are none.
    """
    if not svg.CAN_DRAW:
        log.warning("the report has no plots: pip install 'quantgate[report]'")
        return {}
    drawn = {
        **_scatters(decision),
        **_confusions(decision),
        **_curves(decision),
        **_op_errors(decision),
    }
    return {name: plot for name, plot in drawn.items() if plot}


def _scatters(decision: Decision) -> dict[str, str | None]:
    metric = main_metric(decision)
    if metric is None:
        return {}
    return {cost: scatter(decision, cost, metric) for cost in costs_shown(decision)}


def _confusions(decision: Decision) -> dict[str, str]:
    return {
        f"{whose} {place}": _confusion(classes, matrix, name, f"{whose}-{place}")
        for place, classes in enumerate(decision.details.classes)
        if classes.labels
        for whose, name, matrix in (
            ("baseline", "float32", classes.baseline),
            ("candidate", one_line(classes.candidate), classes.matrix),
        )
    }


def _confusion(classes: Classes, matrix: Sequence[Sequence[int]], name: str, key: str) -> str:
    hits = sum(row[place] for place, row in enumerate(matrix))
    return svg.drawn(
        f"confusion-{key}",
        f"Confusion matrix of {name}",
        f"{hits:,} of {classes.samples:,} samples have the right class of {classes.classes}. "
        "Rows are true classes, columns are predicted ones.",
        SQUARE,
        lambda figure: _draw_matrix(figure, matrix, classes.labels),
    )


def _draw_matrix(figure: Any, matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> None:
    from matplotlib.patches import Rectangle

    names = [_shortened(one_line(label)) for label in labels]
    edge = 0.085 + CHARACTER * max(map(len, names), default=0)
    axes = figure.add_axes((edge, edge, 0.98 - edge, 0.98 - edge), aspect="equal", anchor="NW")
    axes.spines[:].set_visible(False)
    for row, counts in enumerate(matrix):
        for column, count in enumerate(counts):
            if count:
                share = count / sum(counts)
                colour = svg.ACCENT if row == column else svg.BAD
                depth = 0.12 + 0.5 * (share if row == column else share**0.5)
                axes.add_patch(
                    Rectangle((column, row), 0.94, 0.94, color=colour, alpha=depth, lw=0)
                )
                if len(labels) <= MOST_NUMBERED:
                    _number(axes, row, column, count)
    _label(axes, names)


def _shortened(name: str, longest: int = LONGEST_CLASS) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _number(axes: Any, row: int, column: int, count: int) -> None:
    axes.text(column + 0.47, row + 0.5, f"{count}", ha="center", va="center", fontsize=7.5)


def _label(axes: Any, labels: Sequence[str]) -> None:
    step = -(-len(labels) // 16)
    upright = max(map(len, labels), default=0) > SHORT_CLASS
    places = [place + 0.5 for place in range(0, len(labels), step)]
    axes.set(xlim=(0, len(labels)), ylim=(len(labels), 0), xlabel="predicted", ylabel="true")
    axes.set_xticks(places, labels[::step], rotation=90 if upright else 0)
    axes.set_yticks(places, labels[::step])
    axes.tick_params(length=0, labelsize=8)
    axes.xaxis.label.set_size(9)
    axes.yaxis.label.set_size(9)


def _curves(decision: Decision) -> dict[str, str]:
    return {
        f"roc {place}": _roc(curves, place) for place, curves in enumerate(decision.details.curves)
    }


def _roc(curves: Curves, place: int) -> str:
    name = one_line(curves.candidate)
    return svg.drawn(
        f"roc-{place}",
        f"ROC curves of float32 and {name}",
        f"The true positive rate over the false positive rate, for {curves.figure}.",
        SQUARE,
        lambda figure: _draw_roc(figure, curves, name),
    )


def _draw_roc(figure: Any, curves: Curves, name: str) -> None:
    axes = figure.add_axes((0.13, 0.12, 0.84, 0.85), aspect="equal")
    axes.plot([0, 1], [0, 1], color=svg.LINE, linewidth=1)
    for points, colour, style, label in (
        (curves.baseline, svg.SOFT, (0, (4, 3)), "float32"),
        (curves.points, svg.ACCENT, "-", _shortened(name, LONGEST_NAME)),
    ):
        rates = [(point.false_positive_rate, point.true_positive_rate) for point in points]
        axes.plot(
            *zip(*rates, strict=True), color=colour, linestyle=style, linewidth=1.6, label=label
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="false positive rate")
    axes.set_ylabel("true positive rate")
    axes.legend(loc="lower right", fontsize=9)


def _op_errors(decision: Decision) -> dict[str, str]:
    entry = op_errors.shown(decision)
    sensitivity = entry.sensitivity if entry else None
    if entry is None or sensitivity is None or not sensitivity.ops:
        return {}
    plot = svg.drawn(
        "op-errors",
        f"The error that each op of {one_line(entry.name)} adds",
        op_errors.worst_text(sensitivity) or "No op adds an error.",
        WIDE,
        lambda figure: _draw_op_errors(figure, sensitivity),
    )
    return {"op errors": plot}


def _draw_op_errors(figure: Any, sensitivity: Sensitivity) -> None:
    axes = figure.add_axes((0.15, 0.2, 0.83, 0.75))
    places = range(1, len(sensitivity.ops) + 1)
    added = [max(0.0, 100 * each.added) for each in sensitivity.ops]
    worst = {id(each) for each in sensitivity.worst}
    colours = [svg.BAD if id(each) in worst else svg.ACCENT for each in sensitivity.ops]
    axes.bar(places, added, color=colours, width=0.8)
    axes.set(xlim=(0.4, len(added) + 0.6), xlabel="op, in the order in which they run")
    axes.set_ylabel("adds, in %")
    axes.set_ylim(0, 1.05 * max(added) or 1)
