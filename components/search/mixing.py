"""Models of mixed precision: the bits of each layer, and the rules that give it them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from quantgate.components.litert.flatbuffer import Content
from quantgate.components.quantizer.engine import quantized
from quantgate.components.quantizer.request import Request
from quantgate.components.recover.float_model import FloatModel
from quantgate.components.recover.held_back import HeldBack
from quantgate.components.recover.judging import Judge
from quantgate.components.recover.layers import touches_ends
from quantgate.components.recover.scoring import MetricJudge
from quantgate.components.recover.sensitivity import float_ops
from quantgate.components.recover.subject import Samples
from quantgate.domain.method import FLOAT32
from quantgate.domain.recipe_rules import regex_of, rule_of
from quantgate.domain.recipes import RECIPES, Rule
from quantgate.domain.search import EIGHT
from quantgate.records.calibration import Ranges
from quantgate.records.tasks import ModelFacts

#: Layers that share a weight, by the names of their outputs. They have the same bits.
Layer = tuple[str, ...]
Bits = Mapping[Layer, int]


@dataclass(frozen=True)
class Source:
    """The float model with all that a model is made from.

    Attributes:
        content: of the normalized float model.
        facts: of the model.
        ranges: of its tensors, None if no recipe needs them.
        request: the recipe for 8 bits in all layers.
        recipes: the recipe of a layer by its bits.
        samples: the calibration samples.
        scoring: scores models by a metric, None to judge them by their agreement.
    """

    content: Content
    facts: ModelFacts
    ranges: Ranges | None
    request: Request
    recipes: Mapping[int, str]
    samples: Samples
    scoring: MetricJudge | None = None

    def layers(self) -> list[Layer]:
        """Return the layers in the order in which they run."""
        model = FloatModel(self.content)
        sharing: dict[int, list[str]] = {}
        for layer in model.layers.values():
            sharing.setdefault(model.weight_buffer(layer), []).append(layer.output)
        return [tuple(outputs) for outputs in sharing.values()]

    def widths(self, layer: Layer) -> list[int]:
        """Return the bits that a layer can have without changing the model's inputs or outputs."""
        ops = float_ops(self.content, self.facts)
        is_end = any(touches_ends(each, self.request) for each in ops if each.output in layer)
        return [bits for bits in self.recipes if bits <= EIGHT or not is_end]

    def rules(self, bits: Bits) -> tuple[Rule, ...]:
        """Return the rules of a mix. All other ops have 8 bits."""
        mixed = {layer: each for layer, each in bits.items() if each != EIGHT}
        return (*self.request.rules, *self._rules_of(mixed))

    def mix(self, bits: Bits) -> bytes:
        """Return the model in which layers have some bits, and all others 8."""
        return quantized(self.content, replace(self.request, rules=self.rules(bits)), self.ranges)

    def alone(self, layer: Layer, bits: int) -> bytes | None:
        """Return the model in which only one layer is quantized, None if its recipe cannot."""
        rules = tuple(self._rules_of({layer: bits}))
        request = replace(self.request, rules=rules, input_type=FLOAT32, output_type=FLOAT32)
        try:
            model = quantized(self.content, request, self.ranges)
        except Exception:  # the quantizer raises exceptions of any class
            return None
        return None if layer[0] in FloatModel(model).layers else model

    def comparison(self, samples: Samples) -> HeldBack:
        """Return what compares models with the float model on the samples held back."""
        return HeldBack(self.content, self.facts, samples)

    @property
    def judge(self) -> Judge:
        """The judge of mixes, on samples that layers are not ranked on."""
        return self.scoring or self.comparison(self.samples)

    def _rules_of(self, bits: Bits) -> Iterator[Rule]:
        for layer, each in bits.items():
            recipe = RECIPES[self.recipes[each]]
            yield from (rule_of(recipe, regex_of(output)) for output in layer)
