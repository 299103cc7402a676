"""Sum up the scores of all shards to the results of the metrics."""

import traceback
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.detection import truth_of
from quantgate.components.evaluate.jackknife import grouped
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.ranges import check_range
from quantgate.components.evaluate.result import Result
from quantgate.components.evaluate.run import (
    MetricFailure,
    Part,
    Scores,
    ShardOutcome,
    Subject,
    score_shards,
)
from quantgate.components.evaluate.slices import rows_by_slice
from quantgate.components.evaluate.units import units_of
from quantgate.components.litert.binding import ModelFailure
from quantgate.domain.figures import slice_figure
from quantgate.errors import InputError
from quantgate.statistics.units import Units

Array = NDArray[Any]


def score_model(subject: Subject, shard: range) -> Scores | InputError | ModelFailure:
    """Score the samples of a shard, and compute the metrics.

    Errors are returned, so that they reach the parent process unchanged.
    """
    return summed_up(subject, score_shards(subject, [shard]))


def summed_up(
    subject: Subject, outcomes: Iterable[ShardOutcome], rows: NDArray[np.int64] | None = None
) -> Scores | InputError | ModelFailure:
    """Compute the metrics from the scores of all shards, or return the first error.

    Args:
        subject: the model, its samples and its metrics.
        outcomes: the scores by shard.
        rows: the indices of the samples, None for all.
    """
    whole = joined(outcomes)
    if not isinstance(whole, Part):
        return whole
    if len(whole.not_finite):
        return Scores({}, whole.not_finite, refusal=whole.refusal)
    try:
        results: dict[str, Result] = {}
        for plan in subject.plans:
            results |= _results(plan, whole.kept[plan.title], subject.dataset)
            check_range(plan, results[plan.title].values, rows)
    except (InputError, ModelFailure) as error:
        return error
    return Scores(results, whole.not_finite, refusal=whole.refusal)


def joined(outcomes: Iterable[ShardOutcome]) -> Part | InputError | ModelFailure:
    """Return the scores of several shards as one, or the error of the first that has one.

    Without outputs that are finite for all samples, nothing is kept.
    """
    parts: list[Part] = []
    for _, outcome in sorted(outcomes, key=itemgetter(0)):
        if not isinstance(outcome, Part):
            return outcome
        parts.append(outcome)
    not_finite = np.concatenate([part.not_finite for part in parts])
    refusal = next((part.refusal for part in parts if part.refusal), None)
    titles = () if len(not_finite) else parts[0].kept
    kept = {title: np.concatenate([part.kept[title] for part in parts]) for title in titles}
    return Part(kept, not_finite, refusal)


def _results(plan: Plan, kept: Array, dataset: DatasetFolder) -> dict[str, Result]:
    """Return the metric over all samples and over each slice, by the name of the figure.

    Args:
        plan: the metric.
        kept: [samples, ...], in the order of the samples.
        dataset: the data set with the labels.
    """
    truth, units = _truth(plan, dataset), units_of(dataset)
    results = {plan.title: _result(plan.title, plan, kept, truth, units)}
    for of, rows in rows_by_slice(dataset, plan.slice).items() if plan.slice else ():
        title = slice_figure(plan.title, of)
        own = truth[rows] if plan.computation.labelled else truth
        results[title] = _result(title, plan, kept[rows], own, units.at(rows) if units else None)
    return results


def _truth(plan: Plan, dataset: DatasetFolder) -> Array:
    if plan.detection and plan.truth:
        return truth_of(plan.truth, plan.detection.format, dataset)
    _, labels = dataset.labels_at(plan.label) or (None, None)
    return plan.truth_in(np.asarray(labels))


def _result(title: str, plan: Plan, kept: Array, truth: Array, units: Units | None) -> Result:
    try:
        result = plan.computation.summary(kept, truth)
        if result.over:
            values = grouped(result.figure, result.over, len(kept), units)
            result = result._replace(values=values, over=None)
    except Exception as error:
        # A user's function may raise any exception. Its traceback goes to the task's log.
        traceback.print_exc()
        raise MetricFailure(
            f"metric `{title}`: {type(error).__name__}: {error}. The traceback is in the task's log"
        ) from error
    if not np.isfinite(result.figure):
        raise MetricFailure(f"metric `{title}` is {result.figure:g}, which cannot be compared")
    return result
