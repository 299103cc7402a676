"""Ties: candidates that are indistinguishable by latency or by samples."""

from collections.abc import Mapping
from functools import cache

from quantgate.decision.choice import Alike
from quantgate.decision.estimating import Measured, estimate_of
from quantgate.domain.figures import LATENCIES, MEDIAN
from quantgate.domain.rules import worsening
from quantgate.records.tasks import Interval
from quantgate.spec.model.choice import Objective, WithinConfidence
from quantgate.statistics.latency_ratios import is_distinguishable, ratio_interval


def alike_by(models: Mapping[str, Measured], itself: Interval | None) -> Alike:
    """Return a predicate: True if two candidates' latencies are statistically indistinguishable.

    It is False if latency was not measured. If there were too few rounds for a percentile, medians
    decide.
    """

    @cache
    def is_tie(name: str, one: str, other: str) -> bool:
        figure = LATENCIES.get(name)
        first, second = models[one].timings, models[other].timings
        if figure is None or one == other or first is None or second is None or itself is None:
            return False
        interval = ratio_interval(first, second, figure.percentile or 0) or ratio_interval(
            first, second, MEDIAN.percentile or 0
        )
        return interval is not None and not is_distinguishable(interval, itself)

    return lambda objective, one, other: is_tie(objective.figure, one, other)


def alike_by_samples(models: Mapping[str, Measured], otherwise: Alike) -> Alike:
    """Return a predicate: True if paired samples do not show that a model is worse than the best.

    It applies to objectives with a confidence as their tolerance. For others it is `otherwise`.
    """

    def alike(objective: Objective, other: str, best: str) -> bool:
        if not isinstance(objective.within, WithinConfidence):
            return otherwise(objective, other, best)
        if models[other].covered is not None or models[best].covered is not None:
            return False  # values of single samples that belong to different ones
        rule = worsening(higher_is_better=not objective.minimize)
        estimate = estimate_of(objective.figure, rule, models[other], models[best])
        return estimate is not None and not estimate.lower(objective.within.confidence) > 0

    return alike
