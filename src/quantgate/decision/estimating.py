"""The evidence on the value that a rule limits, from the measurements of two models."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from quantgate.decision.kinds import Kind
from quantgate.domain.figures import LATENCIES, METRICS, metric_of
from quantgate.domain.rules import Rule
from quantgate.records.tasks import Steps
from quantgate.statistics.early_estimate import Stepwise
from quantgate.statistics.error_spending import looks_at
from quantgate.statistics.estimates import Certain, Estimate
from quantgate.statistics.groups import group_means
from quantgate.statistics.latency_ratios import Clocked, Timings
from quantgate.statistics.percentiles import Percentile
from quantgate.statistics.relative_estimates import RelativeMean
from quantgate.statistics.samples import Labels, Samples, are_sound
from quantgate.statistics.units import Rows, Units


@dataclass(frozen=True)
class Measured:
    """The measurements of one model.

    Attributes:
        model_sha256: the hash of the model's bytes, or None if there is no model.
        figures: the figures by name.
        samples: per metric float64 [samples], in the data set's order. They may be read lazily.
        metrics: the metric by the name of its figure.
        timings: float64 [rounds] in milliseconds, NaN if the model sat the round out. None if it
            was not timed.
        steps: the end of its evaluation, if it might have stopped early.
        covered: int64 [samples], the samples of the data set that were run, or None for all.
        units: the samples of the data set that count as one, by figure. Without, all count.
        strata: for metrics over classes int32 [samples], the class of each sample. If a sample
            shows several, it is the one with the fewest samples. -1 stands for none.
        class_names: the names of the classes by number, if they are known.
        ranges: the ranges of values per sample that the spec has, by figure.
        groups: int64 [samples], the group of each sample of a copy that counts samples once.
    """

    model_sha256: str | None
    figures: Mapping[str, float]
    samples: Mapping[str, Samples]
    metrics: Mapping[str, str] = field(default_factory=dict)
    timings: Timings | None = None
    steps: Steps | None = None
    covered: Rows | None = None
    units: Mapping[str, Units] = field(default_factory=dict)
    strata: Mapping[str, Labels] = field(default_factory=dict)
    class_names: Sequence[str] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    groups: Rows | None = None

    def in_memory(self) -> "Measured":
        """Return a copy with the samples read once and for all."""
        return replace(self, samples=dict(self.samples))

    def counted(self, name: str) -> "Measured":
        """Return a copy in which equal samples are one, with the mean of their values.

        It has only this figure, as the mean of the distinct samples. Values of other samples than
        the data set's are left out.
        """
        values, units = self.samples.get(name), self.units.get(name)
        if units is None or values is None:
            return self
        run = units if self.covered is None else units.at(self.covered)
        if len(values) != len(run.distinct):
            return replace(self, samples={}, units={})
        labels, merged = self.strata.get(name), run.merged(values)
        if labels is not None:
            labels = run.firsts(labels)
            merged = kind_of(name, self).weighed(merged, labels)
        figures = {name: float(merged.mean())} if np.isfinite(merged).all() else self.figures
        covered = None if self.covered is None else np.unique(units.distinct[self.covered])
        return replace(
            self,
            figures=figures,
            samples={name: merged},
            covered=covered,
            units={},
            strata={} if labels is None else {name: labels},
            groups=run.groups,
        )

    def independent(self, name: str) -> int | None:
        """Return how many units of the data set are independent, None if all samples are."""
        units = self.units.get(name)
        return None if units is None else int(units.independent.max()) + 1

    def figure(self, name: str) -> float:
        """Return a figure, NaN if it is missing or not finite."""
        value = self.figures.get(name, math.nan)
        return value if math.isfinite(value) else math.nan


def estimate_of(name: str, rule: Rule, candidate: Measured, baseline: Measured) -> Estimate | None:
    """Return the evidence on the value that a rule limits, or None if there is none."""
    if name in LATENCIES:
        return _of_timings(name, rule, candidate, baseline)
    candidate, baseline = candidate.counted(name), baseline.counted(name)
    if not rule.compares:
        return figure_estimate(name, candidate)
    if candidate.model_sha256 == baseline.model_sha256:
        return Certain(rule.value(candidate.figure(name), baseline.figure(name)))
    return _of_difference(name, rule, candidate, baseline)


def figure_estimate(name: str, candidate: Measured) -> Estimate | None:
    """Return the evidence on a figure by itself, or None if it has no values per sample."""
    candidate = candidate.counted(name)
    values = candidate.samples.get(name)
    if values is None or not are_sound(values):
        return None
    return kind_of(name, candidate).alone(values)


def early_estimate(
    name: str, rule: Rule, candidate: Measured, baseline: Measured
) -> Stepwise | RelativeMean | None:
    """Return the estimate from the samples of an evaluation that stopped early."""
    steps = candidate.steps
    if steps is None or candidate.covered is None or not _is_known(name, baseline):
        return None
    available = baseline.independent(name)
    candidate, baseline = candidate.counted(name), baseline.counted(name)
    covered, reference = candidate.covered, baseline.figure(name)
    if covered is None or not math.isfinite(rule.value(candidate.figure(name), reference)):
        return None
    ours = candidate.samples[name]
    values = rule.sign * (ours - baseline.samples[name][covered]) if rule.compares else ours
    kind, (values, weights) = kind_of(name, baseline), _by_group(values, candidate.groups)
    known = Stepwise(
        values,
        *kind.edges(difference=rule.compares),
        steps=steps,
        is_floor=rule.is_floor,
        looks=len(looks_at(available or steps.available)),
        scale=rule.scale(reference),
        offset=rule.offset,
        weights=weights,
    )
    if not rule.unit_per_baseline:
        return known
    theirs, _ = _by_group(baseline.samples[name][covered], candidate.groups)
    return RelativeMean(known, theirs, rule.unit_per_baseline, kind.edges(difference=False))


def kind_of(name: str, measured: Measured) -> Kind:
    """Return what determines the method for a figure."""
    metric = METRICS.get(metric_of(name, measured.metrics) or "")
    return Kind(
        metric, measured.strata.get(name), measured.ranges.get(name), groups=measured.groups
    )


def _by_group(values: Samples, groups: Rows | None) -> tuple[Samples, Samples | None]:
    return (values, None) if groups is None else group_means(values, groups)


def _is_known(name: str, measured: Measured) -> bool:
    return (metric_of(name, measured.metrics) or "") in METRICS


def _of_timings(name: str, rule: Rule, candidate: Measured, baseline: Measured) -> Estimate | None:
    percent, ours, theirs = LATENCIES[name].percentile, candidate.timings, baseline.timings
    if percent is None or ours is None:
        return None
    if not rule.compares:
        return Percentile(ours, percent)
    return None if theirs is None else Clocked(rule.value, ours, theirs, percent)


def _of_difference(
    name: str, rule: Rule, candidate: Measured, baseline: Measured
) -> Estimate | None:
    ours, theirs = candidate.samples.get(name), baseline.samples.get(name)
    if ours is None or theirs is None or not are_sound(ours, theirs):
        return None
    return kind_of(name, baseline).difference(rule, ours, theirs, baseline.figure(name))
