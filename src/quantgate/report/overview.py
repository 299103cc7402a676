"""Texts about a decision that all reports share."""

from collections.abc import Sequence

from quantgate.domain.figures import (
    METRICS,
    is_likeness,
    is_slice,
    metric_of,
    slice_figure,
    slice_of,
)
from quantgate.records.choice import Objective
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.records.provenance import DataSource, Timing
from quantgate.records.source import SourceComparison
from quantgate.records.targets import TargetMeasurement
from quantgate.records.tasks import Slices
from quantgate.records.verdicts import Verdict
from quantgate.report.identical import identical, names_text, own_reasons
from quantgate.report.text import NOTHING, one_line
from quantgate.wording.figures import (
    change_text,
    conditions_text,
    figure_text,
    range_text,
    tolerance_text,
)
from quantgate.wording.verdicts import amount_text, miss_text, reach_text, rule_text

HASH_DIGITS = 12


def limit_titles(decision: Decision) -> list[str]:
    """Return the limits in words, in the order of each candidate's verdicts."""
    return [rule_text(verdict) for entry in decision.candidates[:1] for verdict in entry.verdicts]


def limit_rows(decision: Decision) -> list[tuple[str, list[Verdict]]]:
    """Return names and verdicts of each row of candidates, in the order of `limit_titles`."""
    return [(names_text(group), group[0].verdicts) for group in identical(decision)]


def verdict_text(verdict: Verdict) -> str:
    """Return a verdict's value and bound: `0.0005, up to 0.0027, McNemar p 0.38`."""
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
    """Return the reasons that tables do not show, each with the candidate's name."""
    return [
        (names_text(group), f"{_prefix(group[0], reason)}{one_line(reason)}")
        for group in [[decision.baseline], *identical(decision)]
        for reason in own_reasons(group)
        if reason not in map(miss_text, group[0].verdicts)
    ]


def _prefix(entry: Entry, reason: str) -> str:
    return f"{entry.status}: " if entry.is_rejection(reason) else ""


def meanings(decision: Decision) -> list[tuple[str, str]]:
    """Return how samples are combined, for each metric whose name does not say it."""
    metrics = {name: METRICS.get(metric) for name, metric in decision.metrics.items()}
    return [
        (one_line(name), metric.meaning)
        for name, metric in metrics.items()
        if metric and metric.meaning and not is_slice(name)
    ]


def worst_slices(decision: Decision) -> list[tuple[str, str]]:
    """Return the worst slice of each model: `top1 in phone, 120 samples: 0.8100 -0.0500`.

    For a candidate it is the slice with the largest loss against the baseline. For the baseline,
    and for metrics that compare with the baseline, it is the slice with the worst value.
    """
    return [
        (names_text(group), _worst_slice(name, slices, group[0], decision))
        for name, slices in decision.slices.items()
        for group in [[decision.baseline], *identical(decision)]
        if any(slice_figure(name, value) in group[0].measurements for value in slices.samples)
    ]


def _worst_slice(name: str, slices: Slices, entry: Entry, decision: Decision) -> str:
    metric = metric_of(name, decision.metrics) or name
    alone = entry is decision.baseline or is_likeness(metric)
    sign = 1 if slices.higher_is_better else -1
    figures = {of: entry.measurements.get(slice_figure(name, of)) for of in slices.samples}
    references = {
        of: None if alone else decision.baseline.measurements.get(slice_figure(name, of))
        for of in figures
    }
    changes = {
        of: value - (references[of] or 0.0) for of, value in figures.items() if value is not None
    }
    worst = min(changes, key=lambda of: sign * changes[of])
    text = figure_text(metric, figures[worst] or 0.0)
    change = "" if references[worst] is None else f" {change_text(metric, changes[worst])}"
    return f"{name} in {one_line(worst)}, {slices.samples[worst]:,} samples: {text}{change}"


