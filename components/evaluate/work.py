"""The work of `evaluate`: the accuracy of one .tflite on a data set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from quantgate.components.artifacts.dataset import DatasetFolder, open_dataset
from quantgate.components.evaluate.answers import watches_of
from quantgate.components.evaluate.outcome import ModelRun
from quantgate.components.evaluate.planning import plan_metrics
from quantgate.components.evaluate.scoring import (
    TIMEOUT_S,
    score_all_signatures,
    score_subject,
)
from quantgate.components.evaluate.steps import contest_of
from quantgate.components.evaluate.subjects import subjects_of
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.user_code import UserCode, import_code
from quantgate.decision.early_stopping import Contest
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import Measurement, ModelFacts


@dataclass(frozen=True)
class EvaluateInputs:
    """Paths of the artifacts that an evaluation reads. None stands for one that is not passed.

    Attributes:
        model: a .tflite of any mode, zero bytes long if the conversion failed.
        facts: `ModelFacts` of the float model.
        dataset: an evaluation set that `build_dataset` wrote.
        baseline: the float .tflite. Metrics without labels need it, unless `model` is that file.
        reference: folder of the baseline's measurement. With it, the evaluation may stop early,
            which needs metrics that are means over the samples of one signature.
        code: the user's Python file, or a folder with it, that defines functions for metrics.
    """

    model: str
    facts: str
    dataset: str
    baseline: str | None = None
    reference: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class EvaluateSettings:
    """The parameters of an evaluation, as plain values of the spec.

    Attributes:
        metrics: the spec's `measure.metrics`.
        limits: the spec's `gate`, which decides whether an evaluation stops early.
        choose: the spec's `choose`. Its metrics need all samples.
        candidates: number of planned candidates, which share the error of passing early.
        code_sha256: hash of the user's Python file.
        timeout_s: seconds after which the model is stopped, for each signature.
    """

    metrics: Sequence[Mapping[str, object]]
    limits: Mapping[str, Any] | None = None
    choose: Sequence[Any] | None = None
    candidates: int = 1
    code_sha256: str = ""
    timeout_s: float = TIMEOUT_S


def _contest(inputs: EvaluateInputs, settings: EvaluateSettings) -> Contest | None:
    limits, choose = settings.limits or {}, settings.choose or ()
    return contest_of(inputs.reference, limits, choose, settings.candidates)


def evaluate(
    inputs: EvaluateInputs, settings: EvaluateSettings, measurement_path: str
) -> Measurement:
    """Run a .tflite on a data set and compute its metrics.

    A model that does not run is a result, and so is one whose outputs are not finite or do not
    allow a metric to be computed: its measurement gives the reason. The model runs in a child
    process, so that a crash in a kernel becomes a reason too.

    Args:
        inputs: the model, and the samples to run it on.
        settings: the metrics, and when to stop early.
        measurement_path: folder to write `measurement.json` and its arrays to.

    Returns:
        The content of `measurement.json`.

    Raises:
        InputError: a metric does not fit the model's outputs or the labels, or cannot be computed
            from the baseline's outputs.
    """
    with TemporaryDirectory(prefix="quantgate-parts-") as fetched:
        opening = partial(open_dataset, fetched=Path(fetched))
        return _run(inputs, settings, opening).write(measurement_path)


def _run(
    inputs: EvaluateInputs, settings: EvaluateSettings, opening: Callable[[str, str], DatasetFolder]
) -> ModelRun:
    run = begun(inputs, settings, opening)
    if run.sha256 is None:
        return run
    limits = ResourceLimits(settings.timeout_s)
    score = partial(score_subject, contest=_contest(inputs, settings), limits=limits)
    subjects = subjects_of(run, inputs.model, inputs.baseline)
    reasons, scores = score_all_signatures(subjects, score, is_baseline=run.is_of_baseline)
    return replace(run, reasons=reasons, scores=scores)


def begun(
    inputs: EvaluateInputs,
    settings: EvaluateSettings,
    opening: Callable[[str, str], DatasetFolder],
) -> ModelRun:
    """Return the run of a model before it has any scores.

    Args:
        inputs: the model, and the samples to run it on.
        settings: the metrics.
        opening: opens the samples of a signature, by the folder of the data set and its key.

    Raises:
        InputError: a metric does not fit the outputs or the labels.
    """
    if inputs.code:
        import_code(UserCode(inputs.code, settings.code_sha256))
    facts = ModelFacts.read(inputs.facts)
    dataset_of = cache(partial(opening, inputs.dataset))
    plans = plan_metrics(settings.metrics, facts, dataset_of)
    is_there = bool(Path(inputs.model).stat().st_size)
    sha256 = sha256_of_file(inputs.model) if is_there else None
    return ModelRun(facts, dataset_of, plans, watches_of(plans), sha256)
