"""The work of `evaluate`: the accuracy of one .tflite on a data set."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from quantgate.components.artifacts.dataset import DatasetFolder, content_sha256, open_dataset
from quantgate.components.artifacts.measurement import ANSWERS, write_evaluation
from quantgate.components.evaluate.answers import watches_of, write_answers
from quantgate.components.evaluate.metrics import Result
from quantgate.components.evaluate.planning import Plan, plan_metrics
from quantgate.components.evaluate.run import (
    MetricFailure,
    Scores,
    Subject,
    score_stretches,
)
from quantgate.components.evaluate.shards import handed_out, processes_of, stretches_of
from quantgate.components.evaluate.steps import contest_of, score_in_steps
from quantgate.components.evaluate.summing import score_model, summed_up
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.processes.isolation import IsolatedFailure, run_isolated, run_side_by_side
from quantgate.components.processes.progress import expect
from quantgate.components.user_code import import_code
from quantgate.decision.early_stopping import Contest
from quantgate.domain.figures import is_slice, slice_of, whole_of
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import Manifest, Measurement, ModelFacts, Slices

TIMEOUT_S = 6 * 3600.0
NO_MODEL = "the conversion left no model"
NOTHING = Scores({}, np.zeros(0, np.int64))


def evaluate(
    model_path: str,
    *,
    facts_path: str,
    dataset_path: str,
    metrics: Sequence[Mapping[str, object]],
    measurement_path: str,
    baseline_path: str | None = None,
    reference_path: str | None = None,
    limits: Mapping[str, Any] | None = None,
    choose: Sequence[Any] | None = None,
    code_path: str | None = None,
    code_sha256: str = "",
) -> Measurement:
    """Run a .tflite over a data set and compute its metrics.

    A model that does not run, or whose outputs are not finite, is a result: its measurement says
    why, as where a metric cannot be computed from them. The model runs in a process of its own,
    so that a crash in a kernel is a reason too.

    Args:
        model_path: a .tflite of any mode; zero bytes long where the conversion failed.
        facts_path: `ModelFacts` of the float model.
        dataset_path: an evaluation set as `build_dataset` writes it.
        metrics: the spec's `measure.metrics`.
        measurement_path: folder to write `measurement.json`, `samples.npz` and `answers.npz` to.
        baseline_path: the float .tflite; needed by metrics that take no labels, unless the model is
            that one.
        reference_path: folder of the baseline's measurement, where the evaluation may stop as soon
            as it is decided, which takes metrics that are means over the samples of one signature.
        limits: the spec's `gate`, which decides that.
        choose: the spec's `choose`, whose figures all samples give exactly.
        code_path: a Python file, or a folder with it, that has functions which metrics name.
        code_sha256: hash of its content.

    Returns:
        What `measurement.json` holds.

    Raises:
        InputError: a metric does not fit the model's outputs or the labels, or cannot be computed
            from the baseline's.
    """
    if code_path:
        import_code(code_path, code_sha256)
    facts = ModelFacts.read(facts_path)
    dataset_of = cache(partial(open_dataset, dataset_path))
    plans = plan_metrics(metrics, facts, dataset_of)
    watches = watches_of(plans)
    manifests = {plan.signature: dataset_of(plan.signature).manifest for plan in plans}
    if Path(model_path).stat().st_size:
        sha256 = sha256_of_file(model_path)
        is_float = sha256 == facts.baseline_sha256
        baseline = None if is_float else _needed(baseline_path, plans)
        contest = contest_of(reference_path, limits or {}, choose or ())
        reasons, scores = _scored(
            model_path, facts, dataset_of, [*plans, *watches], baseline, contest
        )
    else:
        sha256, reasons, scores = None, [NO_MODEL], NOTHING
    watched = {watch.title for watch in watches}
    results = {title: result for title, result in scores.results.items() if title not in watched}
    measurement = Measurement(
        model_sha256=sha256,
        status="failed" if reasons else "measured",
        reasons=reasons,
        figures={title: figure for title, (figure, _) in results.items()},
        metrics=_metrics_by_figure(plans, results),
        slices=_slices_by_figure(plans, results),
        samples=scores.steps.taken if scores.steps else _samples_of(manifests),
        dataset_sha256=content_sha256(manifests),
        litert=litert_version(),
        steps=scores.steps,
    )
    values = {title: values for title, (_, values) in results.items()}
    write_evaluation(measurement_path, measurement, values, scores.covered)
    write_answers(Path(measurement_path) / ANSWERS, watches, scores, dataset_of)
    return measurement


def _needed(baseline: str | None, plans: Sequence[Plan]) -> str | None:
    comparing = [plan.title for plan in plans if not plan.computation.labelled]
    if comparing and baseline is None:
        raise InputError(f"`{comparing[0]}` compares with the float model: pass it as `baseline`")
    return baseline


def _samples_of(manifests: Mapping[str, Manifest]) -> int:
    return sum(manifest.samples for manifest in manifests.values())


def _scored(
    model_path: str,
    facts: ModelFacts,
    dataset_of: Callable[[str], DatasetFolder],
    plans: Sequence[Plan],
    baseline: str | None,
    contest: Contest | None,
) -> tuple[list[str], Scores]:
    """Why the model cannot be measured, or else what it scores."""
    found: list[Scores] = []
    for signature in dict.fromkeys(plan.signature for plan in plans):
        those = [plan for plan in plans if plan.signature == signature]
        against = baseline if any(not plan.computation.labelled for plan in those) else None
        outcome = _score(Subject(model_path, facts, dataset_of(signature), those, against), contest)
        reasons = _reasons(outcome)
        if reasons or not isinstance(outcome, Scores):
            where = f"signature `{signature}`: " if len(facts.keys) > 1 else ""
            return [f"{where}{reason}" for reason in reasons], NOTHING
        found.append(outcome)
    results = {title: result for scores in found for title, result in scores.results.items()}
    ordered = {title: results[title] for plan in plans for title in _titles_of(plan, results)}
    return [], replace(found[0], results=ordered)


def _titles_of(plan: Plan, results: Iterable[str]) -> list[str]:
    return [title for title in results if whole_of(title) == plan.title]


def _metrics_by_figure(plans: Sequence[Plan], results: Iterable[str]) -> dict[str, str]:
    return {
        title: plan.metric
        for plan in plans
        for title in dict.fromkeys([plan.title, *_titles_of(plan, results)])
    }


def _slices_by_figure(plans: Sequence[Plan], results: Mapping[str, Result]) -> dict[str, Slices]:
    return {
        plan.title: Slices(
            key=plan.slice,
            higher_is_better=plan.higher_is_better,
            samples={
                slice_of(title): len(results[title][1])
                for title in _titles_of(plan, results)
                if is_slice(title)
            },
        )
        for plan in plans
        if plan.slice and results
    }


def _score(subject: Subject, contest: Contest | None) -> Scores | ModelFailure | IsolatedFailure:
    try:
        outcome = (
            score_in_steps(subject, contest, timeout_s=TIMEOUT_S) if contest else _computed(subject)
        )
    except IsolatedFailure as failure:
        return failure
    if isinstance(outcome, InputError):
        raise outcome
    if isinstance(outcome, MetricFailure) and _is_baseline(subject):
        raise InputError(str(outcome)) from outcome
    return outcome


def _is_baseline(subject: Subject) -> bool:
    return sha256_of_file(subject.path) == subject.facts.baseline_sha256


def _computed(subject: Subject) -> Scores | InputError | ModelFailure:
    """Score the samples, side by side in processes of their own."""
    samples, processes = subject.dataset.manifest.samples, processes_of(subject)
    expect(samples * (2 if subject.baseline else 1))
    if processes == 1:
        return run_isolated(score_model, subject, range(samples), timeout_s=TIMEOUT_S)
    with handed_out(stretches_of(samples, processes)) as stretches:
        calls = [(subject, stretches)] * processes
        outcomes = run_side_by_side(score_stretches, calls, timeout_s=TIMEOUT_S)
    return summed_up(subject, chain.from_iterable(outcomes))


def _reasons(outcome: Scores | ModelFailure | IsolatedFailure) -> list[str]:
    if isinstance(outcome, IsolatedFailure):
        return [f"running the model failed: {outcome}"]
    if isinstance(outcome, ModelFailure):
        return [str(outcome)]
    if len(outcome.not_finite):
        return [
            f"the outputs hold NaN or infinity for {len(outcome.not_finite)} samples, the first "
            f"is sample {outcome.not_finite[0]}"
        ]
    return []
