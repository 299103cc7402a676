"""Score a model on the samples of all signatures, in child processes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeVar

import numpy as np

from quantgate.components.evaluate.run import (
    MetricFailure,
    Scores,
    ShardOutcome,
    Subject,
    score_shards,
)
from quantgate.components.evaluate.shards import (
    processes_of,
    reach_of,
    shards_of,
    shared_among_forks,
)
from quantgate.components.evaluate.steps import score_in_steps
from quantgate.components.evaluate.summing import score_model, summed_up
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.processes.isolation import (
    IsolatedFailure,
    ResourceLimits,
    run_isolated,
    run_side_by_side,
)
from quantgate.components.processes.progress import expect
from quantgate.decision.early_stopping import Contest
from quantgate.errors import InputError
from quantgate.foundation.machine import MOST_PROCESSES

ResultT = TypeVar("ResultT")
TIMEOUT_S = 6 * 3600.0
NO_SCORES = Scores({}, np.zeros(0, np.int64))


#: The scores of a model on one signature, or why there are none.
SubjectOutcome = Scores | InputError | ModelFailure | IsolatedFailure


def score_all_signatures(
    subjects: Sequence[Subject], score: Callable[[Subject], SubjectOutcome], *, is_baseline: bool
) -> tuple[list[str], Scores]:
    """Return the reasons why a model cannot be measured, or else its scores.

    Args:
        subjects: the model with the samples and metrics of each signature.
        score: scores one of them.
        is_baseline: whether the model is the float .tflite.

    Raises:
        InputError: a metric cannot be computed from the baseline's outputs.
    """
    all_scores: list[Scores] = []
    for subject in subjects:
        outcome = checked(score(subject), is_baseline=is_baseline)
        reasons = _reasons(outcome)
        if reasons or not isinstance(outcome, Scores):
            several = len(subject.facts.keys) > 1
            prefix = f"signature `{subject.signature.key}`: " if several else ""
            passing = isinstance(outcome, IsolatedFailure) and outcome.passing
            reasons = [f"{prefix}{reason}" for reason in reasons]
            return reasons, replace(NO_SCORES, provisional=passing)
        all_scores.append(outcome)
    results = {title: result for scores in all_scores for title, result in scores.results.items()}
    return [], replace(all_scores[0], results=results)


def checked(
    outcome: ResultT | InputError | ModelFailure | IsolatedFailure, *, is_baseline: bool
) -> ResultT | ModelFailure | IsolatedFailure:
    """Return an outcome that says something about the model.

    Raises:
        InputError: a metric cannot be computed from the baseline's outputs.
    """
    if isinstance(outcome, InputError):
        raise outcome
    if isinstance(outcome, MetricFailure) and is_baseline:
        raise InputError(str(outcome)) from outcome
    return outcome


def score_subject(
    subject: Subject, contest: Contest | None, limits: ResourceLimits
) -> SubjectOutcome:
    """Score a model on the samples of one signature.

    Args:
        subject: the model with its samples and metrics.
        contest: decides whether to stop early. None to run all samples.
        limits: the time after which the model is stopped.
    """
    try:
        if contest:
            return score_in_steps(subject, contest, limits=limits)
        return _computed(subject, limits)
    except IsolatedFailure as failure:
        return failure


def _computed(subject: Subject, limits: ResourceLimits) -> Scores | InputError | ModelFailure:
    """Score all samples, in several child processes if that is faster."""
    rows = range(subject.dataset.manifest.samples)
    if processes_of(subject) > 1:
        return summed_up(subject, score_rows(subject, rows, limits))
    _expect(subject, rows)
    return run_isolated(score_model, subject, rows, limits=limits, reach=reach_of(subject))


def score_rows(
    subject: Subject, rows: range, limits: ResourceLimits, most_processes: int = MOST_PROCESSES
) -> list[ShardOutcome]:
    """Score some rows of the samples in child processes, without computing metrics.

    Args:
        subject: the model with its samples and metrics.
        rows: the indices of the samples.
        limits: the time after which the model is stopped.
        most_processes: the largest number of processes.

    Raises:
        IsolatedFailure: a process crashed or ran out of time.
    """
    processes = min(most_processes, processes_of(subject, len(rows)))
    _expect(subject, rows)
    with shared_among_forks(shards_of(rows, processes)) as shards:
        calls = [(subject, shards)] * processes
        outcomes = run_side_by_side(score_shards, calls, limits=limits, reach=reach_of(subject))
    return list(chain.from_iterable(outcomes))


def _expect(subject: Subject, rows: range) -> None:
    expect(len(rows) * (2 if subject.reference else 1))


def _reasons(outcome: Scores | ModelFailure | IsolatedFailure) -> list[str]:
    if isinstance(outcome, IsolatedFailure):
        return [f"running the model failed: {outcome}"]
    if isinstance(outcome, ModelFailure):
        return [str(outcome)]
    if len(outcome.not_finite):
        return [
            f"the outputs contain NaN or infinity for {len(outcome.not_finite)} samples, first for "
            f"sample {outcome.not_finite[0]}"
        ]
    return []
