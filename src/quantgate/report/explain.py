"""Explanation of why a candidate won or lost: its limits, then the steps of the choice."""

from collections.abc import Iterator

from quantgate.domain.figures import metric_of
from quantgate.records.choice import ChoiceStep, Objective
from quantgate.records.decision import Closest, Decision
from quantgate.records.entries import Entry
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome
from quantgate.records.verdicts import Verdict
from quantgate.report.op_errors import worst_text
from quantgate.report.ways_out import arguments_of
from quantgate.wording.families import place_text, promise_text
from quantgate.wording.figures import figure_text, tolerance_text
from quantgate.wording.verdicts import amount_text, level_text, miss_text, reach_text, rule_text


def explain(decision: Decision, entry: Entry) -> list[tuple[str, str]]:
    """Explain why a candidate won or lost.

    Returns:
        Labels and sentences: the outcome, then the reasons in the order of the decision.
    """
    doubts = [("doubt", doubt) for doubt in decision.doubts]
    if entry.name == decision.baseline.name:
        return [*_of_baseline(decision), *doubts, *_verdicts(entry)]
    return [
        ("outcome", _outcome(decision, entry)),
        *doubts,
        *_verdicts(entry),
        *_family(decision, entry),
        *_other_reasons(entry),
        *_choice(decision, entry),
        *_front(decision, entry),
        *_worst_ops(entry),
        *_ways_out(decision.closest, entry),
    ]


def _of_baseline(decision: Decision) -> Iterator[tuple[str, str]]:
    yield "outcome", "the float baseline, which all candidates are compared with"
    if decision.promotes == decision.baseline.name:
        yield "promoted", "no candidate qualifies, so the spec keeps the baseline"


def _outcome(decision: Decision, entry: Entry) -> str:
    if entry.name == decision.winner:
        return "won"
    if entry.status is not CandidateStatus.MEASURED:
        return f"{entry.status}: {entry.status.description}"
    if decision.outcome is DecisionOutcome.DOUBTFUL:
        return "does not qualify, because the run is doubtful"
    if not entry.qualified:
        return "does not qualify"
    if not entry.ranked:
        return "qualifies, but is not ranked"
    return f"qualifies, but `{decision.winner}` was chosen"


def _verdicts(entry: Entry) -> Iterator[tuple[str, str]]:
    for verdict in entry.verdicts:
        text = _pass(verdict) if verdict.passed else miss_text(verdict)
        yield verdict.outcome.description, text


def _family(decision: Decision, entry: Entry) -> Iterator[tuple[str, str]]:
    family = decision.family
    if family is None or entry.tested is None:
        return
    if place := place_text(entry, family):
        yield "family", place
    yield "promise", promise_text(family)


def _pass(verdict: Verdict) -> str:
    value = amount_text(verdict, verdict.value or 0.0)
    if verdict.bound is not None:
        value += f", {reach_text(verdict)} {amount_text(verdict, verdict.bound)}"
        value += f" at {level_text(verdict)}" if verdict.tested_at else ""
    margin = amount_text(verdict, verdict.margin or 0.0)
    return f"{rule_text(verdict)}: {value}, with a margin of {margin}"


def _other_reasons(entry: Entry) -> Iterator[tuple[str, str]]:
    missed = {miss_text(verdict) for verdict in entry.verdicts}
    for reason in entry.reasons:
        if reason not in missed:
            is_aside = entry.rejections and not entry.is_rejection(reason)
            yield "note" if is_aside else "reason", reason


def _choice(decision: Decision, entry: Entry) -> Iterator[tuple[str, str]]:
    if not entry.competes:
        return
    for step in decision.choice:
        yield "choice", _step(decision, entry, step)
        if entry.name not in step.left:
            return
    last = decision.choice[-1].left if decision.choice else []
    if len(last) > 1:
        yield "choice", _between_equals(decision, entry, last)


def _step(decision: Decision, entry: Entry, step: ChoiceStep) -> str:
    if step.by == "weights":
        return _by_weights(decision, entry, step)
    own = _figure(decision, step.by, entry.measurements[step.by])
    best = f"the best, {_figure(decision, step.by, step.value)} of `{step.best}`"
    if entry.name == step.best:
        comparison = f"{step.by} of {own} is the best"
    elif entry.measurements[step.by] == step.value:
        comparison = f"{step.by} of {own} is as good as {best}"
    elif not step.within and entry.name in step.left:
        comparison = f"{step.by} of {own} is indistinguishable from {best}"
    else:
        near = "is tied with" if entry.name in step.left else "is not tied with"
        comparison = f"{step.by} of {own} {near} {best} (within {tolerance_text(step.within)})"
    return f"{comparison}. {len(step.left)} left"


def _by_weights(decision: Decision, entry: Entry, step: ChoiceStep) -> str:
    changes = ", ".join(_change(decision, entry, objective) for objective in decision.choose)
    is_best = entry.name == step.best
    against = "It is the lowest" if is_best else f"`{step.best}` has {step.value:.4g}"
    if is_best != (entry.name in step.left):
        names = ", ".join(f"`{name}`" for name in step.left)
        against += f". The lowest with indistinguishable latencies taken as equal: {names}"
    return f"weighted sum {entry.score:.4g} ({changes}). {against}"


def _change(decision: Decision, entry: Entry, objective: Objective) -> str:
    name = objective.figure
    reference = decision.baseline.measurements[name]
    change = 100 * (entry.measurements[name] - reference) / abs(reference)
    return f"{name} {change:+.3g} %"


def _between_equals(decision: Decision, entry: Entry, equals: list[str]) -> str:
    winner = decision.entry(decision.winner or "") or entry
    for objective in decision.choose:
        name = objective.figure
        own, best = entry.measurements[name], winner.measurements[name]
        if own != best:
            values = f"{_figure(decision, name, own)} and {_figure(decision, name, best)}"
            return f"{name} without tolerance decides among {len(equals)} tied ones: {values}"
    if entry is winner:
        return f"first of {len(equals)} tied ones, by the objectives without tolerance and by name"
    return f"equal in all objectives, and `{winner.name}` comes first by name"


def _front(decision: Decision, entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.pareto:
        yield "Pareto", "on the front: no qualifying candidate dominates it"
    elif entry.competes:
        yield "Pareto", f"dominated by {_dominating(decision, entry)}"
    elif entry.pareto_measured:
        yield "Pareto", "no measured candidate dominates it"


def _dominating(decision: Decision, entry: Entry) -> str:
    own = _costs(decision, entry)
    others = [other for other in decision.candidates if other.pareto]
    return ", ".join(
        f"`{other.name}`"
        for other in others
        if all(a <= b for a, b in zip(_costs(decision, other), own, strict=True))
    )


def _costs(decision: Decision, entry: Entry) -> list[float]:
    return [
        entry.measurements[objective.figure] * (1 if objective.minimize else -1)
        for objective in decision.choose
    ]


def _worst_ops(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.sensitivity and (worst := worst_text(entry.sensitivity)):
        yield "worst ops", worst


def _ways_out(closest: Closest | None, entry: Entry) -> Iterator[tuple[str, str]]:
    if closest is None or closest.name != entry.name:
        return
    yield "closest", "no other candidate comes closer to the limits"
    if closest.limits:
        yield "would pass", f"with {arguments_of(closest)}"


def _figure(decision: Decision, name: str, value: float) -> str:
    return figure_text(metric_of(name, decision.metrics) or name, value)
