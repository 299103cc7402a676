"""The answer that a report opens with: the model to ship, and what it gains and costs."""

from collections.abc import Iterator
from datetime import datetime

from quantgate.domain.figures import FIGURES, MEDIAN, SIZE, metric_of
from quantgate.domain.rules import RULES
from quantgate.domain.targets import TARGET_OF
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.records.outcomes import DecisionOutcome
from quantgate.records.verdicts import Verdict
from quantgate.report.promises import times_better
from quantgate.report.text import one_line
from quantgate.wording.figures import figure_text, short_name, size_text
from quantgate.wording.verdicts import amount_text, level_text, limit_text


def heading(decision: Decision) -> str:
    """Return the name of the model to ship, or that there is none."""
    if decision.promoted:
        return one_line(decision.promoted.name)
    if decision.outcome is DecisionOutcome.DOUBTFUL:
        return "No model to ship: the run is doubtful"
    return "No model to ship: no candidate qualifies"


def answers(decision: Decision) -> list[tuple[str, str]]:
    """Return what the model gains, what it costs, and on what that rests, as labels and texts."""
    model = decision.promoted
    gains = [*_gains(model, decision.baseline), *_costs(model, decision)] if model else []
    return [*gains, *_evidence(decision)]


def _gains(model: Entry, baseline: Entry) -> Iterator[tuple[str, str]]:
    if model is baseline:
        return
    if size := times_better(SIZE.name, baseline, model):
        words = f"{size:.3g} times smaller" if size >= 1 else f"{1 / size:.3g} times larger"
        yield "size", f"{words}: {_instead(SIZE.name, model, baseline)}"
    if speed := times_better(MEDIAN.name, baseline, model):
        words = f"{speed:.3g} times as fast" if speed >= 1 else f"{1 / speed:.3g} times as long"
        yield "time", f"{words}: {_instead(MEDIAN.name, model, baseline)} in the median"


def _instead(figure: str, model: Entry, baseline: Entry) -> str:
    values = (entry.measurements[figure] for entry in (model, baseline))
    return " instead of ".join(
        size_text(value) if figure == SIZE.name else figure_text(figure, value) for value in values
    )


def _costs(model: Entry, decision: Decision) -> Iterator[tuple[str, str]]:
    """Yield what the model has or loses against what each limit allows.

    Sizes and latencies of this machine are left out, as they are among the gains, unless they have
    a bound.
    """
    for verdict in model.verdicts:
        if verdict.name in model.measurements and _is_cost(verdict, decision):
            yield short_name(verdict.name), _against_limit(verdict)


def _is_cost(verdict: Verdict, decision: Decision) -> bool:
    is_quantity = verdict.name in TARGET_OF and bool(FIGURES[verdict.name].unit)
    is_metric = metric_of(verdict.name, decision.metrics) is not None
    return verdict.bound is not None or is_quantity or is_metric


def _against_limit(verdict: Verdict) -> str:
    side, measured = RULES[verdict.rule].side, _measured(verdict)
    if verdict.bound is None:
        sampled = "" if verdict.name in TARGET_OF else ", without a confidence"
        return f"{measured}. The limit is {side} {limit_text(verdict)}{sampled}"
    bound = f"{side} {amount_text(verdict, verdict.bound)} at {level_text(verdict)}"
    lead = f". The {RULES[verdict.rule].noun} is " if _is_better(verdict) else ", "
    return f"{measured}{lead}{bound}. The limit is {limit_text(verdict)}"


def _measured(verdict: Verdict) -> str:
    noun, value = RULES[verdict.rule].noun, verdict.value or 0.0
    if _is_better(verdict):
        return f"no {noun}, but better by {amount_text(verdict, -value)}"
    if noun and value == 0:
        return f"no {noun}"
    return f"{noun or 'value'} of {amount_text(verdict, value)}"


def _is_better(verdict: Verdict) -> bool:
    """Return whether a candidate is better than the baseline where it may be worse."""
    return bool(RULES[verdict.rule].noun) and (verdict.value or 0.0) < 0


def _evidence(decision: Decision) -> Iterator[tuple[str, str]]:
    sources = [each for each in decision.provenance.data if each.purpose == "evaluation"]
    for source in sources:
        of = f" for {one_line(source.signature)}" if len(sources) > 1 else ""
        yield f"evaluated{of} on", f"{source.samples:,} samples of {one_line(source.source)}"
    yield "decided", _date(decision.created)


def _date(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created):%-d %B %Y, %H:%M} UTC"
    except ValueError:
        return one_line(created)
