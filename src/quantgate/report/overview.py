"""What every report shows of a decision, in words, before it is laid out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from quantgate.decision import Decision, Entry, Timing, Verdict
from quantgate.figures import (
    BENCHMARKED,
    FIGURES,
    LATENCIES,
    MEDIAN,
    SIZE,
    is_likeness,
    is_slice,
    metric_of,
    slice_figure,
    slice_of,
)
from quantgate.phrases import (
    amount_text,
    change_text,
    conditions_text,
    figure_text,
    miss_text,
    range_text,
    ratio_text,
    reach_text,
    rule_text,
    short_miss_text,
    short_name,
    tolerance_text,
)
from quantgate.records import Slices
from quantgate.targets import TARGET_OF

HASH_DIGITS = 12
NOTHING = "-"
#: Metrics that get a column where neither a limit nor an objective names any.
MOST_UNNAMED = 4
#: By the outcome of a verdict.
MARKS: Mapping[str, str] = MappingProxyType({"pass": "✓", "fail": "✗", "undecided": "?"})


@dataclass(frozen=True)
class Cell:
    """A figure; `kibibytes` is a size in KiB, `compared` the comparison with the baseline.

    `interval` is the confidence interval of a latency's ratio to the baseline's.
    """

    value: str
    kibibytes: str = ""
    compared: str = ""
    interval: str = ""

    @property
    def beside(self) -> tuple[str, ...]:
        """What stands beside the figure."""
        return tuple(text for text in (self.kibibytes, self.compared, self.interval) if text)


@dataclass(frozen=True)
class Row:
    """A line of the table of candidates.

    `standing` is "baseline", "winner", "qualifies", "misses", "rejected" or "failed"; `verdict`
    says it in words, a line for each limit that was missed. `reasons` say why a candidate was
    rejected or failed.
    """

    name: str
    mode: str
    standing: str
    verdict: list[str]
    cells: list[Cell]
    pareto: bool = False
    reasons: Sequence[str] = ()


def one_line(text: str) -> str:
    """Text without line breaks and control characters, which converter messages are full of."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def figures_shown(decision: Decision) -> list[str]:
    """The figures that get a column: those that limits or objectives name, and the size.

    Where none of these is a metric, all metrics do, up to `MOST_UNNAMED`; where none is a latency,
    the median does.
    """
    named = [*decision.limits, *map(objective_figure, decision.choose)]
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
    """The figures that were measured and have no column."""
    shown = figures_shown(decision)
    return [name for name in _measured(decision) if name not in shown]


def beside_text(decision: Decision) -> str:
    """What else was measured, where there is no room for it; empty if nothing was."""
    others = [short_name(name) for name in figures_beside(decision)]
    return f"{', '.join(others)} (in the report)" if others else ""


def rows(decision: Decision, figures: Sequence[str] | None = None) -> list[Row]:
    """The baseline and every candidate, in the decision's order, with `figures_shown` or others."""
    figures = figures_shown(decision) if figures is None else figures
    return [
        Row(
            name=one_line(entry.name),
            mode=one_line(entry.mode),
            standing=standing(entry, decision),
            verdict=_verdict_lines(entry, decision),
            pareto=entry.pareto,
            reasons=() if entry.status == "measured" else [one_line(one) for one in entry.reasons],
            cells=[_cell(name, entry, decision) for name in figures],
        )
        for entry in _entries(decision)
    ]


def limit_titles(decision: Decision) -> list[str]:
    """The limits in words, one for every verdict that each candidate has."""
    return [rule_text(verdict) for entry in decision.candidates[:1] for verdict in entry.verdicts]


def limit_rows(decision: Decision) -> list[tuple[str, list[Verdict]]]:
    """Each candidate's verdicts, in the order of `limit_titles`."""
    return [(one_line(entry.name), entry.verdicts) for entry in decision.candidates]


def verdict_text(verdict: Verdict) -> str:
    """What a candidate has to show for a limit: `0.0005, up to 0.0027, McNemar p 0.38`."""
    if verdict.value is None:
        return NOTHING
    value = amount_text(verdict, verdict.value)
    if verdict.worst_of:
        value = f"{value} in {one_line(slice_of(verdict.name))}"
    if verdict.bound is None:
        return value
    odds = "" if verdict.p_value is None else f", McNemar p {verdict.p_value:.2g}"
    return f"{value}, {reach_text(verdict)} {amount_text(verdict, verdict.bound)}{odds}"


def notes(decision: Decision) -> list[tuple[str, str]]:
    """The reasons that the tables do not show already, with the name of whom each is about."""
    return [
        (one_line(entry.name), f"{prefix}{one_line(reason)}")
        for entry in _entries(decision)
        for prefix in [f"{entry.status}: " if entry.status != "measured" else ""]
        for reason in entry.reasons
        if reason not in map(miss_text, entry.verdicts)
    ]


def worst_slices(decision: Decision) -> list[tuple[str, str]]:
    """Where each model does worst, with its name: `top1 in phone, 120 samples: 0.8100 -0.0500`.

    That is the slice in which a candidate loses most against the baseline; the baseline itself, and
    a metric that is itself a comparison with it, where the figure is worst.
    """
    return [
        (one_line(entry.name), _worst_slice(name, found, entry, decision))
        for name, found in decision.slices.items()
        for entry in _entries(decision)
        if any(slice_figure(name, of) in entry.measurements for of in found.samples)
    ]


