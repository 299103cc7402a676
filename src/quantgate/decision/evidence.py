"""The evidence of a run's tasks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from quantgate.decision.sample_sets import SampleSets, random_purposes
from quantgate.domain.figures import (
    is_slice,
    slice_of,
    whole_of,
)
from quantgate.domain.targets import on_microcontroller
from quantgate.records.attestation import Attestation
from quantgate.records.calibration import Calibration
from quantgate.records.source import SourceComparison
from quantgate.records.targets import (
    TargetAccuracy,
    TargetMeasurements,
)
from quantgate.records.tasks import Benchmark, Measurement, ModelFacts, Slices
from quantgate.statistics.confusion import Predictions
from quantgate.statistics.samples import Labels, Samples
from quantgate.statistics.units import Rows, Units


@dataclass(frozen=True)
class Evaluation:
    """A measurement, and per metric the values that its figure is the mean of.

    Attributes:
        measurement: the figures.
        samples: float64 [samples] by metric, in the data set's order. They may be read lazily.
        covered: int64 [samples], the samples' places in the data set if they are not all.
        predictions: a function that reads the predictions of a classifier.
        units: the samples that count as one, by figure. Only the baseline has them.
        strata: a function that reads, for metrics over classes, the class of each sample.
    """

    measurement: Measurement
    samples: Mapping[str, Samples]
    covered: Rows | None = None
    predictions: Callable[[], Predictions] = Predictions
    units: Mapping[str, Units] = field(default_factory=dict)
    strata: Callable[[], Mapping[str, Labels]] = dict


@dataclass(frozen=True)
class Evidence:
    """The results of a run's tasks. The order of its lists has no meaning.

    Data sets are by signature.
    """

    facts: ModelFacts
    baseline: Evaluation
    attestations: Sequence[Attestation]
    evaluations: Sequence[Evaluation]
    benchmark: Benchmark | None = None
    calibration: Calibration | None = None
    calibration_sets: SampleSets = field(default_factory=dict)
    evaluation_sets: SampleSets = field(default_factory=dict)
    search_sets: SampleSets = field(default_factory=dict)
    targets: Sequence[TargetMeasurements] = ()
    comparison: SourceComparison | None = None

    @property
    def metrics(self) -> Mapping[str, str]:
        """The metric of each of the baseline's figures, and of figures on targets."""
        measurement = self.baseline.measurement
        on_targets = {
            name: accuracy.metric
            for each in self.targets
            for name, accuracy in each.accuracy.items()
        }
        own = {name: measurement.metrics.get(name, name) for name in measurement.figures}
        return {**on_targets, **own}

    @property
    def slices(self) -> Mapping[str, Slices]:
        """The slices of the baseline's metrics, by figure."""
        return self.baseline.measurement.slices

    @property
    def classes(self) -> Sequence[str]:
        """The names of the evaluation set's classes, by number. None if its signatures differ."""
        named = {tuple(samples.manifest.classes) for samples in self.evaluation_sets.values()}
        return named.pop() if len(named) == 1 else ()

    @cached_property
    def strata(self) -> Mapping[str, Labels]:
        """The class of each sample by figure, for metrics over classes, on targets too."""
        own = self.baseline.strata()
        on_targets = {
            name: own[whole] if accuracy.rows is None else own[whole][accuracy.rows]
            for each in self.targets
            for name, accuracy in each.accuracy.items()
            for whole in own
            if on_microcontroller(whole) == name
        }
        return {**own, **on_targets}

    @cached_property
    def units(self) -> Mapping[str, Units]:
        """The samples that count as one by figure, those on targets included."""
        units = dict(self.baseline.units)
        on_targets = {on_microcontroller(name): of_name for name, of_name in units.items()}
        for name, accuracy in self._on_targets.items():
            if of_name := on_targets.get(name):
                rows = accuracy.rows
                units[name] = of_name if rows is None else of_name.at(np.array(rows))
        return units

    def samples_behind(self, figure: str) -> int:
        """Return the number of distinct samples that a figure is measured on."""
        if units := self.units.get(figure):
            return units.count
        if is_slice(figure):
            return self.slices[whole_of(figure)].samples[slice_of(figure)]
        if accuracy := self._on_targets.get(figure):
            return len(accuracy.values)
        return len(self.baseline.samples[figure])

    @property
    def _on_targets(self) -> dict[str, TargetAccuracy]:
        return {name: each for one in self.targets for name, each in one.accuracy.items()}

    @property
    def random_data(self) -> list[str]:
        """The kinds of data that are random: "calibration", "evaluation", "search"."""
        return random_purposes(self.calibration_sets, self.evaluation_sets, self.search_sets)
