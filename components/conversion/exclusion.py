"""Match the exclusions of a candidate with the ops and nodes of the float model."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.conversion.converter import Recipe
from quantgate.components.litert.flatbuffer import op_name, parse, text
from quantgate.foundation.nearest_names import nearest

NEAR = 3


class UnknownExclusion(Exception):
    """An exclusion that names no op or node of the model. `str(error)` is the reason."""


def with_known_exclusions(recipe: Recipe, model: bytes) -> Recipe:
    """Return a recipe with the full names of its excluded nodes.

    LiteRT names a fused op after all of its parts, `a;b;c`. A part matches every op whose name
    contains it.

    Args:
        recipe: as in the spec.
        model: the float .tflite that will be quantized.

    Raises:
        UnknownExclusion: an op or node is not in the model.
    """
    content = parse(model)
    ops = {op_name(code) for code in content.operatorCodes}
    for name in recipe.exclude_ops:
        if name not in ops:
            raise UnknownExclusion(_unknown("ops", name, sorted(ops)))
    outputs = list(_outputs(content))
    nodes = [whole for name in recipe.exclude_nodes for whole in _matches(name, outputs)]
    return replace(recipe, exclude_nodes=tuple(dict.fromkeys(nodes)))


def _outputs(content: ModelT) -> Iterator[str]:
    for graph in content.subgraphs:
        for operator in graph.operators or []:
            yield from (text(graph.tensors[index].name) for index in operator.outputs)


def _matches(name: str, outputs: Sequence[str]) -> list[str]:
    matches = [output for output in outputs if name == output or name in output.split(";")]
    if not matches:
        parts = sorted({part for output in outputs for part in output.split(";")})
        raise UnknownExclusion(_unknown("nodes", name, parts))
    return matches


def _unknown(kind: str, name: str, known: Sequence[str]) -> str:
    near = nearest(name, known, NEAR) or known[:NEAR]
    listed = ", ".join(f"`{other}`" for other in near)
    return f"exclude.{kind} names `{name}`, which the model does not have. It has {listed}" + (
        f" and {_counted(len(known) - len(near))}" if len(known) > len(near) else ""
    )


def _counted(others: int) -> str:
    return "1 other" if others == 1 else f"{others} others"
