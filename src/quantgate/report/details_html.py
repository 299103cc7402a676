"""Additional sections of the HTML report: promises, classes, curves, ops, tensors, ranges."""

from collections.abc import Iterator, Mapping
from html import escape

from quantgate.records.decision import Decision
from quantgate.records.details import Attested, ChangedSamples, Classes, Curves
from quantgate.report import op_errors
from quantgate.report.particulars import (
    SAMPLE_TITLES,
    attested_by_names,
    attested_row,
    changed_text,
    changed_title,
    class_rows,
    class_text,
    confusion_rows,
    range_rows,
    range_text,
    sample_rows,
    tensor_rows,
)
from quantgate.report.parts import Section, figure, figures, header_cell, plain_table, table, td
from quantgate.report.promises import Kept, promises
from quantgate.report.text import NOTHING, one_line

_PROMISED = (
    "The measured size and speed of each candidate relative to float32, next to the promise of "
    "LiteRT's guide to post-training quantization for its mode. The promised sizes are about "
    "weights. In a small model the rest of the file matters, too. Speed depends on the processor."
)
_ATTESTED = (
    "Ops of each converted model by the type they compute in, and the ops left in float with their "
    "share of the multiply-accumulates (MACs). Hybrid ops have int8 weights and float activations."
)
_ENDS = "Tensors of the model's signatures. real value = (integer - zero point) * scale"


def sections(decision: Decision, plots: Mapping[str, str]) -> Iterator[Section]:
    """Yield each section, with an empty body if there is nothing to show."""
    details = decision.details
    yield Section("Promised and measured", _promises(decision), _PROMISED, folded=True)
    for index, classes in enumerate(details.classes):
        several = f" ({one_line(classes.figure)})" if len(details.classes) > 1 else ""
        body, note = _classes(classes, index, plots), class_text(classes)
        yield Section(f"Classes{several}", body, note, folded=True)
    for index, changed in enumerate(details.changed):
        title, body = changed_title(changed, details), _changed(changed, index, plots)
        yield Section(title, body, changed_text(changed), folded=True)
    for index, curves in enumerate(details.curves):
        yield Section("ROC curve", _curves(curves, plots.get(f"roc {index}")), folded=True)
    yield Section("Ops", _attested(decision), _ATTESTED, folded=True)
    yield _op_errors(decision, plots)
    yield Section("Inputs and outputs", _ends(decision), _ENDS, folded=True)
    if details.ranges:
        columns = 4 if details.ranges.suspicious else 3
        titles = ("tensor", "minimum", "maximum", "suspicion")[:columns]
        rows = (row[:columns] for row in range_rows(details.ranges))
        body = plain_table(titles, rows, range(1, 3), compact=True)
        yield Section("Calibration ranges", body, range_text(details.ranges), folded=True)


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
    return td(title, f"<span>{escape(text)}</span>", "number kept" if is_kept else "number")


def _classes(classes: Classes, index: int, plots: Mapping[str, str]) -> str:
    matrices = figures(
        [
            figure(plots.get(f"baseline {index}"), "float32"),
            figure(plots.get(f"candidate {index}"), one_line(classes.candidate)),
        ]
    )
    changes = plain_table(
        ("class", "samples", "float32", "candidate", "change"),
        class_rows(classes),
        range(1, 5),
        compact=True,
    )
    confused = plain_table(
        ("class predicted as another", "float32", "candidate", "change"),
        confusion_rows(classes),
        range(1, 4),
        compact=True,
    )
    return f'{matrices}<div class="columns">{changes}{confused}</div>'


def _changed(changed: ChangedSamples, index: int, pictures: Mapping[str, str]) -> str:
    """Return the pictures of samples, or else their names in a table."""
    named = [
        (pictures.get(f"sample {index} {number}", ""), *row)
        for number, row in enumerate(sample_rows(changed))
    ]
    shown = "".join(_picture(*each) for each in named if each[0])
    others = [row for picture, *row in named if not picture]
    gallery = f'<div class="gallery">{shown}</div>' if shown else ""
    return gallery + (plain_table(SAMPLE_TITLES, others, compact=True) if others else "")


def _picture(picture: str, name: str, right: str, chosen: str) -> str:
    classes = f"<br>true {escape(right)}, predicted {escape(chosen)}" if right != NOTHING else ""
    return f"<figure>{picture}<figcaption>{escape(name)}{classes}</figcaption></figure>"


def _curves(curves: Curves, plot: str | None) -> str:
    caption = f"{one_line(curves.figure)}: {one_line(curves.candidate)} and float32"
    return figures([figure(plot, caption)])


def _attested(decision: Decision) -> str:
    titles = ("candidate", "computes in", "ops in float", "MACs in float", "in float, by op")
    lines = (_ops(names, attested, titles) for names, attested in attested_by_names(decision))
    return table(titles, lines, range(2, 4))


def _ops(names: str, attested: Attested, titles: tuple[str, ...]) -> str:
    arithmetics, ops, macs, by_op = attested_row(attested)
    cells = [
        td(titles[1], f"<span>{escape(arithmetics)}</span>"),
        td(titles[2], escape(ops), "number"),
        td(titles[3], escape(macs), "number"),
        td(titles[4], f"<span>{escape(by_op or NOTHING)}</span>"),
    ]
    return f"<tr>{header_cell(names)}{''.join(cells)}</tr>"


def _op_errors(decision: Decision, plots: Mapping[str, str]) -> Section:
    entry = op_errors.shown(decision)
    if entry is None or entry.sensitivity is None:
        return Section(op_errors.TITLE, "")
    plot = figures([figure(plots.get("op errors"), "The error that each op adds, in their order")])
    body = plain_table(op_errors.COLUMNS, op_errors.rows(entry.sensitivity), range(2, 5))
    return Section(
        op_errors.TITLE, plot + body, op_errors.note(entry.name, entry.sensitivity), folded=True
    )


def _ends(decision: Decision) -> str:
    titles = ("", "name", "shape", "dtype", "scale", "zero point")
    rows = tensor_rows(decision.details.inputs, decision.details.outputs)
    return plain_table(titles, rows, range(4, 6))
