"""Make the values inside a float model visible, with the fastest kernels that show them."""

from collections.abc import Mapping

from ai_edge_litert.interpreter import Interpreter, OpResolverType
from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.litert.flatbuffer import Content, packed, parse, sequence
from quantgate.components.litert.loading import loaded
from quantgate.components.litert.state import is_stateful
from quantgate.components.record_ranges.tensors import (
    TensorKey,
    computed_floats,
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


def visible(content: Content, model: ModelT, subgraph: int) -> Interpreter:
    """Return an interpreter that has the values of all tensors of a graph after each run.

    The built-in kernels run a model whose values are not outputs, one with shapes that are known
    only at run time, and one that XNNPACK refuses.

    Args:
        content: of the model.
        model: the schema's objects of the content.
        subgraph: index of the graph.
    """
    if not _hidden(model, subgraph):
        interpreter = loaded(content, num_threads=1)
        if _is_allocated(interpreter, computed_floats(model, subgraph), subgraph):
            return interpreter
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


def _is_allocated(
    interpreter: Interpreter, tensors: Mapping[int, TensorKey], subgraph: int
) -> bool:
    """Allocate a graph, and return whether that is possible and gave each tensor its memory."""
    try:
        # LiteRT's public interface allocates only the graph of the first signature.
        interpreter._interpreter.AllocateTensors(subgraph)
    except (RuntimeError, ValueError):
        return False
    return all(values_in(interpreter, index, subgraph) is not None for index in tensors)
