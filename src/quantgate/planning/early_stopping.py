"""Which specs can have their evaluations stop early, and what that means, told before a run."""

from quantgate.spec.model.choice import metrics_chosen_by
from quantgate.spec.model.spec import Spec
from quantgate.statistics.error_spending import CONFIDENCE, FIRST_LOOK, early_confidence
from quantgate.wording.figures import confidence_text


def wants_to_stop(spec: Spec) -> bool:
    """Whether a spec asks for evaluations that stop early."""
    return spec.measure.evaluation is not None and spec.measure.evaluation.stop_early


def obstacle(spec: Spec) -> str | None:
    """Why no evaluation of a spec can stop early, for a person; None where it can."""
    metrics = {metric.title: metric for metric in spec.measure.metrics}
    for title, metric in metrics.items():
        if metric.is_own:
            return f"{title} is a function of all outputs together"
        if metric.figure and not metric.figure.labelled:
            return f"{title} compares with the baseline's outputs, and is measured on all of them"
        if metric.slice is not None:
            return f"{title} is measured by {metric.slice} too"
        if metric.figure is None or not metric.figure.is_mean:
            return f"{title} is no mean of what each sample has by itself"
    if len({metric.signature or spec.model.signatures[0] for metric in metrics.values()}) > 1:
        return "several signatures are measured, each on samples of its own"
    if not spec.gate.keys() & metrics.keys():
        return "no limit is on a metric"
    return None


def told(spec: Spec) -> str:
    """What `stop_early` will do, for a person; empty where it was not asked for."""
    if not wants_to_stop(spec):
        return ""
    if reason := obstacle(spec):
        return f"candidates run on all samples, for {reason}"
    metrics = {metric.title: metric.metric for metric in spec.measure.metrics}
    limited = {name: limit for name, limit in spec.gate.items() if name in metrics}
    confidence = early_confidence(min(found.confidence or CONFIDENCE for found in limited.values()))
    chosen_by = metrics_chosen_by(spec.objectives, metrics)
    one, all_kept = f"a limit on {' or '.join(limited)} is certain to be missed", ""
    if chosen_by:
        all_kept = f"; those that miss none run on all, for the choice rests on {chosen_by[0]}"
    else:
        one += ", or all of them to be kept"
    return (
        f"candidates run on {FIRST_LOOK} samples drawn at random, then on half as many again at a "
        f"time, until {one} (at {confidence_text(confidence)} over all looks){all_kept}"
    )
