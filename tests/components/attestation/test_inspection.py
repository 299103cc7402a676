"""Inspection of valid, unusual, damaged and hostile .tflite files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantgate.components.attestation import inspection as inspection_module
from quantgate.components.attestation.inspection import inspect_model
from quantgate.components.litert import model_file
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.model_file import read_model
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.errors import InputError, QuantgateError, UsageError
from quantgate.foundation.hashing import sha256_of_file

Cells = dict[str, Any]
Build = Callable[..., bytes]
Save = Callable[..., Path]
A_FEW = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def test_a_sound_model_is_described_and_run(dense: Build, dense_cells: Cells, saved: Save):
    path = saved(dense(dense_cells))
    inspection = inspect_model(path)
    assert (inspection.file, inspection.size_bytes) == (str(path), path.stat().st_size)
    assert inspection.model_sha256 == sha256_of_file(path)
    (taken,), (given_,) = (
        inspection.signatures["serve"].inputs,
        inspection.signatures["serve"].outputs,
    )
    assert (taken.name, taken.dtype, taken.scale, taken.zero_point) == ("x", "int8", 0.5, 3)
    assert (given_.name, given_.dtype, given_.scale, given_.zero_point) == ("y", "int8", 1.0, -5)
    assert inspection.macs == {"int8": 8}
    trial = inspection.trial
    assert trial is not None
    assert (trial.samples, trial.made_up, trial.problem) == (8, True, None)
    assert (trial.not_finite, trial.constant, trial.snr_db) == ([], [], {})
    steps = trial.kernels["y"].steps
    assert steps is not None
    assert steps <= 1


def test_agreement_with_a_float_model(dense: Build, dense_cells: Cells, saved: Save):
    w, b = dense_cells["w"], dense_cells["b"]
    rows = [[0.25, -0.5, 0.75, -31.75], [0.625, 0.75, 0.875, 1.0]]
    in_float = {
        "x": replace(dense_cells["x"], dtype="float32", scales=()),
        "w": replace(w, dtype="float32", scales=(), values=rows),
        "b": replace(b, dtype="float32", scales=(), values=[5.0, -5.0]),
        "y": replace(dense_cells["y"], dtype="float32", scales=()),
    }
    path, against = saved(dense(dense_cells)), saved(dense(in_float), "float")
    trial = inspect_model(path, against).trial
    assert trial is not None
    assert set(trial.snr_db) == {"y"}
    # y saturates at 127 steps, which limits the agreement.
    assert 0 < trial.snr_db["y"] < 150
    itself = inspect_model(against, against).trial
    assert itself is not None
    assert itself.snr_db == {"y": 150.0}


def test_model_without_signatures(dense: Build, dense_cells: Cells, saved: Save):
    inspection = inspect_model(saved(dense(dense_cells, None)))
    assert list(inspection.signatures) == [""]
    assert [tensor.name for tensor in inspection.signatures[""].outputs] == ["y"]
    assert inspection.trial is not None
    assert (inspection.trial.problem, inspection.trial.samples) == (None, 8)


def test_model_with_a_fixed_batch(model_of: Build, stored: type[Any], step: type[Any], saved: Save):
    options = schema.ReshapeOptionsT()
    options.newShape = [3, 4]
    content = model_of(
        *(stored("x", [4, 3]), stored("y", [3, 4])),
        step("RESHAPE", ["x"], ["y"], options),
        inputs=["x"],
        outputs=["y"],
    )
    trial = inspect_model(saved(content)).trial
    assert trial is not None
    assert (trial.problem, trial.samples) == (None, 8)


def test_a_custom_op_is_described_and_not_run(
    model_of: Build, stored: type[Any], step: type[Any], saved: Save
):
    content = model_of(
        *(stored("x", [1, 4]), stored("y", [1, 4])),
        step("FlexErf", ["x"], ["y"]),
        inputs=["x"],
        outputs=["y"],
    )
    inspection = inspect_model(saved(content))
    assert inspection.op_types == {"FlexErf": {"float32": 1}}
    assert inspection.trial is not None
    assert inspection.trial.problem == (
        "running the model failed: the model has the TensorFlow ops FlexErf, which this LiteRT "
        "cannot run: the pip wheels of LiteRT come without the Flex delegate"
    )


def test_model_that_crashes_is_still_described(
    model_of: Build, stored: type[Any], step: type[Any], saved: Save
):
    options = schema.IfOptionsT()
    options.thenSubgraphIndex = options.elseSubgraphIndex = 0
    content = model_of(
        *(stored("x", [1, 2]), stored("always", [1], "bool", [True]), stored("y", [1, 2])),
        step("IF", ["always", "x"], ["y"], options),
        inputs=["x"],
        outputs=["y"],
    )
    inspection = inspect_model(saved(content))
    assert inspection.ops == {"IF": 1}
    assert inspection.trial is not None
    assert inspection.trial.problem == "running the model crashed with SIGSEGV"


@pytest.mark.parametrize(
    ("shape", "dtype", "problem"),
    [
        ([1], "string", "values of dtype string cannot be generated"),
        (
            [1, 30000, 30000],
            "float32",
            "its inputs take 7200000000 values, too many to generate",
        ),
    ],
)
def test_inputs_that_cannot_be_made_up(
    model_of: Build,
    stored: type[Any],
    step: type[Any],
    saved: Save,
    shape: list[int],
    dtype: str,
    problem: str,
):
    content = model_of(
        *(stored("x", shape, dtype), stored("y", [3], "int32")),
        step("SHAPE", ["x"], ["y"]),
        inputs=["x"],
        outputs=["y"],
    )
    trial = inspect_model(saved(content)).trial
    assert trial is not None
    assert trial.problem == f"running the model failed: {problem}"


def test_reference_kernels_that_lack_an_op(
    model_of: Build, stored: type[Any], step: type[Any], saved: Save
):
    options = schema.DepthToSpaceOptionsT()
    options.blockSize = 2
    content = model_of(
        *(stored("x", [1, 2, 2, 4]), stored("y", [1, 4, 4, 1])),
        step("DEPTH_TO_SPACE", ["x"], ["y"], options, version=2),
        inputs=["x"],
        outputs=["y"],
    )
    trial = inspect_model(saved(content)).trial
    assert trial is not None
    assert (trial.problem, trial.kernels) == (None, {})
    assert trial.kernels_problem is not None
    assert trial.kernels_problem.startswith(
        "the model cannot be loaded: Didn't find op for builtin opcode 'DEPTH_TO_SPACE' version '2'"
    )


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (None, UsageError, "{path} does not exist. Name a .tflite file"),
        (
            b"",
            InputError,
            "{path} is not a LiteRT model: it lacks the mark TFL3 that every .tflite carries in "
            "its bytes 4 to 7",
        ),
        (
            b"PK\x03\x04 an archive",
            InputError,
            "{path} is not a LiteRT model: it lacks the mark TFL3 that every .tflite carries in "
            "its bytes 4 to 7",
        ),
        (
            b"\x10\x00\x00\x00TFL3",
            InputError,
            "{path} is damaged or truncated: its tables point to places with other content. Copy "
            "it again",
        ),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, content: bytes | None, error: type[QuantgateError], message: str
):
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error) as caught:
        inspect_model(path)
    assert str(caught.value) == message.format(path=path)


def test_folder_is_refused(tmp_path: Path):
    with pytest.raises(UsageError) as caught:
        read_model(tmp_path)
    assert str(caught.value) == f"{tmp_path} is not a file. Name a .tflite file"


def test_models_that_cannot_be_compared(dense: Build, dense_cells: Cells, saved: Save):
    path = saved(dense(dense_cells))
    unsigned = saved(dense(dense_cells, None), "unsigned")
    with pytest.raises(InputError) as caught:
        inspect_model(path, unsigned)
    assert str(caught.value) == (
        f"{path} and {unsigned} cannot be compared: the signatures are `serve` and none"
    )
    renamed = saved(dense(dense_cells).replace(b"\x01\x00\x00\x00x\x00", b"\x01\x00\x00\x00z\x00"))
    whole = saved(dense(dense_cells), "whole")
    with pytest.raises(InputError) as caught:
        inspect_model(renamed, whole)
    assert str(caught.value) == (
        f"{renamed} and {whole} cannot be compared: the inputs are `z` and `x`"
    )


def test_signature_with_an_empty_key(dense: Build, dense_cells: Cells, saved: Save):
    model = parse(dense(dense_cells))
    model.signatureDefs[0].signatureKey = None
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    inspection = inspect_model(saved(bytes(builder.Output())))
    assert list(inspection.signatures) == [""]
    assert inspection.macs == {"int8": 8}


@A_FEW
@given(data=st.data())
def test_damaged_files_end_in_an_error_or_a_result(
    dense: Build, dense_cells: Cells, saved: Save, data: st.DataObject, monkeypatch: Any
):
    monkeypatch.setattr(model_file, "LIMITS", ResourceLimits(10.0))
    monkeypatch.setattr(inspection_module, "LIMITS", ResourceLimits(10.0))
    content = bytearray(dense(dense_cells))
    places = st.lists(st.integers(8, len(content) - 1), min_size=1, max_size=4)
    for place in data.draw(places):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path = saved(bytes(content))
    try:
        inspection = inspect_model(path)
    except QuantgateError as error:
        assert str(path) in str(error)
    else:
        assert inspection.size_bytes == len(content)


@A_FEW
@given(data=st.data())
def test_truncated_files_are_refused(
    dense: Build, dense_cells: Cells, saved: Save, data: st.DataObject
):
    content = dense(dense_cells)
    path = saved(content[: data.draw(st.integers(0, len(content) // 2))])
    with pytest.raises(InputError):
        read_model(path)
