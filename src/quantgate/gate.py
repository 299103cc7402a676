"""Hold figures against limits: one verdict for every rule of every limit."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from quantgate.confidence import Samples, mcnemar, samples_needed, upper_bound
from quantgate.decision import Verdict
from quantgate.figures import metric_of
from quantgate.spec.model import Limit

# A drop from 0.89 to 0.88 keeps a limit of 0.01, although their difference as doubles does not.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Measured:
    """What is known about one model.

    Attributes:
        model_sha256: hash of the model's bytes; None where there is no model.
        figures: figure by name.
        samples: per metric float64 [samples], in the data set's order; may be read lazily.
        metrics: the metric by the name of its figure.
    """

    model_sha256: str | None
    figures: Mapping[str, float]
    samples: Mapping[str, Samples]
    metrics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pairs:
    """Two values a sample, float64 [samples], whose mean difference a rule limits.

    `scale` takes that difference to the unit of the rule.
    """

    first: Samples
    second: Samples
    scale: float

    def bound(self, confidence: float) -> float:
        """One-sided upper confidence bound of the difference, in the unit of the rule."""
        return self.scale * upper_bound(self.first, self.second, confidence)

    def samples_needed(self, confidence: float, limit: float) -> float:
        """How many samples would bring that bound down to `limit`; infinite where none would."""
        return samples_needed(self.first, self.second, confidence, limit / self.scale)


@dataclass(frozen=True)
class Rule:
    """One way to limit a figure.

    Attributes:
        value: what is compared with the limit, from the candidate's figure and the baseline's.
        floor: whether the value has to be at least the limit; otherwise, at most.
        sign: of the candidate in the difference that a confidence bound is for; 0 where the rule
            knows no such bound.
        percent: whether that difference counts in hundredths of the baseline's figure, which is
            then taken as known: for small drops its own uncertainty adds next to nothing.
    """

    value: Callable[[float, float], float]
    floor: bool = False
    sign: int = 0
    percent: bool = False


def _ratio(part: float, whole: float) -> float:
    """A share of something that is not positive means nothing, and so keeps no limit."""
    return part / whole if whole > 0 else math.nan


#: The rules of `spec.model.Limit`, by the names of its fields.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "min": Rule(lambda figure, baseline: figure, floor=True),
        "max": Rule(lambda figure, baseline: figure),
        "max_drop": Rule(lambda figure, baseline: baseline - figure, sign=-1),
        "max_rise": Rule(lambda figure, baseline: figure - baseline, sign=1),
        "max_drop_percent": Rule(
            lambda figure, baseline: 100 * _ratio(baseline - figure, abs(baseline)),
            sign=-1,
            percent=True,
        ),
        "max_ratio": Rule(_ratio),
    }
)


def judge(candidate: Measured, baseline: Measured, limits: Mapping[str, Limit]) -> list[Verdict]:
    """Hold a candidate against every rule of every limit, in the order of `limits`.

    A figure that is missing or not finite keeps no limit. With a confidence, a rule on a difference
    has to hold at its paired bound; models with the same bytes are one model, so that their bound
    is the difference itself.
    """
    return [
        _verdict(name, rule, value, limit.confidence, candidate, baseline)
        for name, limit in limits.items()
        for rule, value in limit.model_dump(exclude_none=True, exclude={"confidence"}).items()
    ]


def pairs_of(name: str, rule: str, candidate: Measured, baseline: Measured) -> Pairs | None:
    """The pairs behind a rule on a difference; None where they are missing or not finite."""
    ours, theirs = candidate.samples.get(name), baseline.samples.get(name)
    if ours is None or theirs is None or ours.shape != theirs.shape:
        return None
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return None
    first, second = (ours, theirs) if RULES[rule].sign > 0 else (theirs, ours)
    scale = 100 / abs(baseline.figures[name]) if RULES[rule].percent else 1.0
    return Pairs(first, second, scale)


def samples_to_show(verdict: Verdict, candidate: Measured, baseline: Measured) -> float:
    """How many samples would show that a limit is kept, were the figures to stay as they are.

    Infinite where no number would, or where the rule or the evidence knows no pairs.
    """
    pairs = pairs_of(verdict.name, verdict.rule, candidate, baseline)
    if pairs is None or verdict.confidence is None:
        return math.inf
    return pairs.samples_needed(verdict.confidence, verdict.limit)


def misses_outright(verdict: Verdict) -> bool:
    """Whether the value itself misses the limit, whatever its confidence bound."""
    return verdict.value is not None and _margin(verdict.rule, verdict.value, verdict.limit) < 0


def is_unproven(verdict: Verdict) -> bool:
    """Whether the value keeps the limit, and only its confidence bound does not."""
    return not verdict.passed and verdict.bound is not None and not misses_outright(verdict)


def _verdict(
    name: str,
    rule: str,
    limit: float,
    confidence: float | None,
    candidate: Measured,
    baseline: Measured,
) -> Verdict:
    figure = _figure(candidate, name)
    value = RULES[rule].value(figure, _figure(baseline, name))
    paired = confidence if RULES[rule].sign else None
    bound = None if paired is None else _bound(name, rule, value, paired, candidate, baseline)
    margin = _margin(rule, value if bound is None else bound, limit)
    return Verdict(
        name=name,
        metric=metric_of(name, baseline.metrics),
        rule=rule,
        limit=limit,
        figure=_finite(figure),
        value=_finite(value),
        confidence=paired,
        bound=None if bound is None else _finite(bound),
        p_value=None if bound is None else _p_value(name, rule, candidate, baseline),
        margin=_finite(margin),
        passed=margin >= 0,
    )


def _figure(measured: Measured, name: str) -> float:
    value = measured.figures.get(name, math.nan)
    return value if math.isfinite(value) else math.nan


def _bound(
    name: str,
    rule: str,
    value: float,
    confidence: float,
    candidate: Measured,
    baseline: Measured,
) -> float:
    if not math.isfinite(value) or candidate.model_sha256 == baseline.model_sha256:
        return value
    pairs = pairs_of(name, rule, candidate, baseline)
    # A confidence never makes a limit easier to keep.
    return math.nan if pairs is None else max(pairs.bound(confidence), value)


def _p_value(name: str, rule: str, candidate: Measured, baseline: Measured) -> float | None:
    pairs = pairs_of(name, rule, candidate, baseline)
    return mcnemar(pairs.first, pairs.second) if pairs else None


def _margin(rule: str, value: float, limit: float) -> float:
    """How far the value is on the right side; NaN where it is not finite."""
    if not math.isfinite(value):
        return math.nan
    if math.isclose(value, limit, rel_tol=ROUNDING):
        return 0.0
    return value - limit if RULES[rule].floor else limit - value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
