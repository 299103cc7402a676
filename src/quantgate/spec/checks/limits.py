"""Checks of limits: that their rules fit the metrics."""

from collections.abc import Collection, Iterator, Mapping

from quantgate.domain.figure import Figure
from quantgate.domain.rules import RULES, rules_for
from quantgate.domain.targets import TARGET_OF, on_microcontroller
from quantgate.domain.units import AMOUNT_UNITS
from quantgate.errors import KeyPath
from quantgate.spec.checks.names import NamedFigures, figure_findings
from quantgate.spec.model.gate import Gate
from quantgate.spec.model.limit import MOST_CONFIDENCE, Limit, Rules
from quantgate.spec.problems.findings import Finding, Unknown
from quantgate.spec.problems.wording import did_you_mean, dotted, listed

#: No quantized model is that many times as large as its baseline.
_MOST_RATIO = 10


def limit_findings(
    limits: Mapping[str, Limit | None],
    figures: NamedFigures,
    sliced: Collection[str],
    units: Mapping[KeyPath, str],
) -> Iterator[Finding]:
    """Check the limits.

    Args:
        limits: the limits by metric. For a limit with errors (None), only the metric is checked.
        figures: the metrics that limits can name.
        sliced: names of the metrics with slices.
        units: the units of amounts by path, as written in the spec.
    """
    for name, limit in limits.items():
        yield from _misspelt_keys(name, figures) or figure_findings(
            name, ("gate", name), figures, at_key=True
        )
        if limit and name in figures.known:
            yield from _limit_findings(figures.known[name], limit, sliced, units)


def _misspelt_keys(name: str, figures: NamedFigures) -> list[Finding]:
    """Return a finding if an unknown metric looks like another key of `gate`."""
    near = did_you_mean(name, Gate.model_fields)
    if name in figures.known or name in figures.unsettled or near is None:
        return []
    return [Unknown(("gate", name), f"`gate` has no key `{name}`", near, at_key=True)]


def unit_findings(figure: Figure, path: KeyPath, units: Mapping[KeyPath, str]) -> Iterator[Finding]:
    """Return a finding if an amount is in a unit that the metric does not have."""
    unit, known = units.get(path), AMOUNT_UNITS.get(figure.unit, {})
    if unit is None or unit in known:
        return
    measured = f"is measured in {figure.unit}" if figure.unit else "has no unit"
    message = f"`{figure.name}` {measured}, but {dotted(path)} is in `{unit}`"
    yield Finding(path, message, f"Write {listed(known)}." if known else "Write a plain number.")


def _limit_findings(
    figure: Figure, limit: Limit, sliced: Collection[str], units: Mapping[KeyPath, str]
) -> Iterator[Finding]:
    path: KeyPath = ("gate", figure.name)
    slices = dict(_rules_of_slices(limit))
    if slices and figure.name not in sliced:
        key = next(iter(slices))[0]
        message = f"`{figure.name}` has no slices"
        hint = _way_to_slices(figure.name, sliced)
        yield Finding((*path, key), message, hint, at_key=True)
    if limit.by_name or limit.confidence is not None or not slices:
        yield from _rules_findings(figure, limit, path, units)
    for slice_path, rules in slices.items():
        yield from _rules_findings(figure, rules, (*path, *slice_path), units)


def _way_to_slices(name: str, sliced: Collection[str]) -> str:
    whole = next((each for each in sliced if on_microcontroller(each) == name), None)
    if whole:
        return f"Slices are not measured on TFLite Micro. Limit those of `{whole}`."
    return f"Write `{{metric: {name}, slice: KEY}}` in `measure.metrics`."


def _rules_of_slices(limit: Limit) -> Iterator[tuple[KeyPath, Rules]]:
    if limit.each_slice:
        yield ("each_slice",), limit.each_slice
    for name, rules in (limit.slices or {}).items():
        yield ("slices", name), rules


