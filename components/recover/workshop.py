"""Make a candidate with some edits, and compare its outputs with the float model's."""

from dataclasses import dataclass, replace
from functools import cached_property

from quantgate.components.quantizer.engine import quantized
from quantgate.components.recover.biases import (
    corrected_analytically,
    corrected_in_sequence,
    layers_with_bias,
)
from quantgate.components.recover.clipping import clipped
from quantgate.components.recover.equalization import equalized, pairs_of
from quantgate.components.recover.float_model import FloatModel
from quantgate.components.recover.held_back import HeldBack
from quantgate.components.recover.judging import Judge, Score
from quantgate.components.recover.layers import ranked, rules_for
from quantgate.components.recover.ranging import ranges_over
from quantgate.components.recover.statistics import Statistics, bounds_of, gather
from quantgate.components.recover.subject import Subject, count_of
from quantgate.domain.recipes import Rule
from quantgate.records.calibration import Ranges

#: Samples that layers are corrected on one after another, and that ops are ranked on.
SEQUENCE_SAMPLES = 8
RANKING_SAMPLES = 16


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
        score: its score.
    """

    content: bytes
    ranges: Ranges
    rules: tuple[Rule, ...]
    quantized: bytes
    score: Score


class Workshop:
    """The float model of a candidate and the means to edit it."""

    def __init__(self, subject: Subject, runs: int) -> None:
        """Start with the float model.

        Args:
            subject: the candidate.
            runs: samples that were run for its statistics.
        """
        self._subject = subject
        self._runs = runs
        self._held_back = HeldBack(subject.content, subject.facts, subject.samples)
        self._judge: Judge = subject.judge or self._held_back

    @property
    def runs(self) -> int:
        """The samples that were run so far, by float models or quantized ones."""
        own = self._held_back.runs if self._judge is not self._held_back else 0
        return self._runs + self._judge.runs + own

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
        return Made(content, ranges, rules, model, self._judge.score(model))

    def ranking(self, made: Made) -> list[str]:
        """Return the ops that can be left out, the worst first."""
        subject, rows = self._subject, self._subject.samples.first(RANKING_SAMPLES)
        self._runs += 2 * count_of(rows)
        request = replace(subject.request, rules=made.rules)
        return ranked(
            made.content, made.quantized, request, subject.facts, subject.samples.dataset, rows
        )

    @cached_property
    def float_difference(self) -> float:
        """The largest difference that rescaling makes in an output, as a part of the largest."""
        content, _ = self._equalized
        return self._held_back.largest_difference(content)

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
        self._runs += samples.count
        ranges = ranges_over(content, subject.facts, samples.dataset, samples.all, subject.ranges)
        return content, ranges

    @cached_property
    def _statistics_of_equalized(self) -> Statistics:
        subject, samples = self._subject, self._subject.samples
        content, ranges = self._equalized
        self._runs += count_of(samples.held_in)
        return gather(content, ranges, subject.facts, samples.dataset, samples.held_in)

    def _statistics(self, edits: Edits) -> Statistics:
        return self._statistics_of_equalized if edits.equalized else self._subject.statistics

    def _corrected_in_sequence(self, content: bytes, model: bytes) -> bytes:
        subject, rows = self._subject, self._subject.samples.first(SEQUENCE_SAMPLES)
        self._runs += count_of(rows) * (1 + layers_with_bias(content))
        return corrected_in_sequence(content, model, subject.facts, subject.samples.dataset, rows)
