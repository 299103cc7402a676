"""The report as a table for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from quantgate.domain.warnings import Warned
from quantgate.records.decision import Decision
from quantgate.report.overview import notes, pareto_text, worst_slices
from quantgate.report.particulars import changes_text, suspicion_text
from quantgate.report.table import Cell, Row, beside_text, figures_shown, rows
from quantgate.report.text import one_line
from quantgate.report.ways_out import advice_items
from quantgate.wording.figures import short_name

# Colours only repeat the words, for people who cannot see them.
_STYLES: Mapping[str, str] = MappingProxyType(
    {
        "baseline": "dim",
        "winner": "bold green",
        "qualifies": "green",
        "misses": "yellow",
        "undecided": "yellow",
        "unqualified": "yellow",
        "rejected": "red",
        "unchanged": "dim",
        "failed": "red",
    }
)
# Terminals of at least this width show a value and its comparison on one line.
WIDE_COLUMNS = 100
ENDLESS_COLUMNS = 10_000
# Names of modes are at most this long and do not wrap on 80 columns. Longer names may wrap.
WIDEST_NAME = 24


def render(decision: Decision, console: Console) -> None:
    """Print the candidates with their metrics and verdicts, the reasons, and the decision."""
    for doubt in decision.doubted:
        _print_item(console, _label("Doubtful", doubt), one_line(doubt.message), "bold red")
    separator = " " if console.width >= WIDE_COLUMNS else "\n"
    lines = rows(decision)
    if _fits(lines, decision, separator, console):
        console.print(_table(lines, decision, separator))
    else:
        _print_list(lines, decision, console)
    for label, text in _items(decision):
        _print_item(console, label, text)
    console.print()
    style = "bold green" if decision.outcome == "winner" else "bold yellow"
    _print_item(console, f"{one_line(decision.name)}: ", one_line(decision.summary), style)


def _items(decision: Decision) -> Iterator[tuple[str, str]]:
    """Yield labels and texts of the items below the table."""
    for name, worst in worst_slices(decision):
        yield f"Worst slice, {name}: ", worst
    for name, note in notes(decision):
        yield f"{name}: ", note
    yield from ((f"{label}: ", text) for label, text in _details(decision) if text)
    for warning in decision.other_warnings:
        yield _label("Warning", warning), one_line(warning.message)
    yield from (("Advice: ", advice) for advice in advice_items(decision))


def _label(word: str, warning: Warned) -> str:
    return f"{word} ({one_line(warning.id)}): " if warning.id else f"{word}: "


def _details(decision: Decision) -> Iterator[tuple[str, str]]:
    """Yield labels and texts of one line each. A text is empty if there is nothing to say."""
    yield "Pareto front", pareto_text(decision)
    for classes in decision.details.classes:
        yield f"Correct by class ({one_line(classes.figure)})", changes_text(classes)
    yield "Calibration", suspicion_text(decision.details.ranges)
    yield "Also measured", beside_text(decision)


def _table(lines: Sequence[Row], decision: Decision, separator: str) -> Table:
    longest = max(len(name) for row in lines for name in row.names)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("candidate", overflow="fold", no_wrap=longest <= WIDEST_NAME)
    for figure in figures_shown(decision):
        table.add_column(short_name(figure), justify="right", overflow="fold")
    table.add_column("verdict", overflow="fold")
    for row in lines:
        table.add_row(*_cells(row, separator))
    return table


def _fits(lines: Sequence[Row], decision: Decision, separator: str, console: Console) -> bool:
    """Return whether the table fits without breaking words, except for long names."""
    table = _table([_with_short_names(row) for row in lines], decision, separator)
    endless = console.options.update(max_width=ENDLESS_COLUMNS)
    return console.measure(table, options=endless).minimum <= console.width


def _with_short_names(row: Row) -> Row:
    return replace(row, names=tuple(name[:WIDEST_NAME] for name in row.names))


def _print_list(lines: Sequence[Row], decision: Decision, console: Console) -> None:
    """Print a list instead of a table that is too wide even with one word in each line."""
    figures = [short_name(figure) for figure in figures_shown(decision)]
    width = max(map(len, figures))
    for row in lines:
        name, *cells, verdict = _cells(row, " ")
        console.print()
        console.print(Padding(name, (0, 0, 0, 1)))
        for figure, cell in zip(figures, cells, strict=True):
            console.print(Padding(Text(f"{figure:<{width}}  ").append(cell), (0, 0, 0, 3)))
        console.print(Padding(verdict, (0, 0, 0, 3)))
    console.print()


def _cells(row: Row, separator: str) -> list[Text]:
    style = _STYLES[row.standing]
    name_style = style if row.standing in ("baseline", "winner") else ""
    return [
        Text(",\n".join(row.names), style=name_style),
        *(_figure(cell, separator) for cell in row.cells),
        Text("\n".join(row.verdict), style=style),
    ]


def _figure(cell: Cell, separator: str) -> Text:
    """Return the value and its comparison. Sizes are in KiB, as the reports have the bytes."""
    text = Text(cell.size or cell.value)
    return text.append(f"{separator}{cell.compared}", style="dim") if cell.compared else text


def _print_item(console: Console, label: str, text: str, style: str = "") -> None:
    line = Text(label, style="bold").append(text, style=style or "not bold")
    console.print(Padding(line, (0, 0, 0, 1)), highlight=False)
