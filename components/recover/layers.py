"""The ops that lose most, and rules that leave them in float or in 16 bits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.litert.flatbuffer import Content, sequence
from quantgate.components.quantizer.request import Request
from quantgate.components.recover.sensitivity import FloatOp, float_ops, op_errors
from quantgate.domain.method import FLOAT32
from quantgate.domain.recipe_rules import regex_of, rule_of
from quantgate.domain.recipes import RECIPES, Rule
from quantgate.domain.recovery import WIDE_RECIPE
from quantgate.records.tasks import ModelFacts

#: The dtype of outputs in 16 bits.
WIDE = "int16"
#: The dtypes of outputs in 8 bits.
NARROW = ("int8", "uint8")
#: The numbers of ops that are tried.
COUNTS = (1, 2, 4, 8)


def ranked(
    content: Content,
    quantized: bytes,
    request: Request,
    facts: ModelFacts,
    dataset: str,
    rows: Rows,
) -> list[str]:
    """Return the ops that can be left out by the names of their outputs, the worst first.

    An op's rank is the mean relative error per channel of its output, minus that of its inputs.

    Args:
        content: of the float model.
        quantized: the model made from it.
        request: the recipe, whose dtypes of inputs and outputs have to stay.
        facts: of the float model.
        dataset: folder of the calibration set.
        rows: of the samples to compare on.
    """
    ops = float_ops(content, facts)
    movable = [
        each.output
        for each in ops
        if not touches_ends(each, request) or can_widen_output(each, request)
    ]
    errors = op_errors(content, quantized, facts, dataset, rows)
    added = {output: errors[output].added for output in movable if output in errors}
    return sorted((name for name in added if added[name] > 0), key=lambda name: -added[name])


def rules_for(outputs: Sequence[str], request: Request) -> tuple[Rule, ...]:
    """Return the rules that leave ops in float, or in 16 bits for integer-only hardware."""
    recipe = RECIPES[WIDE_RECIPE] if request.integer_only else None
    return tuple(rule_of(recipe, regex_of(output)) for output in outputs)


def request_for(outputs: Sequence[str], request: Request, ops: Iterable[FloatOp]) -> Request:
    """Return the request that leaves ops in float or in 16 bits.

    Args:
        outputs: the names of the outputs of the ops.
        request: the recipe.
        ops: those of the float model.
    """
    rules = (*request.rules, *rules_for(outputs, request))
    widens = any(each.output in outputs and can_widen_output(each, request) for each in ops)
    output_type = WIDE if widens else request.output_type
    return replace(request, rules=rules, output_type=output_type)


def can_widen_output(op: FloatOp, request: Request) -> bool:
    """Return whether an op joins values to an output, which can have 16 bits instead of 8.

    One scale in 8 bits cannot hold large and small values.
    """
    return (
        request.integer_only
        and request.output_type in NARROW
        and op.name == "CONCATENATION"
        and _share(op.operator.outputs, op.graph.outputs)
        and not _share(op.operator.inputs, op.graph.inputs)
    )


def touches_ends(op: FloatOp, request: Request) -> bool:
    """Return whether a rule for an op would change the dtype of the model's inputs or outputs."""
    reads = request.input_type != FLOAT32 and _share(op.operator.inputs, op.graph.inputs)
    writes = request.output_type != FLOAT32 and _share(op.operator.outputs, op.graph.outputs)
    return reads or writes


def _share(some: Any, others: Any) -> bool:
    return not set(sequence(some)).isdisjoint(sequence(others))
