"""Make a float .tflite, its data and a spec without TensorFlow: `python tiny_tflite.py FOLDER`."""

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray
from numpy.typing import NDArray

WIDTHS = (64, 96, 10)
SPEC = """\
version: 1
name: tiny
model: {tflite: tiny.tflite}
data:
  calibration: {source: calibration.npz, samples: 64}
  evaluation: {source: evaluation.npz, label: labels}
measure:
  metrics: [top1]
  latency: {runs: 10}
gate:
  top1: {max_drop: 0.05}
  size_bytes: {max_ratio: 0.5}
choose: [{minimize: size_bytes}, {maximize: top1}]
promote: {to: published}
"""


def main(folder: Path) -> None:
    """Write the files. The labels are the model's own predictions."""
    draw = np.random.default_rng(6)
    content = dense_model(draw)
    (folder / "tiny.tflite").write_bytes(content)
    (folder / "spec.yaml").write_text(SPEC)
    samples = draw.standard_normal((300, WIDTHS[0])).astype(np.float32)
    np.savez(folder / "calibration.npz", x=samples[:64])
    evaluated = samples[64:]
    labels = np.array([predicted(content, sample) for sample in evaluated])
    np.savez(folder / "evaluation.npz", x=evaluated, labels=labels)


def predicted(content: bytes, sample: NDArray[np.float32]) -> int:
    """Return the class that the model gives a sample."""
    outputs = Interpreter(model_content=content).get_signature_runner()(x=sample[None])
    return int(outputs["y"].argmax())


def dense_model(draw: np.random.Generator, widths: Sequence[int] = WIDTHS) -> bytes:
    """Return a model whose output `y` is its input `x` through dense layers."""
    model, graph, code = schema.ModelT(), schema.SubGraphT(), schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version, model.version = 1, 3
    model.operatorCodes, model.buffers, model.subgraphs = [code], [schema.BufferT()], [graph]
    graph.tensors, graph.operators = [named("x", (1, widths[0]))], []
    for taken, given in pairwise(widths):
        add_layer(model, draw.standard_normal((given, taken)) / np.sqrt(taken))
    last = len(graph.tensors) - 1
    graph.inputs, graph.outputs = [0], [last]
    model.signatureDefs = [signature({"x": 0}, {"y": last})]
    return bytes(convert_object_to_bytearray(model))


def add_layer(model: schema.ModelT, weights: NDArray[np.float64]) -> None:
    """Add a dense layer to the end of the model's graph."""
    (graph,) = model.subgraphs
    before, count = len(graph.tensors) - 1, len(graph.operators)
    buffer = schema.BufferT()
    buffer.data = weights.astype(np.float32).view(np.uint8).ravel()
    model.buffers.append(buffer)
    packed = named(f"weights{count}", weights.shape)
    packed.buffer = len(model.buffers) - 1
    graph.tensors += [packed, named(f"hidden{count}", (1, len(weights)))]
    operator = schema.OperatorT()
    operator.opcodeIndex = 0
    operator.inputs, operator.outputs = [before, before + 1, -1], [before + 2]
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    graph.operators.append(operator)


def named(name: str, shape: tuple[int, ...]) -> schema.TensorT:
    """Return a float32 tensor."""
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type = name, list(shape), schema.TensorType.FLOAT32
    tensor.buffer = 0
    return tensor


def signature(inputs: dict[str, int], outputs: dict[str, int]) -> schema.SignatureDefT:
    """Return the signature `serving_default` of the first graph."""
    described = schema.SignatureDefT()
    described.signatureKey, described.subgraphIndex = "serving_default", 0
    described.inputs, described.outputs = entries(inputs), entries(outputs)
    return described


def entries(indices: dict[str, int]) -> list[schema.TensorMapT]:
    """Return the tensors of a signature by name."""
    listed = []
    for name, index in indices.items():
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, index
        listed.append(entry)
    return listed


if __name__ == "__main__":
    main(Path(sys.argv[1]))