def _worst_slice(name: str, found: Slices, entry: Entry, decision: Decision) -> str:
    metric = metric_of(name, decision.metrics) or name
    alone = entry is decision.baseline or is_likeness(metric)
    sign = 1 if found.higher_is_better else -1
    figures = {of: entry.measurements.get(slice_figure(name, of)) for of in found.samples}
    references = {
        of: None if alone else decision.baseline.measurements.get(slice_figure(name, of))
        for of in figures
    }
    changes = {
        of: value - (references[of] or 0.0) for of, value in figures.items() if value is not None
    }
    worst = min(changes, key=lambda of: sign * changes[of])
    told = figure_text(metric, figures[worst] or 0.0)
    beside = "" if references[worst] is None else f" {change_text(metric, changes[worst])}"
    return f"{name} in {one_line(worst)}, {found.samples[worst]:,} samples: {told}{beside}"


def choice_text(decision: Decision) -> str:
    """How the winner is chosen among those that qualify."""
    texts = [_objective_text(objective) for objective in decision.choose]
    if any("weight" in objective for objective in decision.choose):
        return f"the least sum of relative changes for the worse, {' + '.join(texts)}"
    return ", then ".join(texts)


def pareto_text(decision: Decision) -> str:
    """The names of the candidates that no other one beats in every objective; empty if none."""
    return ", ".join(one_line(entry.name) for entry in decision.candidates if entry.pareto)


def provenance_items(decision: Decision) -> list[tuple[str, str]]:
    """What the figures rest on, as label and value."""
    found = decision.provenance
    calibration = found.calibration_sha256
    return [
        ("created", one_line(decision.created)),
        ("quantgate", one_line(found.quantgate)),
        ("TensorFlow", one_line(found.tensorflow)),
        ("LiteRT", one_line(found.litert)),
        ("processor", one_line(found.processor)),
        *_timing_items(decision.timing),
        ("evaluation samples", f"{found.evaluation_samples:,}"),
        ("evaluation data", found.evaluation_sha256[:HASH_DIGITS]),
        ("calibration data", calibration[:HASH_DIGITS] if calibration else NOTHING),
        ("SavedModel", found.saved_model_sha256[:HASH_DIGITS]),
        ("spec", found.spec_sha256[:HASH_DIGITS]),
        *([("own code", found.code_sha256[:HASH_DIGITS])] if found.code_sha256 else []),
    ]


def _timing_items(timing: Timing | None) -> list[tuple[str, str]]:
    if timing is None:
        return []
    threads = f"{timing.threads} thread{'' if timing.threads == 1 else 's'}"
    items = [("timing", f"{timing.runs:,} runs after {timing.warmup:,} of warm-up, {threads}")]
    if timing.itself:
        items.append(("baseline against itself", range_text(timing.itself)))
    if timing.conditions:
        items.append(("machine", one_line(conditions_text(timing.conditions))))
    return items


def objective_figure(objective: Mapping[str, Any]) -> str:
    """The figure that an objective, as the decision has it, is about."""
    return str(objective.get("minimize") or objective.get("maximize"))


def _measured(decision: Decision) -> list[str]:
    """The names of all figures, but for those of slices, which have lists of their own."""
    names = [name for entry in _entries(decision) for name in entry.measurements]
    return [name for name in dict.fromkeys(names) if not is_slice(name)]


def _entries(decision: Decision) -> list[Entry]:
    return [decision.baseline, *decision.candidates]


def standing(entry: Entry, decision: Decision) -> str:
    """How the baseline or a candidate stands, as in `Row`."""
    if entry is decision.baseline:
        return "baseline"
    if entry.status != "measured":
        return entry.status
    if entry.name == decision.winner:
        return "winner"
    return "qualifies" if entry.qualified else "misses"


def _verdict_lines(entry: Entry, decision: Decision) -> list[str]:
    found = standing(entry, decision)
    if found != "misses":
        return [found]
    missed = [short_miss_text(verdict) for verdict in entry.verdicts if not verdict.passed]
    return missed or ["does not qualify"]


def _cell(name: str, entry: Entry, decision: Decision) -> Cell:
    if name not in entry.measurements:
        return Cell(NOTHING)
    metric = metric_of(name, decision.metrics)
    value = entry.measurements[name]
    reference = entry.reference.get(name, decision.baseline.measurements.get(name))
    alone = entry is decision.baseline or is_likeness(metric)
    return Cell(
        value=figure_text(metric or name, value),
        kibibytes=f"{value / 1024:,.1f} KiB" if _is_size(name) else "",
        compared="" if alone or not reference else _comparison(metric, value, reference),
        interval=range_text(entry.ratios[name]) if name in entry.ratios else "",
    )


def _is_size(name: str) -> bool:
    return name in FIGURES and FIGURES[name].unit == "bytes"


def _comparison(metric: str | None, value: float, reference: float) -> str:
    if metric:
        return change_text(metric, value - reference)
    return f"{ratio_text(value / reference)}x"


def _objective_text(objective: Mapping[str, Any]) -> str:
    direction = "minimize" if "minimize" in objective else "maximize"
    text = f"{direction} {objective[direction]}"
    if "weight" in objective:
        return f"{objective['weight']:g} x {objective[direction]}"
    within = objective.get("within", 0)
    return f"{text} within {tolerance_text(within)}" if within else text
