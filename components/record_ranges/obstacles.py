"""The reasons why ranges cannot be recorded, or why recorded ones are of no use."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator, ModelT, OperatorT
from ai_edge_litert.tools.flatbuffer_utils import get_builtin_code_from_operator_code

from quantgate.components.litert.tensors import computed_floats, subgraphs_of
from quantgate.components.record_ranges.recording import Recorded

MOST_NAMES = 3
#: Control flow ops: their name, and the options that have the graphs that they run.
_CALLING: Mapping[int, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        BuiltinOperator.IF: ("IF", ("thenSubgraphIndex", "elseSubgraphIndex")),
        BuiltinOperator.WHILE: ("WHILE", ("condSubgraphIndex", "bodySubgraphIndex")),
    }
)


def obstacle(model: ModelT, signatures: Collection[str]) -> str | None:
    """Return why the ranges of a normalized model cannot be recorded, or None.

    Args:
        model: the model.
        signatures: keys of those that have samples.
    """
    return next(_obstacles(model, signatures), None)


def defect(ranges: Recorded) -> str | None:
    """Return why ranges are of no use, by the names of their tensors, or None if they are."""
    if not ranges:
        return "calibration gave no tensor a range: the model has no float32 tensors"
    infinite = [key.name for key, extremes in ranges.items() if not np.isfinite(extremes).all()]
    if infinite:
        return (
            f"{_listed(infinite)} NaN or infinite values for some calibration samples, so no range "
            "covers them. Remove samples that are not finite, or correct the model"
        )
    if not any(any(extremes) for extremes in ranges.values()):
        return (
            f"{_listed([key.name for key in ranges])} only zeros for all calibration samples, so "
            "no scale fits. Calibrate on samples for which the values differ, or use a recipe "
            "without ranges"
        )
    return None


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMES])
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{shown}{more} {'has' if len(names) == 1 else 'have'}"


def _obstacles(model: ModelT, signatures: Collection[str]) -> Iterator[str]:
    graphs = subgraphs_of(model)
    recorded = {graphs[key] for key in signatures}
    for key, subgraph in graphs.items():
        if subgraph not in recorded and computed_floats(model, subgraph):
            yield (
                f"signature `{key}` of the model has no samples, and ranges are needed for all of "
                "its graphs. Add it to `model.signatures` and its data"
            )
    for name, subgraph in _called(model):
        if computed_floats(model, subgraph):
            yield (
                f"the model has the op {name}, and LiteRT does not show the values of tensors "
                "inside it. Use recipes without ranges, or convert the model with its loops "
                "unrolled"
            )


def _called(model: ModelT) -> Iterator[tuple[str, int]]:
    """Yield control flow ops by name, with each of the graphs that they run."""
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            name, attributes = _CALLING.get(_builtin(model, operator), ("", ()))
            for attribute in attributes:
                yield name, getattr(operator.builtinOptions, attribute)


def _builtin(model: ModelT, operator: OperatorT) -> int:
    return int(get_builtin_code_from_operator_code(model.operatorCodes[operator.opcodeIndex]))
