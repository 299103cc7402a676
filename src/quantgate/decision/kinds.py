"""The choice of a method for the values per sample of a figure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quantgate.domain.figure import Figure
from quantgate.domain.rules import Rule
from quantgate.statistics.class_estimates import ClassedMean, MeanRecall, scarcity_of
from quantgate.statistics.estimates import Estimate, Mean, PairedProportions, Proportion
from quantgate.statistics.groups import Grouped
from quantgate.statistics.moments import Rarest
from quantgate.statistics.paired_proportions import Pairs
from quantgate.statistics.recalls import shares
from quantgate.statistics.relative_estimates import RelativeDifference, RelativeMean
from quantgate.statistics.samples import Labels, Samples, are_binary, are_shares
from quantgate.statistics.stricter import Stricter
from quantgate.statistics.units import Rows

#: The range of values that nothing is known about.
UNBOUNDED = (-math.inf, math.inf)


@dataclass(frozen=True)
class Kind:
    """The properties of a figure that determine its method.

    Attributes:
        metric: the metric, or None for a user's function.
        labels: for metrics over classes the class of each sample, if it is known.
        range: the range of a sample's value, if the spec has it.
        groups: the group of each sample, or None if samples are independent.
    """

    metric: Figure | None
    labels: Labels | None = None
    range: tuple[float, float] | None = None
    groups: Rows | None = None

    @property
    def classed(self) -> str | None:
        """The way in which classes make up the figure, or None for a mean over samples."""
        return self.metric.classed if self.metric else None

    def edges(self, *, difference: bool) -> tuple[float, float]:
        """Return the range of a sample's value, or of the difference of two."""
        low, high = self.range or UNBOUNDED
        if self.metric and self.metric.is_mean:
            low, high = max(low, self.metric.minimum), min(high, self.metric.maximum)
        return (low - high, high - low) if difference else (low, high)

    def weighed(self, values: Samples, labels: Labels) -> Samples:
        """Return the values of distinct samples, with the weights of classes among these."""
        return shares(values > 0, labels) if self.classed == "recall" else values

    def alone(self, values: Samples) -> Estimate | None:
        """Return the estimate of one model's figure, or None without the classes of samples."""
        own = self._alone(values)
        if self.groups is None or own is None:
            return own
        grouped = Grouped(values, self.groups, "shares" if self._are_shares(values) else "means")
        return Stricter(grouped, own) if self.classed else grouped

    def _alone(self, values: Samples) -> Estimate | None:
        if self.classed:
            return self._alone_over_classes(values)
        if self._is_binary and are_binary(values):
            return Proportion(int(values.sum()), len(values))
        return Mean(values, *self.edges(difference=False))

    def difference(
        self, rule: Rule, ours: Samples, theirs: Samples, reference: float
    ) -> Estimate | None:
        """Return the estimate of the value of a rule that compares, or None without the classes.

        Args:
            rule: the rule.
            ours: the candidate's values, float64 [samples].
            theirs: the baseline's values.
            reference: the baseline's figure.
        """
        own = self._difference(rule, ours, theirs, reference)
        if self.groups is None or own is None:
            return own
        grouped = self._grouped(self.groups, rule, (ours, theirs), reference)
        return Stricter(grouped, own) if self.classed else grouped

    def _grouped(
        self, groups: Rows, rule: Rule, models: tuple[Samples, Samples], reference: float
    ) -> Estimate:
        """Return the estimate of a difference from samples in groups."""
        ours, theirs = models
        values, unit = rule.sign * (ours - theirs), rule.unit_per_baseline
        if not self._are_shares(ours, theirs):
            known = Grouped(values, groups, "means", rule.scale(reference), rule.offset)
            return self._relative(known, rule, theirs)
        pairs = Grouped(values, groups, "pairs")
        return RelativeDifference(pairs, Grouped(theirs, groups, "shares"), unit) if unit else pairs

    def _difference(
        self, rule: Rule, ours: Samples, theirs: Samples, reference: float
    ) -> Estimate | None:
        first, second = (ours, theirs) if rule.sign > 0 else (theirs, ours)
        if exact := self._exact_difference(first, second):
            unit = rule.unit_per_baseline
            return RelativeDifference(exact, self._exact_alone(theirs), unit) if unit else exact
        known = self._mean_difference(first, second)
        if known is None:
            return None
        known = replace(known, scale=rule.scale(reference), offset=rule.offset)
        return self._relative(known, rule, theirs)

    def _relative(
        self, known: Mean | ClassedMean | Grouped, rule: Rule, theirs: Samples
    ) -> Estimate:
        """Return an estimate that allows for the baseline's own uncertainty, if that matters."""
        if not rule.unit_per_baseline:
            return known
        return RelativeMean(known, theirs, rule.unit_per_baseline, self.edges(difference=False))

    def _are_shares(self, *values: Samples) -> bool:
        return self._is_binary and are_shares(*values)

    @property
    def _is_binary(self) -> bool:
        return self.metric is not None and self.metric.is_binary

    def _alone_over_classes(self, values: Samples) -> MeanRecall | ClassedMean | None:
        if self.classed == "recall" and self.labels is not None:
            return MeanRecall.of_one(values, self.labels)
        mean = self._classed_mean(values, (values,))
        return mean and replace(mean, compares=False)

    def _exact_difference(
        self, first: Samples, second: Samples
    ) -> PairedProportions | MeanRecall | None:
        """Return the estimate of a difference that counts of right and wrong determine."""
        if self.classed == "recall" and self.labels is not None:
            return MeanRecall.of_difference(first, second, self.labels)
        if self._are_shares(first, second):
            return PairedProportions(Pairs.of(first, second))
        return None

    def _exact_alone(self, values: Samples) -> Proportion | MeanRecall:
        if self.classed == "recall" and self.labels is not None:
            return MeanRecall.of_one(values, self.labels)
        return Proportion(int(values.sum()), len(values))

    def _mean_difference(self, first: Samples, second: Samples) -> Mean | ClassedMean | None:
        if self.classed:
            return self._classed_mean(first - second, (first, second))
        return Mean(first - second, *self.edges(difference=True))

    def _classed_mean(self, values: Samples, models: Sequence[Samples]) -> ClassedMean | None:
        """Return the mean of contributions to a metric over classes, or None without these."""
        if self.labels is None or self.labels.shape != values.shape:
            return None
        if self.classed == "ranks":
            best = max(float(model.mean()) for model in models)
            return ClassedMean(values, self.labels, scarcity=scarcity_of(self.labels, best))
        strata = self.labels if self.classed == "labels" else None
        return ClassedMean(values, strata, Rarest.of(self.labels))
