"""Contents of the table of candidates: a row for each model, a column for each metric."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantgate.domain.figures import (
    BENCHMARKED,
    LATENCIES,
    MEDIAN,
    SIZE,
    is_likeness,
    is_slice,
    metric_of,
)
from quantgate.domain.targets import TARGET_OF
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.records.outcomes import DecisionOutcome, VerdictOutcome
from quantgate.records.verdicts import Verdict
from quantgate.report.identical import identical
from quantgate.report.text import NOTHING, one_line
from quantgate.wording.figures import (
    change_text,
    figure_text,
    is_size,
    range_text,
    ratio_text,
    short_name,
    size_text,
)
from quantgate.wording.verdicts import short_miss_text

#: Maximum number of columns for metrics if no limit or objective names any.
MOST_UNNAMED = 4
#: The standings of models that were measured and do not qualify: a limit is violated, none is
#: violated but one is undecided, or all are met in a doubtful run.
_SHORTFALLS = ("misses", "undecided", "unqualified")
STANDINGS = ("baseline", "winner", "qualifies", *_SHORTFALLS, "rejected", "unchanged", "failed")


@dataclass(frozen=True)
class Cell:
    """A measured value as text.

    Attributes:
        value: the value.
        size: a size in KiB or MiB, empty for other metrics.
        compared: the difference from the baseline, or the ratio to it.
        interval: confidence interval of a latency's ratio to the baseline.
    """

    value: str
    size: str = ""
    compared: str = ""
    interval: str = ""

    @property
    def beside(self) -> tuple[str, ...]:
        """The texts to show beside the value."""
        return tuple(text for text in (self.size, self.compared, self.interval) if text)


@dataclass(frozen=True)
class Row:
    """A row of the table of candidates. Identical candidates share one.

    Attributes:
        names: names of the candidates.
        mode: quantization modes that the names do not say, empty if there are none.
        standing: a key of `STANDINGS`.
        verdict: the standing in words, with a line for each violated limit.
        cells: the measured values.
        pareto: whether it is on the Pareto front.
        reasons: why a candidate was rejected or failed.
        undecided: the lines of `verdict` about limits that are undecided, not violated.
    """

    names: tuple[str, ...]
    mode: str
    standing: str
    verdict: list[str]
    cells: list[Cell]
    pareto: bool = False
    reasons: Sequence[str] = ()
    undecided: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The names in one line."""
        return ", ".join(self.names)


def figures_shown(decision: Decision) -> list[str]:
    """Return the metrics with a column: the size, and those that limits or objectives name.

    If no accuracy metric is named, up to `MOST_UNNAMED` of them have a column. If no latency is
    named, the median has one.
    """
    named = [*decision.limits, *(objective.figure for objective in decision.choose)]
    measured = _measured(decision)
    metrics = [name for name in measured if metric_of(name, decision.metrics)]
    benchmarked = [name for name in BENCHMARKED if name in named]
    if not any(name in LATENCIES for name in benchmarked):
        benchmarked.insert(0, MEDIAN.name)
    columns = [
        SIZE.name,
        *([name for name in metrics if name in named] or metrics[:MOST_UNNAMED]),
        *benchmarked,
        *(name for name in TARGET_OF if name in named),
    ]
    return [name for name in columns if name in measured]


def figures_beside(decision: Decision) -> list[str]:
    """Return the metrics that were measured but have no column."""
    shown = figures_shown(decision)
    return [name for name in _measured(decision) if name not in shown]


def beside_text(decision: Decision) -> str:
    """Return the names of the metrics without a column, empty if there are none."""
    others = [short_name(name) for name in figures_beside(decision)]
    return f"{', '.join(others)} (in the report)" if others else ""


def rows(decision: Decision, figures: Sequence[str] | None = None) -> list[Row]:
    """Return the rows of all models in the decision's order.

    Args:
        decision: the decision.
        figures: the metrics of the columns. None means `figures_shown`.
    """
    figures = figures_shown(decision) if figures is None else figures
    groups = [[decision.baseline], *identical(decision)]
    return [_row(group, decision, figures) for group in groups]


def _row(group: Sequence[Entry], decision: Decision, figures: Sequence[str]) -> Row:
    entry = group[0]
    modes = dict.fromkeys(one_line(each.mode) for each in group if each.mode != each.name)
    return Row(
        names=tuple(one_line(each.name) for each in group),
        mode=", ".join(modes),
        standing=standing(entry, decision),
        verdict=_verdict_lines(entry, decision),
        pareto=entry.pareto,
        reasons=[one_line(each) for each in entry.reasons if entry.is_rejection(each)],
        cells=[_cell(name, entry, decision) for name in figures],
        undecided=frozenset(map(short_miss_text, filter(_is_undecided, entry.verdicts))),
    )


def standing(entry: Entry, decision: Decision) -> str:
    """Return the standing of the baseline or a candidate, a key of `STANDINGS`."""
    if entry is decision.baseline:
        return "baseline"
    if entry.status != "measured":
        return entry.status
    if entry.name == decision.winner:
        return "winner"
    return "qualifies" if entry.qualified else _shortfall(entry)


def _shortfall(entry: Entry) -> str:
    outcomes = {verdict.outcome for verdict in entry.verdicts}
    if VerdictOutcome.FAIL in outcomes:
        return "misses"
    return "undecided" if VerdictOutcome.UNDECIDED in outcomes else "unqualified"


def _standing_text(entry: Entry, decision: Decision) -> str:
    word = standing(entry, decision)
    return f"{word}, not ranked" if word == "qualifies" and not entry.ranked else word


def _verdict_lines(entry: Entry, decision: Decision) -> list[str]:
    if standing(entry, decision) not in _SHORTFALLS:
        return [_standing_text(entry, decision)]
    violated = [short_miss_text(verdict) for verdict in entry.verdicts if not verdict.passed]
    return violated or [_unqualified_text(decision)]


def _is_undecided(verdict: Verdict) -> bool:
    return verdict.outcome is VerdictOutcome.UNDECIDED


def _unqualified_text(decision: Decision) -> str:
    return "doubtful" if decision.outcome is DecisionOutcome.DOUBTFUL else "does not qualify"


def _cell(name: str, entry: Entry, decision: Decision) -> Cell:
    if name not in entry.measurements:
        return Cell(NOTHING)
    metric = metric_of(name, decision.metrics)
    value = entry.measurements[name]
    reference = entry.reference.get(name, decision.baseline.measurements.get(name))
    alone = entry is decision.baseline or is_likeness(metric)
    return Cell(
        value=figure_text(metric or name, value),
        size=size_text(value) if value and is_size(name) else "",
        compared="" if alone or not reference else _comparison(metric, value, reference),
        interval=range_text(entry.ratios[name]) if name in entry.ratios else "",
    )


def _comparison(metric: str | None, value: float, reference: float) -> str:
    if metric:
        return change_text(metric, value - reference)
    return f"{ratio_text(value / reference)}x"


def _measured(decision: Decision) -> list[str]:
    """Return the names of all measured metrics without slices, which have separate lists."""
    names = [name for entry in decision.entries for name in entry.measurements]
    return [name for name in dict.fromkeys(names) if not is_slice(name)]
