"""The ops that lose most, and rules that leave them in float or in 16 bits."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import OperatorT, SubGraphT
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.litert.flatbuffer import op_name, parse, sequence
from quantgate.components.quantizer.request import Request
from quantgate.components.record_ranges.recording import computed_floats, subgraphs_of
from quantgate.components.recover.agreement import loss_of
from quantgate.components.recover.running import runners_of, samples_of
from quantgate.domain.method import FLOAT32
from quantgate.domain.recipe_rules import rule_of
from quantgate.domain.recipes import RECIPES, Rule
from quantgate.domain.recovery import WIDE_RECIPE
from quantgate.records.tasks import ModelFacts

#: The numbers of ops that are tried.
COUNTS = (1, 2, 4, 8)
#: Ops that only move values, so that they add no error of their own.
_MOVING = frozenset(
    {
        "BROADCAST_TO",
        "EXPAND_DIMS",
        "GATHER",
        "MIRROR_PAD",
        "PAD",
        "RESHAPE",
        "SLICE",
        "SPLIT",
        "SQUEEZE",
        "STRIDED_SLICE",
        "TRANSPOSE",
        "UNPACK",
    }
)
_Sums = NDArray[np.float64]


def ranked(
    content: bytes, quantized: bytes, request: Request, facts: ModelFacts, dataset: str, rows: Rows
) -> list[str]:
    """Return the ops that can be left out by the names of their outputs, the worst first.

    An op's rank is the mean relative error per channel of its output, less that of its inputs.

    Args:
        content: of the float model.
        quantized: the model made from it.
        request: the recipe, whose dtypes of inputs and outputs have to stay.
        facts: of the float model.
        dataset: folder of the calibration set.
        rows: of the samples to compare on.
    """
    operators = _movable(content, request, facts)
    losses = _losses(content, quantized, operators, facts, dataset, rows)
    added = {
        output: losses[output] - max((losses.get(name, 0.0) for name in inputs), default=0.0)
        for output, inputs in operators.items()
        if output in losses
    }
    return sorted((name for name in added if added[name] > 0), key=lambda name: -added[name])


def rules_for(outputs: Sequence[str], request: Request) -> tuple[Rule, ...]:
    """Return the rules that leave ops in float, or in 16 bits for integer-only hardware."""
    recipe = RECIPES[WIDE_RECIPE] if request.integer_only else None
    return tuple(rule_of(recipe, f"^{re.escape(output)};") for output in outputs)


def _movable(content: bytes, request: Request, facts: ModelFacts) -> dict[str, list[str]]:
    """Return the inputs of each op that may be left out, by its output.

    An op whose rule would change the dtype of the model's inputs or outputs may not.
    """
    model = parse(content)
    return {
        floats[operator.outputs[0]].name: [
            floats[index].name for index in sequence(operator.inputs) if index in floats
        ]
        for key in facts.keys
        for index in [subgraphs_of(model)[key]]
        for floats in [computed_floats(model, index)]
        for operator in model.subgraphs[index].operators or []
        if operator.outputs[0] in floats
        and op_name(model.operatorCodes[operator.opcodeIndex]) not in _MOVING
        and not _touches_ends(model.subgraphs[index], operator, request)
    }


def _touches_ends(graph: SubGraphT, operator: OperatorT, request: Request) -> bool:
    reads = request.input_type != FLOAT32 and _share(operator.inputs, graph.inputs)
    writes = request.output_type != FLOAT32 and _share(operator.outputs, graph.outputs)
    return reads or writes


def _share(some: Any, others: Any) -> bool:
    return not set(sequence(some)).isdisjoint(sequence(others))


def _losses(
    content: bytes,
    quantized: bytes,
    operators: Mapping[str, Sequence[str]],
    facts: ModelFacts,
    dataset: str,
    rows: Rows,
) -> dict[str, float]:
    """Return the loss per channel of tensors by name, on an average of the samples."""
    names = dict.fromkeys(name for output, own in operators.items() for name in (output, *own))
    before = runners_of(content, facts, keeps=True)
    after = runners_of(quantized, facts, keeps=True)
    losses: dict[str, list[float]] = {}
    for key, sample in samples_of(facts, dataset, rows):
        before[key].run(sample)
        after[key].run(sample)
        for name in names:
            expected, actual = before[key].read(name), after[key].read(name)
            if expected is not None and actual is not None and expected.shape == actual.shape:
                losses.setdefault(name, []).append(_loss(expected, actual))
    return {name: float(np.mean(values)) for name, values in losses.items()}


def _loss(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> float:
    width = expected.shape[-1] if expected.ndim else 1
    reference = np.asarray(expected, np.float64).reshape(-1, width)
    errors = np.square(reference - actual.reshape(-1, width)).sum(axis=0)
    return loss_of(errors, np.square(reference).sum(axis=0))
