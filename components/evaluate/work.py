"""The work of `evaluate`: the accuracy of one .tflite on a data set."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from quantgate.components.artifacts.dataset import DatasetFolder, content_sha256, open_dataset
from quantgate.components.artifacts.measurement import ANSWERS, write_evaluation
from quantgate.components.evaluate.answers import Watch, watches_of, write_answers
from quantgate.components.evaluate.guesses import guess_of
from quantgate.components.evaluate.planning import Plan, plan_metrics
from quantgate.components.evaluate.result import Result
from quantgate.components.evaluate.run import Scores, Subject
from quantgate.components.evaluate.scoring import (
    NO_SCORES,
    TIMEOUT_S,
    score_all_signatures,
)
from quantgate.components.evaluate.slices import titles_of
from quantgate.components.evaluate.steps import contest_of
from quantgate.components.evaluate.units import units_by_figure
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.user_code import UserCode, import_code
from quantgate.decision.early_stopping import Contest
from quantgate.domain.figures import is_slice, slice_of
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.guess import Guess
from quantgate.records.outcomes import MeasurementStatus
from quantgate.records.tasks import Manifest, Measurement, ModelFacts, Slices

NO_MODEL = "the conversion left no model"


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
    if inputs.code:
        import_code(UserCode(inputs.code, settings.code_sha256))
    run = _run(inputs, settings)
    results = _results_of(run.plans, run.scores)
    measurement = _measurement(run, results)
    units = units_by_figure(run.plans, results, run.dataset_of) if run.is_of_baseline else {}
    write_evaluation(
        measurement_path,
        measurement,
        {title: result.values for title, result in results.items()},
        run.scores.covered,
        units,
        {title: result.strata for title, result in results.items() if result.strata is not None},
    )
    write_answers(Path(measurement_path) / ANSWERS, run.watches, run.scores, run.dataset_of)
    return measurement


@dataclass(frozen=True)
class _Run:
    """The run of a model on a data set.

    Attributes:
        facts: `ModelFacts` of the float model.
        dataset_of: opens the data set of a signature.
        plans: the metrics to compute.
        watches: the outputs whose predictions are written.
        sha256: hash of the model, None if the conversion left none.
        reasons: why the model has no metrics, empty if it has.
        scores: the results by metric.
    """

    facts: ModelFacts
    dataset_of: Callable[[str], DatasetFolder]
    plans: Sequence[Plan]
    watches: Sequence[Watch]
    sha256: str | None = None
    reasons: Sequence[str] = (NO_MODEL,)
    scores: Scores = NO_SCORES

    @property
    def is_of_baseline(self) -> bool:
        """True if the model is the float .tflite."""
        return self.sha256 == self.facts.baseline_sha256


def _run(inputs: EvaluateInputs, settings: EvaluateSettings) -> _Run:
    facts = ModelFacts.read(inputs.facts)
    dataset_of = cache(partial(open_dataset, inputs.dataset))
    plans = plan_metrics(settings.metrics, facts, dataset_of)
    run = _Run(facts, dataset_of, plans, watches_of(plans))
    if not Path(inputs.model).stat().st_size:
        return run
    run = replace(run, sha256=sha256_of_file(inputs.model))
    baseline = None if run.is_of_baseline else _needed(inputs.baseline, plans)
    subjects = _subjects(inputs.model, facts, dataset_of, [*plans, *run.watches], baseline)
    reasons, scores = score_all_signatures(subjects, _contest(inputs, settings), settings.timeout_s)
    return replace(run, reasons=reasons, scores=scores)


def _measurement(run: _Run, results: Mapping[str, Result]) -> Measurement:
    plans, scores = run.plans, run.scores
    manifests = {plan.signature: run.dataset_of(plan.signature).manifest for plan in plans}
    return Measurement(
        model_sha256=run.sha256,
        status=MeasurementStatus.FAILED if run.reasons else MeasurementStatus.MEASURED,
        reasons=list(run.reasons),
        figures={title: result.figure for title, result in results.items()},
        metrics=_metrics_by_figure(plans, results),
        slices=_slices_by_figure(plans, results),
        samples=scores.steps.taken if scores.steps else _samples_of(manifests),
        dataset_sha256=content_sha256(manifests),
        litert=litert_version(),
        steps=scores.steps,
        provisional=scores.provisional,
        guesses=_guesses(plans, run.dataset_of) if run.is_of_baseline else {},
        ranges=_ranges_by_figure(plans, results),
        refusal=scores.refusal,
    )


def _subjects(
    model: str,
    facts: ModelFacts,
    dataset_of: Callable[[str], DatasetFolder],
    plans: Sequence[Plan],
    baseline: str | None,
) -> list[Subject]:
    by_signature: dict[str, list[Plan]] = {}
    for plan in plans:
        by_signature.setdefault(plan.signature, []).append(plan)
    return [
        Subject(model, facts, dataset_of(signature), of_signature, baseline)
        for signature, of_signature in by_signature.items()
    ]


def _results_of(plans: Sequence[Plan], scores: Scores) -> dict[str, Result]:
    results = scores.results
    return {title: results[title] for plan in plans for title in titles_of(plan.title, results)}


def _needed(baseline: str | None, plans: Sequence[Plan]) -> str | None:
    comparing = [plan.title for plan in plans if not plan.computation.labelled]
    if comparing and baseline is None:
        raise InputError(f"`{comparing[0]}` compares with the float model: pass it as `baseline`")
    return baseline


def _samples_of(manifests: Mapping[str, Manifest]) -> int:
    return sum(manifest.samples for manifest in manifests.values())


def _guesses(plans: Sequence[Plan], dataset_of: Callable[[str], DatasetFolder]) -> dict[str, Guess]:
    guesses = {plan.title: guess_of(plan, dataset_of(plan.signature)) for plan in plans}
    return {title: guess for title, guess in guesses.items() if guess}


def _metrics_by_figure(plans: Sequence[Plan], results: Iterable[str]) -> dict[str, str]:
    return {
        title: plan.metric
        for plan in plans
        for title in dict.fromkeys([plan.title, *titles_of(plan.title, results)])
    }


def _ranges_by_figure(
    plans: Sequence[Plan], results: Iterable[str]
) -> dict[str, tuple[float, float]]:
    return {
        title: plan.range
        for plan in plans
        if plan.range
        for title in titles_of(plan.title, results)
    }


def _slices_by_figure(plans: Sequence[Plan], results: Mapping[str, Result]) -> dict[str, Slices]:
    return {
        plan.title: Slices(
            key=plan.slice,
            higher_is_better=plan.higher_is_better,
            samples={
                slice_of(title): len(results[title].values)
                for title in titles_of(plan.title, results)
                if is_slice(title)
            },
        )
        for plan in plans
        if plan.slice and results
    }
