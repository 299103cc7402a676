"""Make the values inside a float model visible, with the fastest kernels that show them."""

from collections.abc import Mapping

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.litert.flatbuffer import Content, packed, parse, sequence
from quantgate.components.litert.graphs import Shape
from quantgate.components.litert.loading import loaded
from quantgate.components.litert.state import is_stateful
from quantgate.components.litert.tensors import (
    computed_floats,
    inputs_of,
    subgraphs_of,
    values_in,
)

#: A larger model runs on the built-in kernels. XNNPACK would keep a copy of its weights in each
#: process.
LARGEST_BYTES = 128 << 20


def with_visible_values(content: Content) -> Content:
    """Return a float model whose float32 tensors are all outputs of their graphs.

    XNNPACK shows outputs alone. It computes them two to four times as fast as the built-in kernels.
    A large model, or one that keeps a state between samples, is returned as it is.
    """
    model = parse(content)
    if len(content) > LARGEST_BYTES or is_stateful(model):
        return content
    for subgraph in subgraphs_of(model).values():
        graph = model.subgraphs[subgraph]
        hidden = _hidden(model, subgraph)
        graph.outputs = [*sequence(graph.outputs), *hidden]
    return bytes(packed(model, len(content)))


def visible(
    content: Content, model: ModelT, signature: str, shapes: Mapping[str, Shape]
) -> Interpreter:
    """Return an interpreter that has the values of all tensors of a graph after each run.

    The built-in kernels run a model whose values are not outputs, one with shapes that are known
    only at run time, and one that XNNPACK refuses.

    Args:
        content: of the model.
        model: the schema's objects of the content.
        signature: key of the signature that runs.
        shapes: the shape of each of its inputs, by name.
    """
    if not _hidden(model, subgraphs_of(model)[signature]):
        interpreter = loaded(content, num_threads=1)
        if _can_run(interpreter, model, signature, shapes):
            return interpreter
    return visible_without_xnnpack(content)


def visible_without_xnnpack(content: Content) -> Interpreter:
    """Return an interpreter on the built-in kernels that keeps the values of all tensors."""
    return loaded(
        content,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )


def _hidden(model: ModelT, subgraph: int) -> list[int]:
    """Return the float32 tensors that a graph computes, and that are not among its outputs."""
    graph = model.subgraphs[subgraph]
    shown = {*sequence(graph.inputs), *sequence(graph.outputs)}
    return [index for index in computed_floats(model, subgraph) if index not in shown]


def _can_run(
    interpreter: Interpreter, model: ModelT, signature: str, shapes: Mapping[str, Shape]
) -> bool:
    """Return whether all tensors of a graph can be allocated before it runs."""
    subgraph = subgraphs_of(model)[signature]
    # LiteRT's public interface allocates only the graph of the first signature.
    lite = interpreter._interpreter
    try:
        for name, index in inputs_of(model, signature).items():
            lite.ResizeInputTensor(index, np.array(shapes[name], np.int32), False, subgraph)
        lite.AllocateTensors(subgraph)
    except (RuntimeError, ValueError):
        return False
    tensors = computed_floats(model, subgraph)
    return all(values_in(interpreter, index, subgraph) is not None for index in tensors)
