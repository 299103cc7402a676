"""Verdicts on limits in words."""

from quantgate.domain.figures import FIGURES, LATENCIES, can_have_range
from quantgate.domain.rules import RULES, Rule
from quantgate.records.outcomes import VerdictOutcome
from quantgate.records.verdicts import Verdict
from quantgate.wording.figures import (
    confidence_text,
    decimals_text,
    figure_text,
    plain_text,
    short_name,
)

#: Decimal places of a percentage and a ratio, by their units.
_PLACES = {"%": 2, "": 3}


def rule_text(verdict: Verdict) -> str:
    """Return the rule of a verdict: `top1 drop at most 0.01 at 95 % confidence`."""
    name = f"{verdict.worst_of}[each slice]" if verdict.worst_of else verdict.name
    rule = RULES[verdict.rule]
    text = f"{_with_noun(name, rule)} {rule.side} {limit_text(verdict)}"
    if verdict.confidence is None:
        return text
    return f"{text} at {confidence_text(verdict.confidence)}"


def limit_text(verdict: Verdict) -> str:
    """Return the limit as the spec has it, with its unit."""
    return _with_unit(verdict, plain_text(verdict.limit))


def amount_text(verdict: Verdict, amount: float) -> str:
    """Return a value, bound or margin of a verdict, in the unit of its rule."""
    unit = RULES[verdict.rule].unit
    if unit is None:
        return figure_text(verdict.kind, amount)
    return f"{decimals_text(amount, _PLACES[unit])} {unit}".rstrip()


def miss_text(verdict: Verdict) -> str:
    """Say how a limit was violated or left open: `top1 drop of 0.0231 exceeds 0.01 by 0.0131`."""
    if verdict.value is None:
        return f"{rule_text(verdict)}: not measured"
    if verdict.outcome is VerdictOutcome.UNDECIDED:
        return _undecided_text(verdict)
    verb = "falls short of" if RULES[verdict.rule].is_floor else "exceeds"
    return (
        f"{_subject(verdict)} of {_value_text(verdict, verdict.value)} {verb} "
        f"{limit_text(verdict)} by {amount_text(verdict, -(verdict.margin or 0.0))}"
    )


def short_miss_text(verdict: Verdict) -> str:
    """Say the same for a narrow column: `misses top1 by 0.0131`."""
    if verdict.value is None:
        return f"{short_name(verdict.name)} not measured"
    if verdict.outcome is VerdictOutcome.UNDECIDED:
        return f"{short_name(verdict.name)} undecided"
    times = "x" if RULES[verdict.rule].unit == "" else ""
    amount = amount_text(verdict, -(verdict.margin or 0.0))
    return f"misses {short_name(verdict.name)} by {amount}{times}"


def reach_text(verdict: Verdict) -> str:
    """Return the side of the value on which a verdict's bound is."""
    return "down to" if RULES[verdict.rule].is_floor else "up to"


def level_text(verdict: Verdict) -> str:
    """Return the confidence of a verdict's bound: `95 % confidence`, `98.31 % confidence`."""
    if verdict.tested_at is None:
        return confidence_text(verdict.confidence or 0.0)
    return f"{100 * verdict.tested_at:.4g} % confidence"


def _undecided_text(verdict: Verdict) -> str:
    value = f"{_subject(verdict)} of {amount_text(verdict, verdict.value or 0.0)}"
    if verdict.gap:
        return f"{rule_text(verdict)}: {value} {_gap_text(verdict)}"
    if verdict.margin is None or verdict.interval is None:
        return f"{rule_text(verdict)}: {value} is based on too few {_evidence(verdict)} to show it"
    interval = (
        f"{amount_text(verdict, verdict.interval.low)} to "
        f"{amount_text(verdict, verdict.interval.high)} at "
        f"{_interval_level(verdict.interval.confidence, verdict)}"
    )
    needed = verdict.samples_needed
    enough = "no number of" if needed is None else f"about {needed:,}"
    limit = f"{RULES[verdict.rule].side} {limit_text(verdict)}"
    return (
        f"{value} ({interval}) leaves {limit} undecided: {enough} "
        f"{'runs' if verdict.name in LATENCIES else 'samples'} would decide it"
    )


def _interval_level(confidence: float, verdict: Verdict) -> str:
    return level_text(verdict) if verdict.tested_at else confidence_text(confidence)


def _gap_text(verdict: Verdict) -> str:
    needed = verdict.samples_needed
    enough = "" if needed is None else f". About {needed:,} samples would decide it"
    if can_have_range(verdict.kind):
        either = "Or give" if enough else "Give"
        enough += f". {either} the metric a `range` of its values"
    if verdict.gap == "few":
        return f"is based on too few samples for a bound{enough}"
    if verdict.gap == "groups":
        return f"has no bound, as its samples are of too few groups{enough}"
    if verdict.gap == "equal":
        return (
            "has no bound, as all values per sample are equal, which says nothing about their "
            f"spread{enough}"
        )
    if rare := verdict.rare_class:
        return (
            f"has no bound that could meet the limit, as class `{rare.name}` has only "
            f"{rare.samples:,} samples. It could have lost {100 * rare.share:.0f} % of them "
            f"unseen, which alone is {decimals_text(rare.amount, 4)} of {verdict.name}{enough}"
        )
    share = 100 * (verdict.few_share or 0.0)
    return (
        f"has no bound, as a few samples decide it: 1 % of them make up {share:.0f} % of the "
        f"spread{enough}"
    )


def _evidence(verdict: Verdict) -> str:
    return "runs" if verdict.name in LATENCIES else "values per sample"


def _subject(verdict: Verdict) -> str:
    return _with_noun(verdict.name, RULES[verdict.rule])


def _with_noun(name: str, rule: Rule) -> str:
    return f"{name} {rule.noun}".rstrip()


def _value_text(verdict: Verdict, value: float) -> str:
    text = amount_text(verdict, value)
    if verdict.bound is None or verdict.confidence is None:
        return text
    bound = amount_text(verdict, verdict.bound)
    return f"{text}, {reach_text(verdict)} {bound} at {level_text(verdict)},"


def _with_unit(verdict: Verdict, number: str) -> str:
    unit, figure = RULES[verdict.rule].unit, FIGURES.get(verdict.kind)
    if unit is None:
        unit = figure.unit if figure else ""
    return f"{number} {unit}".rstrip()
