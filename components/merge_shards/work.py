"""The work of `merge_shards`: the measurement of a model from the scores of all samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.artifacts.shard import (
    ShardArrays,
    ShardFolder,
    joined_labels,
    read_shard,
)
from quantgate.components.evaluate.answers import watches_of
from quantgate.components.evaluate.outcome import ModelRun
from quantgate.components.evaluate.planning import planned
from quantgate.components.evaluate.run import Part, ShardOutcome, Subject
from quantgate.components.evaluate.scoring import NO_SCORES, SubjectOutcome, score_all_signatures
from quantgate.components.evaluate.shards import reach_of
from quantgate.components.evaluate.subjects import by_signature
from quantgate.components.evaluate.summing import summed_up
from quantgate.components.evaluate.work import EvaluateSettings
from quantgate.components.evaluate_shard.work import metrics_sha256
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.merge_shards.consistency import in_order, missing
from quantgate.components.processes.isolation import (
    IsolatedFailure,
    OutOfBounds,
    ResourceLimits,
    run_isolated,
)
from quantgate.components.user_code import UserCode, import_code
from quantgate.errors import InputError
from quantgate.records.shards import ScoredRows, Shard
from quantgate.records.tasks import Measurement, ModelFacts

#: The arrays of a signature in all shards that have any, by the first row of the shard.
_Arrays = Mapping[int, ShardArrays]


@dataclass(frozen=True)
class MergeInputs:
    """The inputs of a merge.

    Attributes:
        shards: the folders that `evaluate_shard` wrote for one model, in any order.
        count: the number of all shards.
        facts: path of `ModelFacts` of the float model.
        code: path of the user's Python file, or a folder with it. None without one.
    """

    shards: Sequence[str]
    count: int
    facts: str
    code: str | None = None


def merge_shards(
    inputs: MergeInputs, settings: EvaluateSettings, measurement_path: str
) -> Measurement:
    """Merge the shards of an evaluation into the measurement that `evaluate` would have written.

    If a shard is missing, the model has no metrics, and the reason names the shard.

    Args:
        inputs: the shards.
        settings: the metrics.
        measurement_path: folder to write `measurement.json` and its arrays to.

    Returns:
        The content of `measurement.json`.

    Raises:
        InputError: a shard comes twice or does not belong to the others, a shard of the baseline
            is missing, or a metric cannot be computed from the baseline's outputs.
    """
    if inputs.code:
        import_code(UserCode(inputs.code, settings.code_sha256))
    return _run(inputs, settings).write(measurement_path)


def _run(inputs: MergeInputs, settings: EvaluateSettings) -> ModelRun:
    facts = ModelFacts.read(inputs.facts)
    shards = in_order(map(read_shard, inputs.shards), inputs.count, metrics_sha256(settings))
    arrays_of = cache(partial(_arrays, shards))
    dataset_of = cache(partial(_labels, shards, arrays_of))
    plans = planned(settings.metrics, facts)
    model = shards[0].record.model_sha256
    run = ModelRun(facts, dataset_of, plans, watches_of(plans), model)
    if reason := missing(shards, inputs.count):
        return _unfinished(run, reason)
    if model is None:
        return run
    limits = ResourceLimits(settings.timeout_s)
    score = partial(_score, shards, arrays_of, limits)
    subjects = [
        Subject("", facts, dataset_of(signature), of_signature, None)
        for signature, of_signature in by_signature([*plans, *run.watches]).items()
    ]
    reasons, scores = score_all_signatures(subjects, score, is_baseline=run.is_of_baseline)
    return replace(run, reasons=reasons, scores=scores)


def _score(
    shards: Sequence[ShardFolder],
    arrays_of: Callable[[str], _Arrays],
    limits: ResourceLimits,
    subject: Subject,
) -> SubjectOutcome:
    key = subject.signature.key
    records = [shard.record for shard in shards]
    rows = [record.rows[key] for record in records]
    return _failure(key, records) or _summed_up(subject, rows, arrays_of(key), limits)


def _unfinished(run: ModelRun, reason: str) -> ModelRun:
    if run.is_of_baseline:
        raise InputError(f"the evaluation of the baseline is not complete: {reason}")
    return replace(run, reasons=[reason], scores=replace(NO_SCORES, provisional=True))


def _arrays(shards: Sequence[ShardFolder], signature: str) -> _Arrays:
    return {
        rows.start: shard.arrays(signature)
        for shard in shards
        if (rows := shard.record.rows.get(signature)) and rows.is_scored
    }


def _labels(
    shards: Sequence[ShardFolder], arrays_of: Callable[[str], _Arrays], signature: str
) -> DatasetFolder:
    """Return the labels of all samples of a signature, as far as metrics need them."""
    manifest = shards[0].manifest(signature)
    return joined_labels(manifest, list(arrays_of(signature).values()))


def _failure(signature: str, shards: Sequence[Shard]) -> ModelFailure | IsolatedFailure | None:
    """Return the failure that one evaluation of all samples would have, or None.

    If time or memory ran out, it names the shard.
    """
    failed = [(shard.name, rows) for shard in shards if (rows := shard.rows[signature]).failure]
    for name, rows in failed:
        if rows.crashed and rows.provisional:
            return OutOfBounds(f"{name} {rows.failure}")
        if rows.crashed:
            return IsolatedFailure(rows.failure)
    return next((ModelFailure(rows.failure) for _, rows in failed), None)


def _summed_up(
    subject: Subject, shards: Sequence[ScoredRows], arrays: _Arrays, limits: ResourceLimits
) -> SubjectOutcome:
    refusal = next((rows.refusal for rows in shards if rows.refusal), None)
    parts: list[ShardOutcome] = [
        (start, Part(dict(each.kept), each.not_finite, refusal)) for start, each in arrays.items()
    ]
    try:
        return run_isolated(summed_up, subject, parts, limits=limits, reach=reach_of(subject))
    except IsolatedFailure as failure:
        return failure
