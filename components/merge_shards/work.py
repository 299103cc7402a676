"""The work of `merge_shards`: the measurement of a model from the scores of all samples."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.artifacts.measurement import MEASUREMENT, is_decided
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
from quantgate.components.evaluate.scoring import SubjectOutcome, score_all_signatures
from quantgate.components.evaluate.shards import reach_of
from quantgate.components.evaluate.steps import contest_of
from quantgate.components.evaluate.subjects import by_signature
from quantgate.components.evaluate.summing import summed_up
from quantgate.components.evaluate.work import EvaluateSettings
from quantgate.components.evaluate_shard.work import metrics_sha256
from quantgate.components.merge_shards.consistency import in_order, missing
from quantgate.components.merge_shards.failures import failure_of, unfinished
from quantgate.components.merge_shards.inputs import MergeInputs
from quantgate.components.merge_shards.rounds import Rounds
from quantgate.components.processes.isolation import (
    IsolatedFailure,
    ResourceLimits,
    run_isolated,
)
from quantgate.components.user_code import UserCode, import_code
from quantgate.records.shards import ScoredRows
from quantgate.records.tasks import Measurement, ModelFacts

#: The arrays of a signature in all shards that have any, by the first row of the shard.
_Arrays = Mapping[int, ShardArrays]


def merge_shards(
    inputs: MergeInputs, settings: EvaluateSettings, measurement_path: str
) -> Measurement | None:
    """Merge the shards of an evaluation into the measurement that `evaluate` would have written.

    If the evaluation may stop early, the shards are those of a round, and the measurement is
    written as soon as the candidate is decided. Until then, the samples of all rounds are.

    If a shard is missing, the model has no metrics, and the reason names the shard.

    Args:
        inputs: the shards.
        settings: the metrics, and when to stop early.
        measurement_path: folder to write `measurement.json` and its arrays to.

    Returns:
        The content of `measurement.json`. None if another round follows.

    Raises:
        InputError: a shard appears twice or does not belong to the others, a shard of the baseline
            is missing, or a metric cannot be computed from the baseline's outputs.
    """
    if inputs.code:
        import_code(UserCode(inputs.code, settings.code_sha256))
    if inputs.earlier and is_decided(inputs.earlier):
        shutil.copytree(inputs.earlier, measurement_path, dirs_exist_ok=True)
        return Measurement.read(Path(measurement_path) / MEASUREMENT)
    shards = in_order(map(read_shard, inputs.shards), inputs.count, metrics_sha256(settings))
    facts = ModelFacts.read(inputs.facts)
    if inputs.reference:
        return _merge_round(inputs, settings, facts, shards, measurement_path)
    return _run(inputs, settings, facts, shards).write(measurement_path)


def _run(
    inputs: MergeInputs,
    settings: EvaluateSettings,
    facts: ModelFacts,
    shards: Sequence[ShardFolder],
) -> ModelRun:
    arrays_of = cache(partial(_arrays, shards))
    dataset_of = cache(partial(_labels, shards, arrays_of))
    run = _begun(settings, facts, shards, dataset_of)
    if reason := missing(shards, inputs.count):
        return unfinished(run, reason)
    if run.sha256 is None:
        return run
    limits = ResourceLimits(settings.timeout_s)
    score = partial(_score, shards, arrays_of, limits)
    subjects = [
        Subject("", facts, dataset_of(signature), of_signature, None)
        for signature, of_signature in by_signature([*run.plans, *run.watches]).items()
    ]
    return _scored(run, subjects, score)


def _merge_round(
    inputs: MergeInputs,
    settings: EvaluateSettings,
    facts: ModelFacts,
    shards: Sequence[ShardFolder],
    measurement_path: str,
) -> Measurement | None:
    key = planned(settings.metrics, facts)[0].signature
    rounds = Rounds.read(key, inputs.earlier, shards)
    dataset = rounds.dataset
    run = _begun(settings, facts, shards, lambda _: dataset)
    if reason := missing(shards, inputs.count):
        return unfinished(run, reason).write(measurement_path)
    if run.sha256 is None:
        return run.write(measurement_path)
    limits, choose = settings.limits or {}, settings.choose or ()
    contest = contest_of(inputs.reference, limits, choose, settings.candidates)
    subject = Subject("", facts, dataset, [*run.plans, *run.watches], None)
    outcome = rounds.outcome(subject, contest)
    if outcome is None:
        rounds.write(measurement_path)
        return None
    return _scored(run, [subject], lambda _: outcome).write(measurement_path)


def _begun(
    settings: EvaluateSettings,
    facts: ModelFacts,
    shards: Sequence[ShardFolder],
    dataset_of: Callable[[str], DatasetFolder],
) -> ModelRun:
    plans = planned(settings.metrics, facts)
    return ModelRun(facts, dataset_of, plans, watches_of(plans), shards[0].record.model_sha256)


def _scored(
    run: ModelRun, subjects: Sequence[Subject], score: Callable[[Subject], SubjectOutcome]
) -> ModelRun:
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
    return failure_of(key, records) or _summed_up(subject, rows, arrays_of(key), limits)


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
