"""The ops on an Edge TPU, by its published requirements and by its compiler."""

import stat
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from quantgate.components.litert.operations import Operation, Tensor
from quantgate.components.measure_targets import edge_tpu
from quantgate.components.measure_targets.edge_tpu_rules import LIMITATIONS, RUNTIMES, why_not
from quantgate.components.measure_targets.subject import Subject
from quantgate.records.tasks import ModelFacts


def tensor(*shape: int, dtype: str = "int8", values: object = None, free: tuple = ()) -> Tensor:
    constant = None if values is None else np.asarray(values, dtype).view(np.uint8).ravel()
    return Tensor("t", dtype, shape, (0.5,), (0,), 0, False, constant, free)


def options(kind: type, **values: object) -> object:
    made = kind()
    vars(made).update(values)
    return made


def op(name: str, *inputs: Tensor, output: Tensor, options: object = None) -> Operation:
    return Operation(name, inputs, (output,), inputs, options)


IMAGE, FLAT = tensor(1, 8, 8, 4), tensor(1, 16)
CONV = options(schema.Conv2DOptionsT, dilationHFactor=1, dilationWFactor=1)
KERNEL, BIAS = tensor(4, 3, 3, 4, values=np.ones(144)), tensor(4, dtype="int32", values=[0] * 4)


def axes(*values: int) -> Tensor:
    return tensor(len(values), dtype="int32", values=values)


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (op("CONV_2D", IMAGE, KERNEL, BIAS, output=IMAGE, options=CONV), None),
        (op("CUMSUM", FLAT, output=FLAT), "it is not among the supported ops"),
        (
            op("ADD", tensor(1, 4, dtype="float32"), FLAT, output=FLAT),
            "it works on float32, not on 8-bit integers",
        ),
        (
            op("ADD", tensor(1, 4, dtype="int16"), FLAT, output=FLAT),
            "it works on int16, not on 8-bit integers",
        ),
        (op("RELU", tensor(1, 4, free=(0,)), output=FLAT), None),
        (op("RELU", tensor(1, 4, free=(1,)), output=FLAT), "it has a size that is not fixed"),
        (
            op("RELU", tensor(2, 2, 2, 2), output=FLAT),
            "it has a tensor with more than three dimensions",
        ),
        (
            op(
                "CONV_2D",
                IMAGE,
                KERNEL,
                BIAS,
                output=IMAGE,
                options=options(schema.Conv2DOptionsT, dilationHFactor=1, dilationWFactor=2),
            ),
            "its dilation differs in x and y",
        ),
        (
            op(
                "AVERAGE_POOL_2D",
                IMAGE,
                output=IMAGE,
                options=options(schema.Pool2DOptionsT, fusedActivationFunction=1),
            ),
            "it has a fused activation",
        ),
        (
            op("CONCATENATION", IMAGE, tensor(1, 8, 8, 4, values=np.zeros(256)), output=IMAGE),
            None,
        ),
        (
            op("CONCATENATION", IMAGE, tensor(1, 8, 8, 4, values=np.ones(256)), output=IMAGE),
            "it has a constant input that is not padding with zeros",
        ),
        (op("FULLY_CONNECTED", FLAT, KERNEL, output=tensor(1, 10)), None),
        (
            op("FULLY_CONNECTED", IMAGE, KERNEL, output=tensor(1, 8, 10)),
            "its output has more than one dimension",
        ),
        (op("MEAN", IMAGE, axes(1, 2), output=FLAT), None),
        (op("MEAN", IMAGE, axes(-1), output=FLAT), None),
        (op("MEAN", IMAGE, axes(0), output=FLAT), "it reduces the batch"),
        (
            op("MEAN", tensor(1, 8, 8, 3), axes(3), output=FLAT),
            "it reduces a depth that is not a multiple of 4",
        ),
        (op("SUM", IMAGE, axes(-4), output=FLAT), "it reduces the batch"),
        (
            op("PACK", FLAT, output=FLAT, options=options(schema.PackOptionsT, axis=0)),
            "it packs in the batch dimension",
        ),
        (op("PAD", IMAGE, axes(0, 0, 1, 1, 1, 1, 0, 0), output=IMAGE), None),
        (op("PAD", IMAGE, axes(0, 1, 1, 1, 1, 1, 0, 0), output=IMAGE), "it pads the batch"),
        (op("SPLIT", axes(0), IMAGE, output=IMAGE), "it splits the batch"),
        (op("SPLIT", axes(3), IMAGE, output=IMAGE), None),
        (op("SOFTMAX", tensor(1, 16_000), output=FLAT), None),
        (op("SOFTMAX", tensor(1, 16_001), output=FLAT), "it has more than 16,000 elements"),
        (op("SOFTMAX", IMAGE, output=IMAGE), "its input has more than one dimension"),
        (
            op("PRELU", IMAGE, tensor(8, 8, 4, values=np.ones(256)), output=IMAGE),
            "its alpha has more than one dimension",
        ),
        (
            op(
                "STRIDED_SLICE",
                IMAGE,
                axes(0),
                axes(0),
                axes(1, 2),
                output=IMAGE,
                options=schema.StridedSliceOptionsT(),
            ),
            "its strides are not all 1",
        ),
        (
            op(
                "STRIDED_SLICE",
                IMAGE,
                axes(0),
                axes(0),
                axes(1, 1),
                output=IMAGE,
                options=options(schema.StridedSliceOptionsT, newAxisMask=1),
            ),
            "it has an ellipsis or a new axis",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Operation) else value,
)
def test_limitations_of_ops(operation: Operation, reason: str | None) -> None:
    assert why_not(operation) == reason


