"""Limits on the slices of a metric. A mean may hide the loss of a whole class."""

import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from quantgate.decision.estimating import Measured
from quantgate.decision.power_warnings import warnings_of_power
from quantgate.decision.verdicts import judge
from quantgate.domain.figures import slice_figure
from quantgate.domain.warnings import SMALL_SLICES, Warned
from quantgate.records.outcomes import VerdictOutcome
from quantgate.records.tasks import Slices
from quantgate.records.verdicts import Verdict
from quantgate.spec.model.limit import Limit, Rules
from quantgate.statistics.units import Units

#: In a slice with fewer samples, one of them moves a share by more than three points.
FEW_SAMPLES = 30
_MOST_NAMED = 5
_FROM_WORST = (VerdictOutcome.FAIL, VerdictOutcome.UNDECIDED, VerdictOutcome.PASS)


def judge_with_slices(
    candidate: Measured,
    baseline: Measured,
    limits: Mapping[str, Limit],
    slices: Mapping[str, Slices],
    share: float = 1.0,
) -> list[Verdict]:
    """Check a candidate against every rule of every limit, those on slices included.

    A rule for each slice has one verdict, that of the worst slice. Its `worst_of` is the figure
    with these slices.

    Args:
        candidate: with a figure for each slice.
        baseline: likewise.
        limits: the spec's `gate`, by figure.
        slices: the slices of the baseline's metrics, by figure.
        share: the part of each limit's error rate at which it has to be met.
    """
    return [
        verdict
        for name, limit in limits.items()
        for verdict in (
            *judge(candidate, baseline, {name: limit}, share),
            *_worst(name, judge(candidate, baseline, _for_each(name, limit, slices), share)),
            *judge(candidate, baseline, _by_name(name, limit), share),
        )
    ]


def rules_by_figure(
    limits: Mapping[str, Limit], slices: Mapping[str, Slices]
) -> Iterator[tuple[str, Rules]]:
    """Yield the rules of all limits, those on slices included, with the figures that they limit."""
    for name, limit in limits.items():
        yield name, limit
        yield from _for_each(name, limit, slices).items()
        yield from _by_name(name, limit).items()


def warnings_about_slices(
    limits: Mapping[str, Limit],
    figures: Mapping[str, float],
    metrics: Mapping[str, str],
    slices: Mapping[str, Slices],
    units: Mapping[str, Units] = MappingProxyType({}),
) -> list[Warned]:
    """Warn of small slices, and of limits on slices that no candidate can be shown to meet.

    Args:
        limits: the spec's `gate`, by figure.
        figures: the baseline's figures.
        metrics: the metric by the name of its figure.
        slices: the slices by figure.
        units: the samples that count as one, by figure.
    """
    small = [warning for name, sliced in slices.items() for warning in _few(name, sliced)]
    return [*small, *_without_power(limits, figures, metrics, slices, units)]


def _for_each(name: str, limit: Limit, slices: Mapping[str, Slices]) -> dict[str, Rules]:
    if limit.each_slice is None or name not in slices:
        return {}
    others = [of for of in slices[name].samples if of not in (limit.slices or {})]
    return {slice_figure(name, of): limit.each_slice for of in others}


def _by_name(name: str, limit: Limit) -> dict[str, Rules]:
    return {slice_figure(name, of): rules for of, rules in sorted((limit.slices or {}).items())}


def _worst(name: str, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    for rule in dict.fromkeys(verdict.rule for verdict in verdicts):
        worst = min((v for v in verdicts if v.rule == rule), key=_kept)
        yield worst.model_copy(update={"worst_of": name})


def _kept(verdict: Verdict) -> tuple[int, float]:
    margin = -math.inf if verdict.margin is None else verdict.margin
    return _FROM_WORST.index(verdict.outcome), margin


def _few(name: str, slices: Slices) -> Iterator[Warned]:
    small = {of: count for of, count in slices.samples.items() if count < FEW_SAMPLES}
    if not small:
        return
    named = [f"{of} ({count})" for of, count in sorted(small.items(), key=lambda item: item[1])]
    more = f" and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else ""
    yield SMALL_SLICES.says(
        f"{len(small):,} of the {len(slices.samples):,} slices of {name} by `{slices.key}` have "
        f"fewer than {FEW_SAMPLES} samples: {', '.join(named[:_MOST_NAMED])}{more}. Their figures "
        "say little: evaluate on more samples of them"
    )


def _without_power(
    limits: Mapping[str, Limit],
    figures: Mapping[str, float],
    metrics: Mapping[str, str],
    slices: Mapping[str, Slices],
    units: Mapping[str, Units],
) -> Iterator[Warned]:
    """Yield the warnings about the smallest slice under each limit for each slice."""
    for name, sliced in slices.items():
        counts = {slice_figure(name, of): count for of, count in sliced.samples.items()}
        limit = limits.get(name, Limit())
        each = _for_each(name, limit, slices)
        smallest = min(each, key=lambda figure: counts[figure], default=None)
        own = _by_name(name, limit)
        for figure in [*([smallest] if smallest else []), *own]:
            rules = {figure: own.get(figure) or each[figure]}
            yield from warnings_of_power(rules, figures, metrics, counts.get(figure, 0), units)
