"""The work of `evaluate_shard`: the scores of one .tflite on some rows of a data set."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder, content_sha256
from quantgate.components.artifacts.division import Division
from quantgate.components.artifacts.shard import ShardArrays, write_shard
from quantgate.components.evaluate.planning import Plan
from quantgate.components.evaluate.run import Part, ShardOutcome, Subject
from quantgate.components.evaluate.scoring import checked, score_rows
from quantgate.components.evaluate.shards import is_random
from quantgate.components.evaluate.subjects import subjects_of
from quantgate.components.evaluate.summing import joined
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, begun
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.processes.isolation import (
    IsolatedFailure,
    Killed,
    OutOfMemory,
    ResourceLimits,
)
from quantgate.foundation.hashing import sha256_of_json
from quantgate.records.shards import ScoredRows, Shard

log = logging.getLogger(__name__)

Scored = tuple[ScoredRows, ShardArrays | None]


def evaluate_shard(
    inputs: EvaluateInputs, settings: EvaluateSettings, division: Division, shard_path: str
) -> Shard:
    """Run a .tflite on a shard of a data set, and write its scores.

    A model that does not run is a result, as in `evaluate`.

    Args:
        inputs: the model, and the samples to run it on.
        settings: the metrics.
        division: the place of the shard.
        shard_path: folder to write `shard.json` and the arrays to.

    Returns:
        The content of `shard.json`.

    Raises:
        InputError: a metric does not fit the model's outputs or the labels, or cannot be computed
            from the baseline's outputs.
    """
    run = begun(inputs, settings)
    manifests = {plan.signature: run.dataset_of(plan.signature).manifest for plan in run.plans}
    scored: dict[str, Scored] = {}
    subjects = subjects_of(run, inputs.model, inputs.baseline) if run.sha256 else []
    limits = ResourceLimits(settings.timeout_s)
    for subject in subjects:
        rows = _rows(subject, division)
        scored[subject.signature.key] = _scored(subject, rows, limits, run.is_of_baseline)
    record = Shard(
        number=division.number,
        count=division.count,
        model_sha256=run.sha256,
        dataset_sha256=content_sha256(manifests),
        metrics_sha256=metrics_sha256(settings),
        litert=litert_version(),
        rows={key: rows for key, (rows, _) in scored.items()},
    )
    arrays = {key: made for key, (_, made) in scored.items() if made}
    write_shard(shard_path, record, manifests, arrays)
    return record


def metrics_sha256(settings: EvaluateSettings) -> str:
    """Return the hash of everything that the scores depend on, besides model and data."""
    return sha256_of_json([list(settings.metrics), settings.code_sha256])


def _rows(subject: Subject, division: Division) -> range:
    samples = subject.dataset.manifest.samples
    if is_random(subject):
        # Its outputs depend on how often it has run, so one process runs all samples.
        return range(samples if division.number == 1 else 0)
    return division.rows(samples)


def _scored(subject: Subject, rows: range, limits: ResourceLimits, is_baseline: bool) -> Scored:
    record = ScoredRows(start=rows.start, stop=rows.stop)
    if not rows:
        return record, None
    try:
        outcome = joined(_attempted(subject, rows, limits))
    except IsolatedFailure as failure:
        ended = {"failure": str(failure), "crashed": True, "provisional": failure.passing}
        return record.model_copy(update=ended), None
    part = checked(outcome, is_baseline=is_baseline)
    if not isinstance(part, Part):
        return record.model_copy(update={"failure": str(part)}), None
    refused = record.model_copy(update={"refusal": part.refusal})
    return refused, _arrays(subject, rows, part)


def _attempted(subject: Subject, rows: range, limits: ResourceLimits) -> list[ShardOutcome]:
    """Score some rows, and once again in a single process if that failed for want of memory.

    Raises:
        IsolatedFailure: a process crashed or ran out of time, or also the second attempt failed.
    """
    try:
        return score_rows(subject, rows, limits)
    except (Killed, OutOfMemory) as failure:
        log.warning(
            "%s. The samples %d to %d run again in one process", failure, rows.start, rows.stop - 1
        )
    try:
        return score_rows(subject, rows, limits, most_processes=1)
    except (Killed, OutOfMemory) as failure:
        raise type(failure)(f"{failure}, and again in a single process") from failure


def _arrays(subject: Subject, rows: range, part: Part) -> ShardArrays:
    dataset, chosen = subject.dataset, slice(rows.start, rows.stop)
    label = dataset.label if _needs_label(subject.plans) else None
    return ShardArrays(
        not_finite=part.not_finite,
        kept=part.kept,
        label=_copied(label, chosen),
        fields={
            key: np.asarray(dataset.fields[key][chosen])
            for key in _needed_fields(subject.plans, dataset)
        },
        distinct=_copied(dataset.distinct, chosen),
    )


def _copied(array: NDArray[Any] | None, rows: slice) -> NDArray[Any] | None:
    return None if array is None else np.asarray(array[rows])


def _needs_label(plans: Sequence[Plan]) -> bool:
    return any(plan.label is None and _sums_up_labels(plan) for plan in plans)


def _sums_up_labels(plan: Plan) -> bool:
    computation = plan.computation
    return not plan.truth and computation.labelled and computation.sums_labels_up


def _needed_fields(plans: Sequence[Plan], dataset: DatasetFolder) -> list[str]:
    """Return the keys of the further arrays that are needed to merge metrics."""
    groups = dataset.manifest.groups
    needed = {groups.key} if groups else set()
    for plan in plans:
        needed |= {plan.slice} if plan.slice else set()
        needed |= {plan.truth.boxes, plan.truth.classes} if plan.truth else set()
        needed |= {plan.label} if plan.label and _sums_up_labels(plan) else set()
    return sorted(needed)
