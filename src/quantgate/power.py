"""Limits that an evaluation set is too small to show."""

from collections.abc import Iterator, Mapping

from quantgate.confidence import least_samples
from quantgate.figures import METRICS, metric_of
from quantgate.phrases import confidence_text
from quantgate.spec.limit import Rules

#: The rules on a drop, and the part of the baseline's figure that they count in.
_DROPS = {"max_drop": 0.0, "max_drop_percent": 0.01}


def warnings_of_power(
    limits: Mapping[str, Rules],
    baseline: Mapping[str, float],
    metrics: Mapping[str, str],
    samples: int,
) -> list[str]:
    """Say which limits no candidate can be shown to keep, even one that agrees on every sample.

    Args:
        limits: the spec's `gate`, by figure.
        baseline: its figures.
        metrics: the metric by the name of its figure.
        samples: how many the figures rest on.
    """
    return [
        f"{samples:,} evaluation samples cannot show that {name} drops by at most {drop:.4g} at "
        f"{confidence_text(confidence)}, not even for a candidate that agrees with the baseline on "
        f"each of them: that takes at least {needed:,.0f}; evaluate on more samples, or widen the "
        "limit"
        for name, drop, confidence in _drops(limits, baseline, metrics)
        if samples < (needed := least_samples(confidence, drop)) < float("inf")
    ]


def _drops(
    limits: Mapping[str, Rules], baseline: Mapping[str, float], metrics: Mapping[str, str]
) -> Iterator[tuple[str, float, float]]:
    """Name, drop and confidence of the limits on what is right or wrong for each sample."""
    for name, limit in limits.items():
        metric = METRICS.get(metric_of(name, metrics) or "")
        if limit.confidence is None or metric is None or not metric.right_or_wrong:
            continue
        for rule, share in _DROPS.items():
            drop, scale = getattr(limit, rule), share * baseline.get(name, 0.0) if share else 1.0
            if drop:
                yield name, drop * scale, limit.confidence
