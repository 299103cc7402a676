"""Models of PyTorch and ONNX, converted in environments of their own, go through a whole run.

`QUANTGATE_LITERT_TORCH` and `QUANTGATE_ONNX2TF` name the Pythons of these environments.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from quantgate.records.decision import Decision

pytestmark = pytest.mark.slow
SPEC = """\
version: 1
name: converted
model: {tflite: model.tflite}
data:
  calibration: {source: data.npz, samples: 100, select: first}
  evaluation: {source: data.npz, label: labels}
quantize: {recipes: [dynamic_wi8_afp32, static_wi8_ai8]}
measure: {metrics: [top1], latency: null}
gate: {top1: {max_drop: 0.1}}
"""
FROM_TORCH = """
import litert_torch, torch

model = torch.nn.Sequential(
    torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(),
    torch.nn.Linear(2048, 4),
)
sample = torch.randn(1, 1, 16, 16)
litert_torch.convert(model.eval(), (sample,)).export("model.tflite")
"""
FROM_ONNX = """
import subprocess, numpy, onnx
from onnx import TensorProto, helper, numpy_helper

draw = numpy.random.default_rng(0)
constants = [
    numpy_helper.from_array(draw.standard_normal(shape).astype(numpy.float32), name)
    for name, shape in {"w": (8, 1, 3, 3), "b": (8,), "v": (4, 2048), "c": (4,)}.items()
]
nodes = [
    helper.make_node("Conv", ["x", "w", "b"], ["h"], pads=[1, 1, 1, 1]),
    helper.make_node("Flatten", ["h"], ["f"]),
    helper.make_node("Gemm", ["f", "v", "c"], ["y"], transB=1),
]
ends = [
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)]
    for name, shape in (("x", [1, 1, 16, 16]), ("y", [1, 4]))
]
graph = helper.make_graph(nodes, "model", *ends, constants)
opsets = [helper.make_opsetid("", 13)]
onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), "model.onnx")
subprocess.run(["onnx2tf", "-i", "model.onnx", "-o", "converted"], check=True)
"""


def converted(variable: str, script: str, folder: Path) -> None:
    """Run a script in the environment that a variable names."""
    if variable not in os.environ:
        pytest.skip(f"{variable} does not name the Python of an environment with the converter")
    python = Path(os.environ[variable])
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([python, "-c", script], cwd=folder, check=True, env={**os.environ, "PATH": path})


def add_data(folder: Path) -> None:
    """Write samples with the model's own predictions as labels."""
    runner = Interpreter(model_path=str(folder / "model.tflite")).get_signature_runner()
    ((name, tensor),) = runner.get_input_details().items()
    shape = [200, *tensor["shape"][1:]]
    samples = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    outputs = [next(iter(runner(**{name: sample[None]}).values())) for sample in samples]
    np.savez(folder / "data.npz", **{name: samples, "labels": [each.argmax() for each in outputs]})


@pytest.mark.parametrize(
    ("variable", "script", "model"),
    [
        ("QUANTGATE_LITERT_TORCH", FROM_TORCH, "model.tflite"),
        ("QUANTGATE_ONNX2TF", FROM_ONNX, "converted/model_float32.tflite"),
    ],
)
def test_a_converted_model_has_a_winner(
    tmp_path: Path, quantgate: Callable[..., Any], variable: str, script: str, model: str
) -> None:
    converted(variable, script, tmp_path)
    (tmp_path / model).rename(tmp_path / "model.tflite")
    add_data(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC)
    done = quantgate("run", "spec.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    decision = Decision.read(tmp_path / "runs" / "converted" / "latest" / "decision.json")
    assert decision.winner in ("dynamic_wi8_afp32", "static_wi8_ai8")
    assert {entry.status for entry in decision.candidates} == {"measured"}
