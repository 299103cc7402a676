"""Warnings about evaluation sets that are too small for a limit."""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from quantgate.domain.figures import METRICS, metric_of
from quantgate.domain.rules import RULES
from quantgate.domain.warnings import COARSE_LIMIT, FEW_EVALUATION_SAMPLES, Warned
from quantgate.spec.model.limit import Rules
from quantgate.statistics.sample_counts import least_samples
from quantgate.statistics.units import Units
from quantgate.wording.figures import confidence_text


def warnings_of_power(
    limits: Mapping[str, Rules],
    baseline: Mapping[str, float],
    metrics: Mapping[str, str],
    samples: int,
    units: Mapping[str, Units] = MappingProxyType({}),
) -> list[Warned]:
    """Warn of limits that need more samples.

    With a confidence, not even a candidate that agrees on every sample could meet such a limit.
    Without one, a single sample weighs more than the limit allows.

    Args:
        limits: the spec's `gate`, by figure.
        baseline: the baseline's figures.
        metrics: the metric by the name of its figure.
        samples: the number of samples behind the figures.
        units: the samples that count as one, by figure.
    """
    drops = list(_drops(limits, baseline, metrics))
    unshown = [
        FEW_EVALUATION_SAMPLES.says(
            f"{_count_text(samples, units.get(name))} cannot show that {name} drops by at most "
            f"{drop:.4g} at {confidence_text(confidence)}, not even for a candidate that agrees "
            f"with the baseline on each of them. A single candidate needs at least {needed:,.0f}, "
            "and several need more: evaluate on more samples, or widen the limit"
        )
        for name, drop, confidence in drops
        if confidence is not None
        and _evidence(samples, units.get(name)) < (needed := least_samples(confidence, drop))
        and math.isfinite(needed)
    ]
    coarse = [
        COARSE_LIMIT.says(
            f"one of the {samples:,} evaluation samples is {1 / samples:.2g} of {name}, more than "
            f"the {drop:.2g} that it may drop by. A single sample decides this limit: evaluate on "
            "more samples, and give it a `confidence`"
        )
        for name, drop, confidence in drops
        if confidence is None and samples * drop < 1
    ]
    return [*unshown, *coarse]


def _evidence(samples: int, units: Units | None) -> float:
    return samples if units is None else units.effective


def _count_text(samples: int, units: Units | None) -> str:
    text = f"{samples:,} evaluation samples"
    return text if units is None else f"{text}, which count as {math.floor(units.effective):,},"


def _drops(
    limits: Mapping[str, Rules], baseline: Mapping[str, float], metrics: Mapping[str, str]
) -> Iterator[tuple[str, float, float | None]]:
    """Yield name, drop and confidence (or None) of limits on metrics with values of 0 and 1."""
    for name, limit in limits.items():
        metric = METRICS.get(metric_of(name, metrics) or "")
        if metric is None or not metric.is_binary:
            continue
        for rule, value in limit.by_name.items():
            if RULES[rule].is_drop and (drop := _absolute(rule, value, baseline.get(name, 0.0))):
                yield name, drop, limit.confidence


def _absolute(rule: str, limit: float, baseline: float) -> float:
    """Return a limit in the figure's unit."""
    parts = RULES[rule].unit_per_baseline
    return limit * baseline / parts if parts else limit
