"""The number of samples that limits on right or wrong need, for users."""

import math
from collections.abc import Iterator

from quantgate.domain.rules import MAX_DROP
from quantgate.planning.plan import Plan
from quantgate.statistics.error_spending import last_confidence
from quantgate.statistics.sample_counts import least_samples
from quantgate.wording.figures import confidence_text, plain_text


def descriptions(plan: Plan) -> Iterator[str]:
    """Yield how many samples decide each drop, for one candidate and for all planned ones.

    The candidates are taken as agreeing with the baseline on every sample, and as unlike each other
    in what they get wrong otherwise.
    """
    binary = {
        metric.title
        for metric in plan.spec.measure.metrics
        if metric.figure and metric.figure.is_binary and metric.figure.labelled
    }
    for name, limit in plan.spec.gate.limits.items():
        drop, confidence = limit.max_drop, limit.confidence
        if name in binary and drop and confidence:
            yield _description(plan, name, drop, confidence)


def _description(plan: Plan, name: str, drop: float, confidence: float) -> str:
    error = 1 - (last_confidence(confidence) if plan.stops_early else confidence)
    together = len(plan.candidates) if plan.spec.gate.family == "joint" else 1
    least = [math.ceil(least_samples(1 - error / count, drop)) for count in (1, together)]
    needed = f"{least[0]:,} samples"
    if together > 1:
        needed += f" for one candidate, and up to {least[1]:,} for all {together}"
    return (
        f"{name} {MAX_DROP.noun} at most {plain_text(drop)} at {confidence_text(confidence)}: at "
        f"least {needed}"
    )
