"""All checks of a spec beyond keys and types: names, metrics, locations and combinations.

The checks run on the well-formed parts of a spec. So one error neither hides another nor is
reported twice.
"""

from collections.abc import Iterator

from quantgate.domain.figure import Figure
from quantgate.errors import KeyPath
from quantgate.spec.checks.candidates import quantize_findings
from quantgate.spec.checks.cluster import cluster_findings
from quantgate.spec.checks.code import code_findings
from quantgate.spec.checks.data_shards import data_shard_findings
from quantgate.spec.checks.draft import Draft
from quantgate.spec.checks.gate import gate_findings
from quantgate.spec.checks.limits import limit_findings, unit_findings, unreachable_findings
from quantgate.spec.checks.metrics import metrics_findings
from quantgate.spec.checks.model import MODEL_SOURCES, model_findings
from quantgate.spec.checks.names import figure_findings
from quantgate.spec.checks.promotion import promotion_findings
from quantgate.spec.checks.recovery import recovery_findings
from quantgate.spec.checks.search import search_findings
from quantgate.spec.checks.search_data import search_data_findings
from quantgate.spec.checks.signatures import signature_findings
from quantgate.spec.checks.sources import source_form_findings
from quantgate.spec.checks.targets import target_findings
from quantgate.spec.model.choice import Objective, WithinConfidence
from quantgate.spec.model.locations import KUBEFLOW_SCHEMES, scheme_of
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed


def meaning_findings(draft: Draft) -> list[Finding]:
    """Run all checks on the well-formed parts of a spec."""
    return [
        *model_findings(draft),
        *quantize_findings(draft),
        *recovery_findings(draft),
        *search_findings(draft),
        *search_data_findings(draft),
        *metrics_findings(draft.metrics),
        *target_findings(draft.targets),
        *signature_findings(draft),
        *limit_findings(draft.limits, draft.figures, draft.sliced, draft.units),
        *(gate_findings(draft.gate) if draft.gate else ()),
        *_objective_findings(draft),
        *_weight_findings(draft),
        *_source_findings(draft),
        *source_form_findings(draft),
        *data_shard_findings(draft),
        *promotion_findings(draft),
        *(cluster_findings(draft.cluster) if draft.cluster else ()),
        *(code_findings(draft.code, draft.functions) if draft.code else ()),
    ]


def _objective_findings(draft: Draft) -> Iterator[Finding]:
    for path, objective in draft.objectives.items():
        given = objective.model_dump(include={"minimize", "maximize"})
        if len(given) != 1:
            yield _not_one_direction(path, len(given))
        for direction, name in given.items():
            direction_path = (*path, direction)
            yield from figure_findings(name, direction_path, draft.figures)
            figure = draft.figures.known.get(name)
            if figure and figure.higher_is_better != (direction == "maximize"):
                yield _wrong_direction(direction_path, figure)
            if figure:
                yield from _tolerance_findings(figure, objective, (*path, "within"), draft)


def _tolerance_findings(
    figure: Figure, objective: Objective, path: KeyPath, draft: Draft
) -> Iterator[Finding]:
    yield from unit_findings(figure, path, draft.units)
    if not isinstance(objective.within, WithinConfidence):
        return
    if not figure.per_sample:
        message = f"`{figure.name}` {figure.no_bound}, so it takes no `confidence`"
        yield Finding(path, message, "Write a number, or a percentage such as `5%`.")
    else:
        confidence = objective.within.confidence
        yield from unreachable_findings("tie", confidence, (*path, "confidence"))


def _weight_findings(draft: Draft) -> Iterator[Finding]:
    for name in draft.weights:
        yield from figure_findings(name, ("choose", "weights", name), draft.figures, at_key=True)


def _not_one_direction(path: KeyPath, given: int) -> Finding:
    if given:
        message = f"{dotted(path)} has both `minimize` and `maximize`"
        return Finding(path, message, "Write two entries. The first one has priority.")
    message = f"{dotted(path)} needs `minimize` or `maximize`"
    return Finding(path, message, "Write for example `minimize: size_bytes`.")


def _wrong_direction(path: KeyPath, figure: Figure) -> Finding:
    better, direction = ("higher", "maximize") if figure.higher_is_better else ("lower", "minimize")
    message = f"`{figure.name}` is better when it is {better}"
    return Finding(path, message, f"Write `{direction}: {figure.name}`.", at_key=True)


def _source_findings(draft: Draft) -> Iterator[Finding]:
    locations: dict[KeyPath, str | None] = {path: draft.text(*path) for path in MODEL_SOURCES}
    locations |= {(*path, "source"): data.source for path, data in draft.sources.items()}
    for path, location in locations.items():
        scheme = location and scheme_of(location)
        if scheme and scheme not in KUBEFLOW_SCHEMES:
            message = f"{dotted(path)} is on `{scheme}://`, which Kubeflow Pipelines cannot read"
            prefixes = listed(f"{known}://" for known in KUBEFLOW_SCHEMES)
            yield Finding(path, message, f"Use a local path, or one on {prefixes}.")
