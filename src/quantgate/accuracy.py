"""Which of a decision's metrics matters most, and which way it improves."""

from quantgate.decision import Decision
from quantgate.figures import FIGURES, is_likeness, metric_of

_OF_MORE = ("min", "max_drop", "max_drop_percent")


def main_metric(decision: Decision) -> str | None:
    """The metric that matters most: the first to choose by, else to limit, else that was measured.

    A comparison with the baseline is taken only where there is nothing else.
    """
    objectives = [line.get("minimize") or line.get("maximize") for line in decision.choose]
    names = map(str, [*objectives, *decision.limits, *decision.baseline.measurements])
    found = [name for name in names if metric_of(name, decision.metrics)]
    alone = [name for name in found if not is_likeness(metric_of(name, decision.metrics))]
    return next(iter(alone or found), None)


def more_is_better(figure: str, decision: Decision) -> bool:
    """Whether a figure improves as it grows; of a user's own metric, as the spec uses it."""
    known = FIGURES.get(decision.metrics.get(figure, figure))
    if known is not None:
        return known.higher_is_better
    rules = decision.limits.get(figure, {})
    if rules:
        return any(rule in rules for rule in _OF_MORE)
    return not any(line.get("minimize") == figure for line in decision.choose)