def choice_text(decision: Decision) -> str:
    """Return the objectives of the choice in words."""
    texts = [_objective_text(objective) for objective in decision.choose]
    if any(objective.weight for objective in decision.choose):
        return f"lowest weighted sum of relative losses, {' + '.join(texts)}"
    return ", then ".join(texts)


def pareto_text(decision: Decision) -> str:
    """Return the names of the candidates on the Pareto front, empty if there are none."""
    return ", ".join(one_line(entry.name) for entry in decision.candidates if entry.pareto)


def _quantizer_items(version: str | None) -> list[tuple[str, str]]:
    return [("LiteRT Quantizer", one_line(version))] if version else []


def provenance_items(decision: Decision) -> list[tuple[str, str]]:
    """Return the provenance of the measurements as labels and values."""
    source = decision.provenance
    calibration = source.calibration_sha256
    return [
        ("created", one_line(decision.created)),
        ("quantgate", one_line(source.quantgate)),
        *([("TensorFlow", one_line(source.tensorflow))] if source.tensorflow else []),
        ("LiteRT", one_line(source.litert)),
        *_quantizer_items(source.litert_quantizer),
        ("processor", one_line(source.processor)),
        *_timing_items(decision.timing),
        *_target_items(decision),
        ("evaluation samples", f"{source.evaluation_samples:,}{_units(source.data)}"),
        ("evaluation data", source.evaluation_sha256[:HASH_DIGITS]),
        ("calibration data", calibration[:HASH_DIGITS] if calibration else NOTHING),
        ("source model", source.saved_model_sha256[:HASH_DIGITS]),
        *_comparison_items(source.source_comparison),
        ("spec", source.spec_sha256[:HASH_DIGITS]),
        *([("user code", source.code_sha256[:HASH_DIGITS])] if source.code_sha256 else []),
        *(("sandbox", one_line(gap)) for gap in source.sandbox_gaps),
    ]


def units_text(source: DataSource) -> str:
    """Return how many distinct samples and groups a source has, empty if all are independent."""
    distinct, groups = source.distinct or source.samples, source.groups
    repeated = f", {distinct:,} distinct" if distinct < source.samples else ""
    return repeated + (f", {groups.count:,} groups by {one_line(groups.key)}" if groups else "")


def _units(sources: Sequence[DataSource]) -> str:
    return "".join(units_text(source) for source in sources if source.purpose == "evaluation")


def _comparison_items(comparison: SourceComparison | None) -> list[tuple[str, str]]:
    if comparison is None or (worst := comparison.largest) is None:
        return []
    samples = f"{worst.samples} sample{'' if worst.samples == 1 else 's'}"
    return [("float32 differs from it by", f"{100 * worst.median:.2g} % on {samples}, by median")]


def _timing_items(timing: Timing | None) -> list[tuple[str, str]]:
    if timing is None:
        return []
    threads = f"{timing.threads} thread{'' if timing.threads == 1 else 's'}"
    items = [("timing", f"{timing.runs:,} runs (warm-up: {timing.warmup:,}), {threads}")]
    if timing.itself:
        items.append(("noise floor (baseline vs. baseline)", range_text(timing.itself)))
    if timing.conditions:
        items.append(("machine", one_line(conditions_text(timing.conditions))))
    return items


def _target_items(decision: Decision) -> list[tuple[str, str]]:
    """Return the tool and the options of each target that candidates were measured on."""
    measured = (target for entry in decision.candidates for target in entry.targets)
    return list(dict.fromkeys((one_line(each.target), _tool_text(each)) for each in measured))


def _tool_text(measured: TargetMeasurement) -> str:
    options = [f"{name} {value}" for name, value in measured.options.items()]
    return one_line(", ".join([measured.tool, *options]))


def _objective_text(objective: Objective) -> str:
    if objective.weight:
        return f"{objective.weight:g} x {objective.figure}"
    text = f"{objective.direction} {objective.figure}"
    within = objective.within
    return f"{text} within {tolerance_text(within)}" if within else text
