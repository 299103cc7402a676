"""Score a model on the samples of all signatures, in child processes."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from quantgate.components.evaluate.run import MetricFailure, Scores, Subject, score_shards
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
from quantgate.foundation.hashing import sha256_of_file

TIMEOUT_S = 6 * 3600.0
NO_SCORES = Scores({}, np.zeros(0, np.int64))


def score_all_signatures(
    subjects: Sequence[Subject], contest: Contest | None, timeout_s: float = TIMEOUT_S
) -> tuple[list[str], Scores]:
    """Return the reasons why a model cannot be measured, or else its scores.

    Args:
        subjects: the model with the samples and metrics of each signature.
        contest: decides whether to stop early. None to run all samples.
        timeout_s: seconds after which the model is stopped, for each signature.

    Raises:
        InputError: a metric cannot be computed from the baseline's outputs.
    """
    all_scores: list[Scores] = []
    for subject in subjects:
        outcome = _score(subject, contest, timeout_s)
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


def _score(
    subject: Subject, contest: Contest | None, timeout_s: float
) -> Scores | ModelFailure | IsolatedFailure:
    try:
        outcome = (
            score_in_steps(subject, contest, timeout_s=timeout_s)
            if contest
            else _computed(subject, ResourceLimits(timeout_s))
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


def _computed(subject: Subject, limits: ResourceLimits) -> Scores | InputError | ModelFailure:
    """Score all samples, in several child processes if that is faster."""
    samples, processes = subject.dataset.manifest.samples, processes_of(subject)
    reach = reach_of(subject)
    expect(samples * (2 if subject.reference else 1))
    if processes == 1:
        return run_isolated(score_model, subject, range(samples), limits=limits, reach=reach)
    with shared_among_forks(shards_of(samples, processes)) as shards:
        calls = [(subject, shards)] * processes
        outcomes = run_side_by_side(score_shards, calls, limits=limits, reach=reach)
    return summed_up(subject, chain.from_iterable(outcomes))


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