def _rules_findings(
    figure: Figure, given: Rules, path: KeyPath, units: Mapping[KeyPath, str]
) -> Iterator[Finding]:
    rules = given.by_name
    fitting = {rule: value for rule, value in rules.items() if rule in _rules_of(figure)}
    if not rules:
        hint = f"Its rules are {listed(_rules_of(figure), 'and')}."
        yield Finding(path, f"{dotted(path)} has no rule", hint, at_key=True)
    yield from (_wrong_direction(figure, (*path, rule)) for rule in rules if rule not in fitting)
    for rule, value in fitting.items():
        if figure.name in TARGET_OF and RULES[rule].compares:
            yield _no_baseline(figure, (*path, rule))
            continue
        in_wrong_unit = [*unit_findings(figure, (*path, rule), units)]
        yield from in_wrong_unit or _value_findings(figure, (*path, rule), value)
    if given.confidence is not None:
        yield from _confidence_findings(figure, given.confidence, (*path, "confidence"))


def _rules_of(figure: Figure) -> tuple[str, ...]:
    return rules_for(higher_is_better=figure.higher_is_better)


def _wrong_direction(figure: Figure, path: KeyPath) -> Finding:
    rule = str(path[-1])
    better = "higher" if figure.higher_is_better else "lower"
    message = f"`{rule}` does not fit `{figure.name}`, as {better} values are better"
    fitting = RULES[RULES[rule].instead]
    example = f", which is {fitting.example}" if fitting.example else ""
    return Finding(path, message, f"Use `{fitting.name}`{example}.", at_key=True)


def _no_baseline(figure: Figure, path: KeyPath) -> Finding:
    message = (
        f"`{path[-1]}` needs the baseline's `{figure.name}`, but only candidates are measured on "
        "targets"
    )
    return Finding(path, message, f"Use `{_rules_of(figure)[0]}`.", at_key=True)


def _value_findings(figure: Figure, path: KeyPath, value: float) -> Iterator[Finding]:
    message = hint = None
    rule, span = RULES[str(path[-1])], figure.maximum - figure.minimum
    if not rule.compares and not figure.minimum <= value <= figure.maximum:
        message = f"`{figure.name}` {_range_of(figure)}, so it cannot be {value:g}"
    elif rule.is_drop and rule.unit is None and value >= span:
        message = f"`{figure.name}` {_range_of(figure)}, so a {rule.noun} of {value:g} is no limit"
    elif figure.unit == "bytes" and rule.unit == "" and value > _MOST_RATIO:
        message = f"`{figure.name}` of {value:g} times the baseline's is no limit"
        hint = f"Did you mean {value / 100:g}?"
    elif rule.is_drop and rule.unit == "%" and value > 100:
        message = f"a {rule.noun} of {value:g} % is no limit"
    if rule.unit != "%" and (figure.minimum, figure.maximum) == (0, 1):
        hint = f"Did you mean {value / 100:g}?" if 1 <= value <= 100 else None
    if message:
        yield Finding(path, message, hint)


def _range_of(figure: Figure) -> str:
    if figure.bounded:
        return f"is between {figure.minimum:g} and {figure.maximum:g}"
    return f"is never above {figure.maximum:g}" if figure.maximum == 1 else "is never below 0"


def _confidence_findings(figure: Figure, confidence: float, path: KeyPath) -> Iterator[Finding]:
    if not figure.per_sample and not figure.percentile:
        message = f"`{figure.name}` {figure.no_bound}, so it takes no `confidence`"
        yield Finding(path, message, "Remove it.", at_key=True)
    else:
        yield from unreachable_findings("limit", confidence, path)


def unreachable_findings(of: str, confidence: float, path: KeyPath) -> Iterator[Finding]:
    """Return a finding if no number of samples reaches a confidence."""
    if confidence > MOST_CONFIDENCE:
        message = f"no number of samples decides a {of} at a confidence of {confidence:.12g}"
        yield Finding(path, message, f"Write at most {MOST_CONFIDENCE:g}, for example 0.95.")
