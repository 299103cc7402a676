"""The output of `quantgate inspect` for people and scripts."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quantgate.cli import main
from quantgate.errors import ExitCode
from quantgate.records.attestation import Inspection

Cells = dict[str, Any]
Build = Callable[..., bytes]
Save = Callable[..., Path]


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_the_tables_of_a_model_are_printed(
    dense: Build,
    dense_cells: Cells,
    saved: Save,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("COLUMNS", "120")
    weight = replace(dense_cells["w"], values=[[1, -2, 3, -128], [5, 6, 7, 8]])
    path = saved(dense({**dense_cells, "w": weight}))
    assert main(["inspect", str(path)]) == ExitCode.OK
    lines = _lines(capsys)
    for line in (
        "input x 1x4 int8 0.5 3",
        "output y 1x2 int8 1 -5",
        "FULLY_CONNECTED int8 1",
        "FULLY_CONNECTED int8 per-axis 0 no 1",
        "signature: serve",
        "multiply-accumulates: 8 per sample, 100.0% int8",
        "biases: int32 (1)",
        "left in float: nothing",
        "shortfall: weight `w` of FULLY_CONNECTED holds -128, outside of [-127, 127]",
        "specification: does not conform to LiteRT's quantization specification",
        "runs: yes, on 8 random samples. Its outputs are finite and not constant",
    ):
        assert line in lines


def test_a_hybrid_layer_is_shown_as_hybrid(
    dense: Build,
    dense_cells: Cells,
    saved: Save,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("COLUMNS", "120")
    in_float = {
        name: replace(dense_cells[name], dtype="float32", scales=(), zero_points=())
        for name in ("x", "b", "y")
    }
    path = saved(dense({**dense_cells, **in_float}))
    assert main(["inspect", str(path), "--against", str(path)]) == ExitCode.OK
    lines = _lines(capsys)
    assert "FULLY_CONNECTED hybrid 1" in lines
    assert (
        "left in float: FULLY_CONNECTED (1): 100.0% of the ops, 100.0% of the multiply-accumulates"
    ) in lines
    assert "agreement: output `y`: 150.0 dB compared with the other model" in lines


def test_names_cannot_steer_the_terminal(
    model_of: Build,
    stored: type[Any],
    step: type[Any],
    saved: Save,
    capsys: pytest.CaptureFixture[str],
):
    content = model_of(
        *(stored("\x1b[2Jx", [1, 4]), stored("[bold]y", [1, 4])),
        step("RELU", ["\x1b[2Jx"], ["[bold]y"]),
        inputs=["\x1b[2Jx"],
        outputs=["[bold]y"],
    )
    assert main(["inspect", str(saved(content))]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[bold]y" in shown


def test_json_has_the_whole_inspection(
    dense: Build, dense_cells: Cells, saved: Save, capsys: pytest.CaptureFixture[str]
):
    assert main(["inspect", str(saved(dense(dense_cells))), "--json"]) == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    assert Inspection.model_validate(document).macs == {"int8": 8}


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (None, ExitCode.USAGE, "error: {path} does not exist. Name a .tflite file\n"),
        (
            b"not a model",
            ExitCode.STEP_FAILED,
            "error: {path} is not a LiteRT model: it lacks the mark TFL3 that every .tflite "
            "carries in its bytes 4 to 7\n",
        ),
    ],
)
def test_files_that_are_not_models_are_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    code: ExitCode,
    message: str,
):
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    assert main(["inspect", str(path)]) == code
    assert capsys.readouterr().err == message.format(path=path)


@pytest.mark.parametrize(
    ("absent", "code"), [("tensorflow", ExitCode.OK), ("ai_edge_litert", ExitCode.USAGE)]
)
def test_inspect_needs_litert_but_not_tensorflow(
    dense: Build, dense_cells: Cells, saved: Save, absent: str, code: ExitCode
):
    script = (
        f"import sys; sys.modules[{absent!r}] = None\n"
        "from quantgate.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    path = saved(dense(dense_cells))
    ended = subprocess.run(
        [sys.executable, "-c", script, "inspect", str(path)], capture_output=True, text=True
    )
    assert ended.returncode == code
    if code == ExitCode.USAGE:
        assert ended.stderr == (
            "error: inspecting a model needs ai_edge_litert, which is not installed: "
            "pip install 'quantgate[evaluate]'\n"
        )
    else:
        assert ended.stderr == ""


def test_columns_that_the_other_model_does_not_lose(
    dense: Build,
    dense_cells: Cells,
    saved: Save,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("COLUMNS", "120")
    in_float = {
        name: replace(dense_cells[name], dtype="float32", scales=(), zero_points=())
        for name in dense_cells
    }
    in_float["b"] = replace(in_float["b"], values=[0, 0])
    boxes = [600, 500, -400, 300]
    lost, other = (
        saved(dense({**in_float, "w": replace(in_float["w"], values=[boxes, scores])}), name)
        for name, scores in {"lost": [0, 0, 0, 0], "other": [0.1, 0.2, 0.3, -0.2]}.items()
    )
    assert main(["inspect", str(lost), "--against", str(other)]) == ExitCode.OK
    (line,) = (line for line in _lines(capsys) if line.startswith("columns: "))
    assert line == (
        "columns: output `y`: of 2 columns that vary in the other model, 1 are constant and 1 "
        "agree poorly"
    )
