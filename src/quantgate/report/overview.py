"""What every report says of a decision beside the table of candidates, in words."""

from quantgate.domain.figures import is_likeness, metric_of, slice_figure, slice_of
from quantgate.records.choice import Objective
from quantgate.records.decision import Decision, Entry, Timing, Verdict
from quantgate.records.tasks import Slices
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
        for entry in decision.entries
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
        for entry in decision.entries
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
    if any(objective.weight for objective in decision.choose):
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


def _objective_text(objective: Objective) -> str:
    if objective.weight:
        return f"{objective.weight:g} x {objective.figure}"
    text = f"{objective.direction} {objective.figure}"
    within = objective.within
    return f"{text} within {tolerance_text(within)}" if within else text
