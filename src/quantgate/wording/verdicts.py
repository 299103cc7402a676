"""Verdicts on limits in words."""

from collections.abc import Mapping
from types import MappingProxyType

from quantgate.domain.figures import FIGURES, LATENCIES
from quantgate.records.decision import Verdict
from quantgate.wording.figures import (
    confidence_text,
    decimals_text,
    figure_text,
    plain_text,
    short_name,
)

_NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "min": "",
        "max": "",
        "max_drop": " drop",
        "max_rise": " rise",
        "max_drop_percent": " drop",
        "max_ratio": " ratio",
    }
)


def rule_text(verdict: Verdict) -> str:
    """What a verdict is about: `top1 drop at most 0.01 at 95 % confidence`."""
    name = f"{verdict.worst_of}[each slice]" if verdict.worst_of else verdict.name
    text = f"{name}{_NOUNS[verdict.rule]} {_side(verdict)} {limit_text(verdict)}"
    if verdict.confidence is None:
        return text
    return f"{text} at {confidence_text(verdict.confidence)}"


def limit_text(verdict: Verdict) -> str:
    """The limit as the spec has it, with its unit."""
    return _with_unit(verdict, plain_text(verdict.limit))


def amount_text(verdict: Verdict, amount: float) -> str:
    """A value, bound or margin of a verdict, in the unit of its rule."""
    if verdict.rule == "max_ratio":
        return decimals_text(amount, 3)
    if verdict.rule == "max_drop_percent":
        return _with_unit(verdict, decimals_text(amount, 2))
    return figure_text(verdict.kind, amount)


def miss_text(verdict: Verdict) -> str:
    """How a limit was missed or left open: `top1 drop of 0.0231 exceeds 0.01 by 0.0131`."""
    if verdict.value is None:
        return f"{rule_text(verdict)}: nothing was measured that could show it"
    if verdict.outcome == "undecided":
        return _undecided_text(verdict)
    verb = "falls short of" if verdict.rule == "min" else "exceeds"
    return (
        f"{_subject(verdict)} of {_value_text(verdict, verdict.value)} {verb} "
        f"{limit_text(verdict)} by {amount_text(verdict, -(verdict.margin or 0.0))}"
    )


def short_miss_text(verdict: Verdict) -> str:
    """The same for a narrow column: `misses top1 by 0.0131`."""
    if verdict.value is None:
        return f"{short_name(verdict.name)} not measured"
    if verdict.outcome == "undecided":
        return f"{short_name(verdict.name)} undecided"
    times = "x" if verdict.rule == "max_ratio" else ""
    amount = amount_text(verdict, -(verdict.margin or 0.0))
    return f"misses {short_name(verdict.name)} by {amount}{times}"


def reach_text(verdict: Verdict) -> str:
    """On which side of its value a verdict's bound lies."""
    return "down to" if verdict.rule == "min" else "up to"


def _undecided_text(verdict: Verdict) -> str:
    value = f"{_subject(verdict)} of {amount_text(verdict, verdict.value or 0.0)}"
    if verdict.margin is None or verdict.interval is None:
        return f"{rule_text(verdict)}: {value} comes with too few {_evidence(verdict)} to show it"
    interval = (
        f"{amount_text(verdict, verdict.interval.low)} to "
        f"{amount_text(verdict, verdict.interval.high)} at "
        f"{confidence_text(verdict.interval.confidence)}"
    )
    needed = verdict.samples_needed
    enough = "no number of" if needed is None else f"about {needed:,}"
    return (
        f"{value} ({interval}) leaves {_side(verdict)} {limit_text(verdict)} undecided: {enough} "
        f"{'runs' if verdict.name in LATENCIES else 'samples'} would decide it"
    )


def _evidence(verdict: Verdict) -> str:
    return "runs" if verdict.name in LATENCIES else "values per sample"


def _side(verdict: Verdict) -> str:
    return "at least" if verdict.rule == "min" else "at most"


def _subject(verdict: Verdict) -> str:
    return f"{verdict.name}{_NOUNS[verdict.rule]}"


def _value_text(verdict: Verdict, value: float) -> str:
    text = amount_text(verdict, value)
    if verdict.bound is None or verdict.confidence is None:
        return text
    bound = amount_text(verdict, verdict.bound)
    return f"{text}, {reach_text(verdict)} {bound} at {confidence_text(verdict.confidence)},"


def _with_unit(verdict: Verdict, number: str) -> str:
    if verdict.rule == "max_drop_percent":
        return f"{number} %"
    figure = FIGURES.get(verdict.kind)
    if verdict.rule == "max_ratio" or figure is None:
        return number
    return f"{number} {figure.unit}".rstrip()
