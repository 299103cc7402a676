"""The result of running a model on a data set, and the measurement that is written of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quantgate.components.artifacts.dataset import DatasetFolder, content_sha256
from quantgate.components.artifacts.measurement import ANSWERS, write_evaluation
from quantgate.components.evaluate.answers import Watch, write_answers
from quantgate.components.evaluate.guesses import guess_of
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.result import Result
from quantgate.components.evaluate.run import Scores
from quantgate.components.evaluate.scoring import NO_SCORES
from quantgate.components.evaluate.slices import titles_of
from quantgate.components.evaluate.units import units_by_figure
from quantgate.components.litert.interpreter import litert_version
from quantgate.domain.figures import is_slice, slice_of
from quantgate.records.datasets import Manifest
from quantgate.records.guess import Guess
from quantgate.records.outcomes import MeasurementStatus
from quantgate.records.tasks import Measurement, ModelFacts, Slices

NO_MODEL = "the conversion left no model"


@dataclass(frozen=True)
class ModelRun:
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

    def write(self, measurement_path: str) -> Measurement:
        """Write `measurement.json` and its arrays, and return the content of that file.

        Args:
            measurement_path: folder to write to.
        """
        results = _results_of(self.plans, self.scores)
        strata = {title: each.strata for title, each in results.items() if each.strata is not None}
        measurement = _measurement(self, results)
        units = units_by_figure(self.plans, results, self.dataset_of) if self.is_of_baseline else {}
        write_evaluation(
            measurement_path,
            measurement,
            {title: result.values for title, result in results.items()},
            self.scores.covered,
            units,
            strata,
        )
        answers = Path(measurement_path) / ANSWERS
        write_answers(answers, self.watches, self.scores, self.dataset_of)
        return measurement


def _measurement(run: ModelRun, results: Mapping[str, Result]) -> Measurement:
    plans, scores = run.plans, run.scores
    manifests = {plan.signature: run.dataset_of(plan.signature).manifest for plan in plans}
    return Measurement(
        model_sha256=run.sha256,
        status=MeasurementStatus.FAILED if run.reasons else MeasurementStatus.MEASURED,
        reasons=list(run.reasons),
        figures={title: result.figure for title, result in results.items()},
        metrics=_metrics_by_figure(plans, results),
        slices=_slices_by_figure(plans, results),
        signatures=_signatures_by_figure(run, results),
        samples=scores.steps.taken if scores.steps else _samples_of(manifests),
        dataset_sha256=content_sha256(manifests),
        litert=litert_version(),
        steps=scores.steps,
        provisional=scores.provisional,
        guesses=_guesses(plans, run.dataset_of) if run.is_of_baseline else {},
        ranges=_ranges_by_figure(plans, results),
        refusal=scores.refusal,
    )


def _results_of(plans: Sequence[Plan], scores: Scores) -> dict[str, Result]:
    results = scores.results
    return {title: results[title] for plan in plans for title in titles_of(plan.title, results)}


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


def _signatures_by_figure(run: ModelRun, results: Iterable[str]) -> dict[str, str]:
    if len(run.facts.keys) == 1:
        return {}
    return {title: plan.signature for plan in run.plans for title in titles_of(plan.title, results)}


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
