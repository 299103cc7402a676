"""The work of `evaluate_shard`: the scores of one .tflite on some rows of a data set."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from quantgate.components.artifacts.dataset import content_sha256, open_dataset
from quantgate.components.artifacts.division import Division
from quantgate.components.artifacts.measurement import MEASUREMENT, is_decided
from quantgate.components.artifacts.shard import ShardArrays, write_shard
from quantgate.components.evaluate.outcome import ModelRun
from quantgate.components.evaluate.run import Part, Subject
from quantgate.components.evaluate.scoring import checked, score_rows
from quantgate.components.evaluate.shards import is_random
from quantgate.components.evaluate.subjects import subjects_of
from quantgate.components.evaluate.summing import joined
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, begun
from quantgate.components.evaluate_shard.attempts import attempted
from quantgate.components.evaluate_shard.labels import labels_of
from quantgate.components.evaluate_shard.rounds import score_round
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits
from quantgate.foundation.hashing import sha256_of_json
from quantgate.records.datasets import Manifest
from quantgate.records.shards import ScoredRows, Shard
from quantgate.records.tasks import Measurement, ModelFacts

Scored = tuple[ScoredRows, ShardArrays | None]


def evaluate_shard(
    inputs: EvaluateInputs,
    settings: EvaluateSettings,
    division: Division,
    shard_path: str,
    earlier: str | None = None,
) -> Shard:
    """Run a .tflite on a shard of a data set, and write its scores.

    A model that does not run is a result, as in `evaluate`.

    Args:
        inputs: the model, and the samples to run it on.
        settings: the metrics.
        division: the place of the shard.
        shard_path: folder to write `shard.json` and the arrays to.
        earlier: folder with the merged rounds before this one. If they have decided the candidate,
            no sample is read.

    Returns:
        The content of `shard.json`.

    Raises:
        InputError: a metric does not fit the model's outputs or the labels, or cannot be computed
            from the baseline's outputs.
    """
    if earlier and is_decided(earlier):
        return _not_needed(settings, division, shard_path, earlier)
    with TemporaryDirectory(prefix="quantgate-parts-") as fetched:
        is_there = bool(Path(inputs.model).stat().st_size)
        rows = partial(_rows, division, ModelFacts.read(inputs.facts))
        needed = rows if is_there else _none
        opening = partial(open_dataset, needed=needed, fetched=Path(fetched))
        run = begun(inputs, settings, opening)
        return _scored(run, inputs, settings, division, shard_path)


def _scored(
    run: ModelRun,
    inputs: EvaluateInputs,
    settings: EvaluateSettings,
    division: Division,
    shard_path: str,
) -> Shard:
    manifests = {plan.signature: run.dataset_of(plan.signature).manifest for plan in run.plans}
    subjects = subjects_of(run, inputs.model, inputs.baseline) if run.sha256 else []
    limits = ResourceLimits(settings.timeout_s)
    score = score_round if division.round else _score_rows
    scored = {
        subject.signature.key: score(subject, division, limits, is_baseline=run.is_of_baseline)
        for subject in subjects
    }
    record = Shard(
        number=division.number,
        count=division.count,
        model_sha256=run.sha256,
        dataset_sha256=content_sha256(manifests),
        metrics_sha256=metrics_sha256(settings),
        litert=litert_version(),
        round=division.round,
        rows={key: rows for key, (rows, _) in scored.items()},
    )
    arrays = {key: made for key, (_, made) in scored.items() if made}
    write_shard(shard_path, record, manifests, arrays)
    return record


def _not_needed(
    settings: EvaluateSettings, division: Division, shard_path: str, earlier: str
) -> Shard:
    """Write a shard without samples for a candidate that is decided."""
    measurement = Measurement.read(Path(earlier) / MEASUREMENT)
    record = Shard(
        number=division.number,
        count=division.count,
        model_sha256=measurement.model_sha256,
        dataset_sha256=measurement.dataset_sha256,
        metrics_sha256=metrics_sha256(settings),
        litert=litert_version(),
        round=division.round,
    )
    write_shard(shard_path, record, {}, {})
    return record


def metrics_sha256(settings: EvaluateSettings) -> str:
    """Return the hash of everything that the scores depend on, besides model and data."""
    return sha256_of_json([list(settings.metrics), settings.code_sha256])


def _rows(division: Division, facts: ModelFacts, manifest: Manifest) -> range:
    """Return the rows of a shard. In a round, those that its samples are among."""
    if is_random(facts):
        # Its outputs depend on how often it has run, so one process runs all samples.
        return range(manifest.samples if division.number == 1 else 0)
    if division.round:
        # All shards share a round's samples, so that each of them fetches few parts.
        division = replace(division, enough=0.0)
    return division.rows(manifest.samples, manifest.parts)


def _none(manifest: Manifest) -> range:
    return range(0)


def _score_rows(
    subject: Subject, division: Division, limits: ResourceLimits, *, is_baseline: bool
) -> Scored:
    rows = _rows(division, subject.facts, subject.dataset.manifest)
    record = ScoredRows(start=rows.start, stop=rows.stop)
    if not rows:
        return record, None
    try:
        outcome = joined(attempted(partial(score_rows, subject, rows, limits)))
    except IsolatedFailure as failure:
        ended = {"failure": str(failure), "crashed": True, "provisional": failure.passing}
        return record.model_copy(update=ended), None
    part = checked(outcome, is_baseline=is_baseline)
    if not isinstance(part, Part):
        return record.model_copy(update={"failure": str(part)}), None
    refused = record.model_copy(update={"refusal": part.refusal})
    labels = labels_of(subject, slice(rows.start, rows.stop))
    return refused, ShardArrays(not_finite=part.not_finite, kept=part.kept, **labels)
