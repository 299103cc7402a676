"""Early stopping of evaluations: whether a spec allows it, and a description for users."""

from quantgate.spec.model.choice import metrics_chosen_by
from quantgate.spec.model.spec import Spec
from quantgate.statistics.error_spending import CONFIDENCE, FIRST_LOOK, early_confidence
from quantgate.wording.figures import confidence_text


def wants_to_stop(spec: Spec) -> bool:
    """Return whether a spec asks for early stopping."""
    return spec.measure.evaluation is not None and spec.measure.evaluation.stop_early


def obstacle(spec: Spec) -> str | None:
    """Return why evaluations of a spec cannot stop early, None if they can."""
    metrics = {metric.title: metric for metric in spec.measure.metrics}
    for title, metric in metrics.items():
        if metric.is_own:
            return f"{title} is a Python function of all outputs"
        if metric.figure and not metric.figure.labelled:
            return f"{title} compares all outputs with the baseline's"
        if metric.slice is not None:
            return f"{title} is also measured by {metric.slice}"
        if metric.figure is None or not metric.figure.is_mean:
            return f"{title} is not a mean over samples"
    if reason := _obstacle_of_samples(spec):
        return reason
    if not spec.gate.limits.keys() & metrics.keys():
        return "no accuracy metric has a limit"
    return None


def _obstacle_of_samples(spec: Spec) -> str | None:
    if on_targets := spec.metrics_on_microcontroller:
        return f"{on_targets[0].title} is also measured on a microcontroller"
    first = spec.model.signatures[0]
    if len({metric.signature or first for metric in spec.measure.metrics}) > 1:
        return "several signatures are measured on different samples"
    return None


def description(spec: Spec) -> str:
    """Return what `stop_early` does in words, empty if the spec does not ask for it."""
    if not wants_to_stop(spec):
        return ""
    if reason := obstacle(spec):
        return f"all candidates run on all samples, because {reason}"
    metrics = {metric.title: metric.metric for metric in spec.measure.metrics}
    limits = {name: limit for name, limit in spec.gate.limits.items() if name in metrics}
    confidence = early_confidence(min(limit.confidence or CONFIDENCE for limit in limits.values()))
    chosen_by = metrics_chosen_by(spec.objectives, metrics)
    end, others = f"a limit on {' or '.join(limits)} is certain to be violated", ""
    if chosen_by:
        others = f". All others run on all samples, because the choice depends on {chosen_by[0]}"
    else:
        end += ", or all of them are certain to be met"
    return (
        f"candidates run on {FIRST_LOOK} random samples, then on 50 % more at a time, until "
        f"{end} (at {confidence_text(confidence)} over all interim looks){others}"
    )
