"""Make a candidate with some edits, and compare its outputs with the float model's."""

from dataclasses import dataclass, replace
from functools import cached_property

from quantgate.components.litert.flatbuffer import Content
from quantgate.components.quantizer.engine import quantized
from quantgate.components.quantizer.request import Request
from quantgate.components.recover.biases import (
    corrected_analytically,
    corrected_in_sequence,
    layers_with_bias,
)
from quantgate.components.recover.clipping import clipped
from quantgate.components.recover.equalization import Equalized, equalized
from quantgate.components.recover.float_model import FloatModel
from quantgate.components.recover.held_back import HeldBack
from quantgate.components.recover.judging import Judge, Score
from quantgate.components.recover.layers import ranked, request_for
from quantgate.components.recover.pairs import pairs_of
from quantgate.components.recover.sensitivity import FloatOp, float_ops
from quantgate.components.recover.statistics import Histograms, Means, bounds_of, gather
from quantgate.components.recover.subject import Subject, count_of
from quantgate.records.calibration import Ranges

#: Samples of each signature that layers are corrected on one after another.
SEQUENCE_SAMPLES = 8
#: Those that ops are ranked on.
RANKING_SAMPLES = 8
#: Those that the statistics of rescaled channels come from.
RESCALED_SAMPLES = 16


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
        edits: the edits.
        content: of the edited float model.
        ranges: of its tensors.
        request: the recipe to quantize by, with its rules.
        quantized: the quantized model.
        widened: the dtype of outputs that got more bits, None if they stay as they are.
    """

    edits: Edits
    content: Content
    ranges: Ranges
    request: Request
    quantized: bytes
    widened: str | None = None


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

    def make(self, edits: Edits, base: Made | None = None) -> Made:
        """Return the candidate with edits.

        Args:
            edits: the edits.
            base: a candidate with some of them, which need not be made again.
        """
        if base and base.edits == edits:
            return base
        content, ranges = self._edited(replace(edits, left=()), base)
        plain = self._subject.request
        request = request_for(edits.left, plain, self._ops)
        widened = None if request.output_type == plain.output_type else request.output_type
        return Made(edits, content, ranges, request, quantized(content, request, ranges), widened)

    def score(self, made: Made, best: Score | None = None, least: float = 0.0) -> Score:
        """Return the score of a candidate.

        Args:
            made: the candidate.
            best: the score of another one.
            least: the gain over it on the first samples below which no others are run.
        """
        if self._judge is self._held_back and best and best.first_db is not None:
            return self._held_back.score(made.quantized, best.first_db + least)
        return self._judge.score(made.quantized)

    def ranking(self, made: Made) -> list[str]:
        """Return the ops that can be left out, the worst first."""
        subject, rows = self._subject, self._subject.samples.few(RANKING_SAMPLES)
        self._runs += 2 * count_of(rows)
        dataset = subject.samples.dataset
        return ranked(made.content, made.quantized, made.request, subject.facts, dataset, rows)

    def _edited(self, edits: Edits, base: Made | None) -> tuple[Content, Ranges]:
        """Return the edited float model with its ranges. Ops that are left out do not matter."""
        if base and replace(base.edits, left=()) == edits:
            return base.content, base.ranges
        if edits.sequential:
            made = self.make(replace(edits, sequential=False), base)
            return self._corrected_in_sequence(made), made.ranges
        if edits.analytic:
            made = self.make(replace(edits, analytic=False), base)
            return self._corrected_analytically(made), made.ranges
        content, ranges = self._unclipped(edits)
        if edits.clipping:
            ranges = clipped(ranges, self._histograms(edits), edits.clipping)
        return content, ranges

    def _unclipped(self, edits: Edits) -> tuple[Content, Ranges]:
        if edits.equalized:
            return self._equalized.content, self._equalized.ranges
        return self._subject.content, self._subject.ranges

    def _corrected_analytically(self, made: Made) -> bytes:
        means = self._rescaled_means if made.edits.equalized else self._means
        return corrected_analytically(made.content, made.quantized, means)

    def _corrected_in_sequence(self, made: Made) -> bytes:
        subject, rows = self._subject, self._subject.samples.few(SEQUENCE_SAMPLES)
        self._runs += count_of(rows) * (1 + layers_with_bias(made.content))
        dataset = subject.samples.dataset
        return corrected_in_sequence(made.content, made.quantized, subject.facts, dataset, rows)

    @cached_property
    def _ops(self) -> list[FloatOp]:
        return float_ops(self._subject.content, self._subject.facts)

    @cached_property
    def float_difference(self) -> float:
        """The largest difference that rescaling makes in an output, as a part of the largest."""
        return self._held_back.largest_difference(self._equalized.content)

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
    def _equalized(self) -> Equalized:
        subject = self._subject
        return equalized(subject.content, subject.ranges, subject.statistics.extremes)

    @cached_property
    def _means(self) -> Means:
        subject, model = self._subject, FloatModel(self._subject.content)
        return subject.statistics.mean_inputs(model, bounds_of(subject.ranges))

    @cached_property
    def _rescaled_means(self) -> Means:
        layers, factors = FloatModel(self._subject.content).layers, self._equalized.factors
        return {
            output: mean / factors.get(layers[output].source, 1.0)
            for output, mean in self._means.items()
        }

    def _histograms(self, edits: Edits) -> Histograms:
        return self._rescaled_histograms if edits.equalized else self._subject.statistics.histograms

    @cached_property
    def _rescaled_histograms(self) -> Histograms:
        """The histograms of the rescaled model. Those of tensors that keep their values stay."""
        subject, own = self._subject, self._equalized
        rows = subject.samples.few(RESCALED_SAMPLES)
        self._runs += count_of(rows)
        new = gather(own.content, own.ranges, subject.facts, subject.samples.dataset, rows)
        changed = {name: new.histograms[name] for name in own.factors if name in new.histograms}
        return {**subject.statistics.histograms, **changed}
