"""Comparison of the decisions of two runs."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from quantgate.domain.figures import BENCHMARKED, metric_of
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome
from quantgate.records.provenance import DataSource
from quantgate.report.overview import units_text
from quantgate.report.table import figures_shown
from quantgate.report.ways_out import leaves
from quantgate.wording.figures import change_text, figure_text, ratio_text, tolerance_text

_DIGITS = 12
_ABSENT = "none"
#: Names of versions for users -> attributes of `Provenance`.
_VERSIONS = {
    "quantgate": "quantgate",
    "TensorFlow": "tensorflow",
    "LiteRT": "litert",
    "LiteRT Quantizer": "litert_quantizer",
    "kfp": "kfp",
    "NumPy": "numpy",
    "Python": "python",
    "platform": "platform",
    "processor": "processor",
}


def compare(first: Decision, second: Decision) -> list[tuple[str, str]]:
    """Return the changes from the first decision to the second.

    Benchmarked metrics differ in every run. They are compared only if tables show them, and only
    as far as the shown values differ.

    Returns:
        Labels and changes, such as ("TensorFlow", "2.20.0 -> 2.21.0"). The outcome comes first,
        then inputs, versions and settings, then each candidate's status and metrics.
    """
    return [
        *_changed("outcome", _outcome(first), _outcome(second)),
        *_changed(
            "model", *(run.provenance.saved_model_sha256[:_DIGITS] for run in (first, second))
        ),
        *_changed("spec", *(run.provenance.spec_sha256[:_DIGITS] for run in (first, second))),
        *_data(first, second),
        *_versions(first, second),
        *_changed("latency", _timing(first), _timing(second)),
        *_limits(first, second),
        *_changed("choice", _choose(first), _choose(second)),
        *_candidates(first, second),
    ]


def _changed(label: str, before: str, after: str) -> Iterator[tuple[str, str]]:
    if before != after:
        yield label, f"{before} -> {after}"


def _outcome(decision: Decision) -> str:
    if decision.outcome is DecisionOutcome.DOUBTFUL:
        return decision.outcome.description
    if decision.winner:
        return f"winner {decision.winner}"
    return f"none qualified{', baseline kept' if decision.promotes else ''}"


def _data(first: Decision, second: Decision) -> Iterator[tuple[str, str]]:
    before, after = _sources(first), _sources(second)
    for label in dict.fromkeys([*before, *after]):
        yield from _changed(label, before.get(label, _ABSENT), after.get(label, _ABSENT))


def _sources(decision: Decision) -> dict[str, str]:
    provenance = decision.provenance
    named = {_label(source): _source_text(source) for source in provenance.data}
    evaluation = (
        f"{provenance.evaluation_samples:,} samples ({provenance.evaluation_sha256[:_DIGITS]})"
    )
    return named or {"evaluation": evaluation}


def _label(source: DataSource) -> str:
    return f"{source.purpose} of {source.signature}"


def _source_text(source: DataSource) -> str:
    return (
        f"{source.samples:,} samples of {source.available:,}{units_text(source)} "
        f"({source.select}, seed {source.seed}, {source.content_sha256[:_DIGITS]})"
    )


def _versions(first: Decision, second: Decision) -> Iterator[tuple[str, str]]:
    for label, name in _VERSIONS.items():
        before, after = (getattr(run.provenance, name) or _ABSENT for run in (first, second))
        yield from _changed(label, before, after)


def _timing(decision: Decision) -> str:
    timing = decision.timing
    return f"{timing.runs} runs, {timing.threads} threads" if timing else "not measured"


def _limits(first: Decision, second: Decision) -> Iterator[tuple[str, str]]:
    before, after = dict(leaves(first.limits, "gate")), dict(leaves(second.limits, "gate"))
    for rule in dict.fromkeys([*before, *after]):
        yield from _changed(rule, before.get(rule, _ABSENT), after.get(rule, _ABSENT))


def _choose(decision: Decision) -> str:
    return ", ".join(
        " ".join(f"{key} {_setting(key, value)}" for key, value in objective.model_dump().items())
        for objective in decision.choose
    )


def _setting(key: str, value: Any) -> str:
    return tolerance_text(value) if key == "within" else str(value)


def _candidates(first: Decision, second: Decision) -> Iterator[tuple[str, str]]:
    before = {entry.name: entry for entry in first.entries}
    after = {entry.name: entry for entry in second.entries}
    metrics = {**first.metrics, **second.metrics}
    shown = {*figures_shown(first), *figures_shown(second)}
    hidden = BENCHMARKED.keys() - shown
    for name in dict.fromkeys([*before, *after]):
        own, other = before.get(name), after.get(name)
        yield from _changed(name, _standing(own), _standing(other))
        if own and other:
            yield from ((name, change) for change in _figures(own, other, metrics, hidden))


def _standing(entry: Entry | None) -> str:
    if entry is None:
        return "not tried"
    if entry.status is not CandidateStatus.MEASURED:
        return entry.status
    return "qualifies" if entry.qualified else "does not qualify"


def _figures(
    own: Entry, other: Entry, metrics: Mapping[str, str], hidden: Collection[str]
) -> Iterator[str]:
    measured = dict.fromkeys([*own.measurements, *other.measurements])
    for figure in (name for name in measured if name not in hidden):
        kind = metric_of(figure, metrics) or figure
        before, after = own.measurements.get(figure), other.measurements.get(figure)
        texts = [_ABSENT if v is None else figure_text(kind, v) for v in (before, after)]
        change = f"{figure} {texts[0]} -> {texts[1]}"
        if before is None or after is None:
            yield change
        elif figure in BENCHMARKED:
            ratio = f" ({ratio_text(after / before)}x)" if before else ""
            yield from [f"{change}{ratio}"] if texts[0] != texts[1] else []
        elif before != after:
            yield f"{change} ({change_text(kind, after - before)})"
