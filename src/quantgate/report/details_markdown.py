"""Additional sections of the Markdown report: promises, classes, ops and calibration ranges."""

from collections.abc import Iterator

from quantgate.records.decision import Decision
from quantgate.report import op_errors
from quantgate.report.marked import as_text, texts
from quantgate.report.particulars import (
    SAMPLE_TITLES,
    attested_by_names,
    attested_row,
    changed_text,
    changed_title,
    class_rows,
    class_text,
    range_rows,
    range_text,
    sample_rows,
)
from quantgate.report.promises import Kept, promises
from quantgate.report.text import NOTHING

MOST_CLASSES = 5


def sections(decision: Decision) -> Iterator[list[str]]:
    """Yield each section as lines, empty if there is nothing to show."""
    details = decision.details
    yield _section("Promised and measured", _promises(decision))
    for classes in details.classes:
        titles = ("class", "samples", "float32", "candidate", "change")
        rows = texts(titles, class_rows(classes)[:MOST_CLASSES])
        yield _section("Classes", [as_text(class_text(classes)), "", *rows])
    for changed in details.changed:
        title, note = changed_title(changed, details), as_text(changed_text(changed))
        yield _section(as_text(title), [note, "", *texts(SAMPLE_TITLES, sample_rows(changed))])
    yield _section("Ops", _attested(decision))
    yield _section(op_errors.TITLE, _op_errors(decision))
    if details.ranges:
        suspicious = [row for row in range_rows(details.ranges) if row[3]]
        columns = ("tensor", "minimum", "maximum", "suspicion")
        table = ["", *texts(columns, suspicious)] if suspicious else []
        yield _section("Calibration ranges", [as_text(range_text(details.ranges)), *table])


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *lines] if lines else []


def _promises(decision: Decision) -> list[str]:
    rows = [_promise(kept) for kept in promises(decision)]
    titles = ("candidate", "LiteRT's guide", "measured")
    return texts(titles, rows) if rows else []


def _promise(kept: Kept) -> tuple[str, str, str]:
    promise = ", ".join(text for text in (kept.promise.size, kept.promise.speed) if text)
    measured = [f"{kept.size} smaller"]
    if kept.speed != NOTHING:
        measured.append(f"{kept.speed} speed")
    return kept.name, promise, ", ".join(measured)


def _attested(decision: Decision) -> list[str]:
    titles = ("candidate", "computes in", "ops in float", "MACs in float", "in float, by op")
    rows = [
        (names, *(text or NOTHING for text in attested_row(attested)))
        for names, attested in attested_by_names(decision)
    ]
    return texts(titles, rows) if rows else []


def _op_errors(decision: Decision) -> list[str]:
    entry = op_errors.shown(decision)
    if entry is None or entry.sensitivity is None:
        return []
    note = as_text(op_errors.note(entry.name, entry.sensitivity))
    return [note, "", *texts(op_errors.COLUMNS, op_errors.rows(entry.sensitivity))]
