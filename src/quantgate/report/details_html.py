"""The sections of the HTML report that no verdict rests on."""

from collections.abc import Iterator, Mapping
from html import escape

from quantgate.records.decision import Decision
from quantgate.records.details import Attested, Classes, Curves
from quantgate.report.particulars import (
    attested_row,
    class_rows,
    class_text,
    confusion_rows,
    range_rows,
    range_text,
    tensor_rows,
)
from quantgate.report.parts import figure, figures, header_cell, plain_table, section, table, td
from quantgate.report.promises import Kept, promises
from quantgate.report.text import NOTHING, one_line

_PROMISED = (
    "How many times smaller and faster a model became, beside what LiteRT's guide to post-training "
    "quantization says of its mode. The guide speaks of weights: on a small model the rest of the "
    "file counts, and speed depends on the processor."
)
_ATTESTED = (
    "What was delivered, read from the model: what its ops compute in, and those that were left in "
    "float, with their share of the multiply-accumulates (MACs). Hybrid ops have int8 weights and "
    "float activations."
)
_ENDS = "What has to be fed in and comes out; real value = (integer - zero point) * scale."


def sections(decision: Decision, plots: Mapping[str, str]) -> Iterator[str]:
    """Each section, empty where there is nothing to show."""
    details = decision.details
    yield section("Promised and measured", _promises(decision), _PROMISED)
    for place, found in enumerate(details.classes):
        several = f" ({one_line(found.figure)})" if len(details.classes) > 1 else ""
        yield section(f"Classes{several}", _classes(found, place, plots), class_text(found))
    for place, curves in enumerate(details.curves):
        yield section("ROC curve", _curves(curves, plots.get(f"roc {place}")))
    yield section("Ops", _attested(decision), _ATTESTED)
    yield section("Inputs and outputs", _ends(decision), _ENDS)
    if details.ranges:
        columns = 4 if details.ranges.suspicious else 3
        titles = ("tensor", "least", "greatest", "suspicion")[:columns]
        rows = (row[:columns] for row in range_rows(details.ranges))
        body = plain_table(titles, rows, range(1, 3), compact=True)
        yield section("Calibration ranges", body, range_text(details.ranges))


def _promises(decision: Decision) -> str:
    titles = ("candidate", "promised size", "measured", "promised speed", "measured")
    return table(titles, (_promise(kept, titles) for kept in promises(decision)), range(1, 5))


def _promise(kept: Kept, titles: tuple[str, ...]) -> str:
    cells = [
        td(titles[1], escape(kept.promise.size), "number"),
        _measured(titles[2], kept.size, kept.smaller),
        td(titles[3], escape(kept.promise.speed or NOTHING), "number"),
        _measured(titles[4], kept.speed, kept.faster),
    ]
    return f"<tr>{header_cell(kept.name)}{''.join(cells)}</tr>"


def _measured(title: str, text: str, is_kept: bool | None) -> str:
    kind, mark = ("", "") if is_kept is None else ("kept", "✓ ") if is_kept else ("open", "✗ ")
    return td(title, f"<span>{mark}{escape(text)}</span>", f"number {kind}")


def _classes(found: Classes, place: int, plots: Mapping[str, str]) -> str:
    matrices = figures(
        [
            figure(plots.get(f"baseline {place}"), "float32"),
            figure(plots.get(f"candidate {place}"), one_line(found.candidate)),
        ]
    )
    changes = plain_table(
        ("class", "samples", "float32", "candidate", "change"),
        class_rows(found),
        range(1, 5),
        compact=True,
    )
    confused = plain_table(
        ("class taken for another", "float32", "candidate", "change"),
        confusion_rows(found),
        range(1, 4),
        compact=True,
    )
    return f'{matrices}<div class="columns">{changes}{confused}</div>'


def _curves(found: Curves, plot: str | None) -> str:
    caption = f"{one_line(found.figure)}: {one_line(found.candidate)} against float32"
    return figures([figure(plot, caption)])


def _attested(decision: Decision) -> str:
    titles = ("candidate", "computes in", "ops in float", "MACs in float", "in float, by op")
    lines = (_ops(found, titles) for found in decision.details.attested)
    return table(titles, lines, range(2, 4))


def _ops(found: Attested, titles: tuple[str, ...]) -> str:
    arithmetics, ops, macs, by_op = attested_row(found)
    cells = [
        td(titles[1], f"<span>{escape(arithmetics)}</span>"),
        td(titles[2], escape(ops), "number"),
        td(titles[3], escape(macs), "number"),
        td(titles[4], f"<span>{escape(by_op or NOTHING)}</span>"),
    ]
    return f"<tr>{header_cell(one_line(found.candidate))}{''.join(cells)}</tr>"


def _ends(decision: Decision) -> str:
    titles = ("", "name", "shape", "dtype", "scale", "zero point")
    rows = tensor_rows(decision.details.inputs, decision.details.outputs)
    return plain_table(titles, rows, range(4, 6))
