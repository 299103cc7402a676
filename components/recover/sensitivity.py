"""The error of each op of a quantized model against the float model."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from ai_edge_litert.schema_py_generated import ModelT, OperatorT, SubGraphT
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.litert.flatbuffer import Content, op_name, parse, sequence
from quantgate.components.litert.tensors import computed_floats, subgraphs_of
from quantgate.components.recover.agreement import loss_of
from quantgate.components.recover.running import runners_of, samples_of
from quantgate.records.sensitivity import OpError
from quantgate.records.tasks import ModelFacts

#: Ops that only move values, so that they add no error of their own.
MOVING = frozenset(
    {
        "BATCH_TO_SPACE_ND",
        "BROADCAST_TO",
        "DEPTH_TO_SPACE",
        "EXPAND_DIMS",
        "GATHER",
        "MIRROR_PAD",
        "PAD",
        "RESHAPE",
        "SLICE",
        "SPACE_TO_BATCH_ND",
        "SPLIT",
        "SQUEEZE",
        "STRIDED_SLICE",
        "TILE",
        "TRANSPOSE",
        "UNPACK",
    }
)
#: The digits of an error that are kept.
_DIGITS = 6
_Sums = NDArray[np.float64]


class FloatOp(NamedTuple):
    """An op of the float model that computes a float tensor.

    Attributes:
        name: the name of the op.
        graph: its graph.
        operator: the op in the schema.
        output: the name of the tensor that it computes.
        inputs: the names of the float tensors that it reads, without constants.
        float_bytes: the size of its constants.
    """

    name: str
    graph: SubGraphT
    operator: OperatorT
    output: str
    inputs: Sequence[str]
    float_bytes: int


def float_ops(content: Content, facts: ModelFacts) -> list[FloatOp]:
    """Return the ops of a float model in the order in which they run, without moving ones."""
    model = parse(content)
    graphs = dict.fromkeys(subgraphs_of(model)[key] for key in facts.keys)
    return [each for index in graphs for each in _float_ops(model, index)]


def op_errors(
    content: Content, quantized: Content, facts: ModelFacts, dataset: str, rows: Rows
) -> dict[str, OpError]:
    """Return the error of each op by the name of its output, in the order in which ops run.

    Tensors of both models are compared if they have the same name and shape.

    Args:
        content: of the float model.
        quantized: the model made from it.
        facts: of the float model.
        dataset: folder of a data set.
        rows: of the samples to compare on.
    """
    ops = float_ops(content, facts)
    names = dict.fromkeys(name for each in ops for name in (each.output, *each.inputs))
    losses = _losses(content, quantized, names, facts, dataset, rows)
    return {each.output: _error(each, losses) for each in ops if each.output in losses}


def _error(op: FloatOp, losses: Mapping[str, float]) -> OpError:
    error = losses[op.output]
    before = max((losses.get(name, 0.0) for name in op.inputs), default=0.0)
    return OpError(
        op=op.name,
        layer=op.output.partition(";")[0],
        error=round(error, _DIGITS),
        added=round(error - before, _DIGITS),
        float_bytes=op.float_bytes,
    )


def _float_ops(model: ModelT, index: int) -> Iterator[FloatOp]:
    graph, floats = model.subgraphs[index], computed_floats(model, index)
    for operator in graph.operators or []:
        name = op_name(model.operatorCodes[operator.opcodeIndex])
        if len(sequence(operator.outputs)) and operator.outputs[0] in floats and name not in MOVING:
            read = [each for each in sequence(operator.inputs) if each >= 0]
            yield FloatOp(
                name=name,
                graph=graph,
                operator=operator,
                output=floats[operator.outputs[0]].name,
                inputs=[floats[each].name for each in read if each in floats],
                float_bytes=sum(_constant_bytes(model, graph, each) for each in read),
            )


def _constant_bytes(model: ModelT, graph: SubGraphT, index: int) -> int:
    data = model.buffers[graph.tensors[index].buffer].data
    return 0 if data is None else len(data)


def _losses(
    content: Content,
    quantized: Content,
    names: Mapping[str, None],
    facts: ModelFacts,
    dataset: str,
    rows: Rows,
) -> dict[str, float]:
    """Return the loss per channel of tensors by name, over all samples."""
    before = runners_of(content, facts, keeps=True)
    after = runners_of(quantized, facts, keeps=True)
    sums: dict[str, _Sums] = {}
    for key, sample in samples_of(facts, dataset, rows):
        before[key].run(sample)
        after[key].run(sample)
        for name in names:
            expected, actual = before[key].read(name), after[key].read(name)
            if expected is not None and actual is not None and expected.shape == actual.shape:
                own = _sums(expected, actual)
                sums[name] = sums[name] + own if name in sums else own
    return {name: loss_of(*both) for name, both in sums.items()}


def _sums(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> _Sums:
    """Return float64 [2, channels], the squared errors and the squared values."""
    width = expected.shape[-1] if expected.ndim else 1
    reference = np.asarray(expected, np.float64).reshape(-1, width)
    errors = np.square(reference - actual.reshape(-1, width)).sum(axis=0)
    return np.stack([errors, np.square(reference).sum(axis=0)])
