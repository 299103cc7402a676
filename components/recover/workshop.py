"""Make a candidate with some edits, and compare its outputs with the float model's."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.processes.progress import counted
from quantgate.components.quantizer.engine import quantized
from quantgate.components.recover.agreement import Agreement
from quantgate.components.recover.biases import (
    corrected_analytically,
    corrected_in_sequence,
    layers_with_bias,
)
from quantgate.components.recover.clipping import clipped
from quantgate.components.recover.equalization import equalized, pairs_of
from quantgate.components.recover.float_model import FloatModel
from quantgate.components.recover.layers import ranked, rules_for
from quantgate.components.recover.ranging import ranges_over
from quantgate.components.recover.running import Values, runners_of, samples_of
from quantgate.components.recover.statistics import Statistics, bounds_of, gather
from quantgate.components.recover.subject import Subject, count_of
from quantgate.domain.recipes import Rule
from quantgate.records.tasks import Ranges

#: Samples that layers are corrected on one after another, and that ops are ranked on.
SEQUENCE_SAMPLES = 8
RANKING_SAMPLES = 16
#: Bytes of outputs of the float model that are kept. Otherwise it runs again for each comparison.
_MOST_BYTES = 256 << 20
Outputs = dict[str, Values]


@dataclass(frozen=True)
class Edits:
    """Edits that go together.

    Attributes:
        equalized: whether channels are rescaled.
        clipping: the method by which ranges are clipped, empty for none.
        analytic: whether biases are corrected analytically.
        sequential: whether biases are corrected layer by layer, after that.
        left: the ops that are left in float or in 16 bits, by the names of their outputs.
    """

    equalized: bool = False
    clipping: str = ""
    analytic: bool = False
    sequential: bool = False
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A candidate with edits.

    Attributes:
        content: of the edited float model.
        ranges: of its tensors.
        rules: the rules to quantize by.
        quantized: the quantized model.
        db: the agreement of its outputs with the float model's on the samples held back.
    """

    content: bytes
    ranges: Ranges
    rules: tuple[Rule, ...]
    quantized: bytes
    db: float


class Workshop:
    """The float model of a candidate and the means to edit it.

    Attributes:
        runs: the samples that were run so far, by float models or quantized ones.
    """

    def __init__(self, subject: Subject, runs: int) -> None:
        """Start with the float model.

        Args:
            subject: the candidate.
            runs: samples that were run for its statistics.
        """
        self._subject = subject
        self.runs = runs

    def make(self, edits: Edits) -> Made:
        """Return the candidate with edits."""
        subject = self._subject
        content, ranges = self._equalized if edits.equalized else (subject.content, subject.ranges)
        bounds = bounds_of(ranges)
        if edits.clipping:
            ranges = clipped(ranges, self._statistics(edits), edits.clipping)
        rules = (*subject.request.rules, *rules_for(edits.left, subject.request))
        request = replace(subject.request, rules=rules)
        model = quantized(content, request, ranges)
        if edits.analytic:
            content = corrected_analytically(content, model, self._statistics(edits), bounds)
            model = quantized(content, request, ranges)
        if edits.sequential:
            content = self._corrected_in_sequence(content, model)
            model = quantized(content, request, ranges)
        return Made(content, ranges, rules, model, self._agreement(model))

    def ranking(self, made: Made) -> list[str]:
        """Return the ops that can be left out, the worst first."""
        subject, rows = self._subject, self._subject.samples.first(RANKING_SAMPLES)
        self.runs += 2 * count_of(rows)
        request = replace(subject.request, rules=made.rules)
        return ranked(
            made.content, made.quantized, request, subject.facts, subject.samples.dataset, rows
        )

    @cached_property
    def float_difference(self) -> float:
        """The largest difference that rescaling makes in an output, as a part of the largest."""
        content, _ = self._equalized
        largest: dict[str, float] = {}
        differences: dict[str, float] = {}
        for expected, actual in zip(self._reference(), self._outputs(content), strict=True):
            for name, values in expected.items():
                largest[name] = max(largest.get(name, 0.0), float(abs(values).max(initial=0)))
                difference = float(abs(values - actual[name]).max(initial=0))
                differences[name] = max(differences.get(name, 0.0), difference)
        return max(differences[name] / (largest[name] or 1.0) for name in differences)

    @property
    def place_of_ops(self) -> str:
        """The place in which ops are left: "in float", or "in 16 bits" for integer hardware."""
        return "in 16 bits" if self._subject.request.integer_only else "in float"

    @property
    def has_pairs(self) -> bool:
        """True if the model has layers between which channels can be rescaled."""
        return bool(pairs_of(FloatModel(self._subject.content)))

    @property
    def has_biases(self) -> bool:
        """True if a layer of the model has a bias."""
        return layers_with_bias(self._subject.content) > 0

    @property
    def ops(self) -> int:
        """The number of ops."""
        schema = FloatModel(self._subject.content).schema
        return sum(len(graph.operators or []) for graph in schema.subgraphs)

    @cached_property
    def _equalized(self) -> tuple[bytes, Ranges]:
        subject, samples = self._subject, self._subject.samples
        content = equalized(subject.content, subject.statistics.peaks)
        self.runs += samples.count
        ranges = ranges_over(content, subject.facts, samples.dataset, samples.all, subject.ranges)
        return content, ranges

    @cached_property
    def _statistics_of_equalized(self) -> Statistics:
        subject, samples = self._subject, self._subject.samples
        content, ranges = self._equalized
        self.runs += count_of(samples.held_in)
        return gather(content, ranges, subject.facts, samples.dataset, samples.held_in)

    def _statistics(self, edits: Edits) -> Statistics:
        return self._statistics_of_equalized if edits.equalized else self._subject.statistics

    def _corrected_in_sequence(self, content: bytes, model: bytes) -> bytes:
        subject, rows = self._subject, self._subject.samples.first(SEQUENCE_SAMPLES)
        self.runs += count_of(rows) * (1 + layers_with_bias(content))
        return corrected_in_sequence(content, model, subject.facts, subject.samples.dataset, rows)

    def _agreement(self, model: bytes) -> float:
        agreement = Agreement()
        for expected, actual in zip(self._reference(), self._outputs(model), strict=True):
            agreement.add(expected, actual)
        return agreement.db

    def _reference(self) -> Iterator[Outputs]:
        """Yield the float model's outputs on the samples held back."""
        kept = self._kept_reference
        return iter(kept) if kept is not None else self._outputs(self._subject.content)

    @cached_property
    def _kept_reference(self) -> list[Outputs] | None:
        """The float model's outputs, or None if they are too large to keep."""
        kept, size = [], 0
        for outputs in self._outputs(self._subject.content):
            kept.append(outputs)
            size += sum(values.nbytes for values in outputs.values())
            if size > _MOST_BYTES:
                return None
        return kept

    def _outputs(self, model: bytes) -> Iterator[Outputs]:
        subject = self._subject
        runners = runners_of(model, subject.facts)
        for key, sample in counted(self._samples(subject.samples.held_back)):
            self.runs += 1
            outputs = runners[key].run(sample)
            yield {subject.facts.title(key, name): values for name, values in outputs.items()}

    def _samples(self, rows: Rows) -> Iterator[tuple[str, Outputs]]:
        for key, sample in samples_of(self._subject.facts, self._subject.samples.dataset, rows):
            yield key, dict(sample)