def test_the_tables_contain_only_ops_of_the_schema() -> None:
    known = vars(schema.BuiltinOperator)
    assert LIMITATIONS.keys() <= known.keys()
    assert RUNTIMES.keys() <= LIMITATIONS.keys()


@pytest.fixture
def subject(build_model, make_facts, make_dataset, stored, step):
    """Two branches, one of which an unsupported op ends, and their sum."""
    scaled = {"dtype": "int8", "scales": [0.5], "zero_points": [0]}
    names = ("x", "a", "b", "c", "d", "y")
    path = build_model(
        "branches",
        *(stored(name, (1, 4), **scaled) for name in names),
        step("RELU", ["x"], ["a"]),
        step("FLOOR", ["x"], ["b"]),
        step("RELU6", ["b"], ["c"]),
        step("RESHAPE", ["a"], ["d"]),
        step("MAXIMUM", ["c", "d"], ["y"]),
        inputs={"x": "x"},
        outputs={"y": "y"},
    )
    facts = make_facts({"x": ("float32", [1, 4])}, {"y": ("float32", [1, 4])})
    dataset = make_dataset(facts, label=None, x=np.eye(3, 4, dtype=np.float32))
    return Subject(path, ModelFacts.read(facts), str(dataset))


def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a script with the compiler's name on the path, as the real one is not available."""
    program = tmp_path / "bin" / "edgetpu_compiler"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def test_ops_after_an_unsupported_op_stay_on_the_cpu(subject, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    outcome = edge_tpu.measure(subject, {})
    assert outcome.elsewhere == {"FLOOR": 1, "MAXIMUM": 1, "RELU6": 1}
    assert outcome.figures == {"edge_tpu_ops_share": 0.4, "edge_tpu_cpu_ops": 3.0}
    assert outcome.notes == [
        "the part on the Edge TPU ends at FLOOR: it is not among the supported ops",
        "RESHAPE may stay on the CPU, depending on sizes: see the compiler",
    ]
    assert outcome.warnings == [edge_tpu.NO_COMPILER]


def test_the_compiler_overrides_the_published_rules(subject, tmp_path, monkeypatch, capfd) -> None:
    script = """echo "$@"
echo 'Edge TPU Compiler version 16.0.384591198'
while [ $# -gt 1 ]; do [ "$1" = --out_dir ] && out=$2; shift; done
cp "$1" "$out/model_edgetpu.tflite"
"""
    compiler(tmp_path, monkeypatch, script)
    outcome = edge_tpu.measure(subject, {})
    flags, folder, model = capfd.readouterr().out.splitlines()[0].rsplit(maxsplit=2)
    assert flags == "--show_operations --out_dir"
    assert model == f"{folder}/model.tflite"
    assert outcome.tool == "edgetpu_compiler 16.0.384591198"
    # This one leaves the model as it is: nothing of it is on the TPU, and nothing is kept.
    assert outcome.figures == {"edge_tpu_ops_share": 0.0, "edge_tpu_cpu_ops": 5.0}
    assert (outcome.compiled, outcome.warnings, outcome.is_provisional) == (None, [], False)


def test_a_failed_compilation_gives_the_reason(subject, tmp_path, monkeypatch) -> None:
    compiler(tmp_path, monkeypatch, "echo 'ERROR: Invalid model: not quantized'; exit 1\n")
    outcome = edge_tpu.measure(subject, {})
    assert outcome.figures == {"edge_tpu_ops_share": 0.0, "edge_tpu_cpu_ops": 5.0}
    assert outcome.notes[0] == (
        "edgetpu_compiler does not compile it: RuntimeError: ERROR: Invalid model: not quantized"
    )
    assert outcome.compiled is None


def test_a_compiler_that_hangs_is_stopped(subject, tmp_path, monkeypatch) -> None:
    compiler(tmp_path, monkeypatch, "exec sleep 60\n")
    monkeypatch.setattr(edge_tpu, "TIMEOUT_S", 0.2)
    outcome = edge_tpu.measure(subject, {})
    assert "timed out after 0.2 seconds" in outcome.notes[0]
