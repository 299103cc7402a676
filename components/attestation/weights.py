"""Compare the weights of a model with those that a recipe asks for."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.litert.conformity import weights_of
from quantgate.components.litert.operations import Operation, operations
from quantgate.components.quantizer.request import Request
from quantgate.domain.recipe_ops import LIBRARY_NAMES
from quantgate.domain.recipe_rules import matched_rule
from quantgate.domain.recipes import NO_QUANTIZE, Rule
from quantgate.records.attestation import WeightAttest

_PLAIN = "not quantized"
_GRANULARITIES: Mapping[str, str] = MappingProxyType(
    {"CHANNELWISE": "per-axis", "TENSORWISE": "per-tensor"}
)


@dataclass(frozen=True)
class _Form:
    """The form of a weight.

    Attributes:
        dtype: of the stored values.
        granularity: "per-axis", "per-tensor", "blockwise" or "not quantized".
    """

    dtype: str
    granularity: str

    def __str__(self) -> str:
        """Return the form in words."""
        return self.dtype if self.granularity == _PLAIN else f"{self.dtype} {self.granularity}"


def unmet(source: ModelT, request: Request, weights: list[WeightAttest]) -> Iterator[str]:
    """Yield a sentence for each kind of weight that is not as the recipe asks.

    Args:
        source: the float model, normalised.
        request: the recipe.
        weights: of the quantized model.
    """
    given = {weight.name: weight for weight in weights}
    short = Counter(
        (operation, _form(given[name]), wanted[0])
        for name, operation, wanted in _wanted(source, request)
        if name in given and not any(_is_met(given[name], form) for form in wanted)
    )
    for (operation, form, wanted), count in short.items():
        subject = "1 weight" if count == 1 else f"{count} weights"
        verb = "is" if count == 1 else "are"
        yield f"{subject} of {operation} {verb} {form}, not {wanted} as the recipe asks"


def _wanted(source: ModelT, request: Request) -> Iterator[tuple[str, str, list[_Form]]]:
    """Yield the name and the op of each weight with the forms that the recipe allows."""
    for operation in operations(source):
        rule = matched_rule(
            request.rules,
            LIBRARY_NAMES.get(operation.name, operation.name),
            [tensor.name for tensor in operation.outputs],
        )
        if rule is None or rule["algorithm_key"] == NO_QUANTIZE:
            continue
        for weight in _large_weights(operation, rule):
            yield weight.name, operation.name, _forms_of(rule, request)


def _large_weights(operation: Operation, rule: Rule) -> list[WeightAttest]:
    least = rule["op_config"].get("min_weight_elements", 0)
    return [each for each in weights_of([operation]) if math.prod(each.shape) >= least]


def _forms_of(rule: Rule, request: Request) -> list[_Form]:
    """Return the form of a rule, and that of the recipe's base if the rule is the recipe's own."""
    base, *others = request.rules
    is_own = bool(request.recipe.base) and others[:1] == [rule]
    return [_form_of(rule), *([_form_of(base)] if is_own else [])]


def _form_of(rule: Rule) -> _Form:
    settings = rule["op_config"]["weight_tensor_config"]
    if settings.get("dtype") == "FLOAT":
        return _Form(f"float{settings['num_bits']}", _PLAIN)
    granularity = settings.get("granularity", "TENSORWISE")
    return _Form(f"int{settings['num_bits']}", _GRANULARITIES.get(granularity, "blockwise"))


def _form(weight: WeightAttest) -> _Form:
    return _Form(weight.dtype, re.sub(r" \d+$", "", weight.granularity))


def _is_met(weight: WeightAttest, wanted: _Form) -> bool:
    form = _form(weight)
    # A weight with one slice has one scale, whether per axis or per tensor.
    is_one = form.granularity == "per-tensor" and 1 in weight.shape
    return form == wanted or (is_one and form.dtype == wanted.dtype)
