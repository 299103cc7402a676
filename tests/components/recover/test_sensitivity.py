"""The errors of ops."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from quantgate.components.collect.work import collect
from quantgate.components.gate.inputs import GateInputs
from quantgate.components.gate.op_errors import op_errors_of
from quantgate.components.recover.sensitivity import op_errors
from quantgate.components.recover.workshop import Edits, Workshop
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.entries import Entry

Make = Callable[..., Any]


def test_each_op_has_its_own_error(boxes: Any) -> None:
    subject = boxes.subject()
    quantized = Workshop(subject, 0).make(Edits()).quantized
    rows = subject.samples.first(4)
    errors = op_errors(subject.content, quantized, subject.facts, boxes.dataset, rows)
    assert [*errors] == ["h", "box", "z", "score", "out"]
    worst = max(errors.values(), key=lambda each: each.added)
    assert (worst.op, worst.layer, worst.float_bytes) == ("CONCATENATION", "out", 0)
    assert worst.error > 0.1
    assert errors["h"].float_bytes == 4 * (32 * 16 + 32)
    assert all(each.error < worst.error / 5 for name, each in errors.items() if name != "out")


def test_the_float_model_has_no_errors(boxes: Any) -> None:
    subject = boxes.subject()
    rows = subject.samples.first(2)
    errors = op_errors(subject.content, subject.content, subject.facts, boxes.dataset, rows)
    assert {each.error for each in errors.values()} == {0.0}


def gate_inputs(boxes: Any, tmp_path: Path, *models: Path) -> GateInputs:
    collected = str(tmp_path / "models")
    collect({"models": [*map(str, models)]}, earlier_path=None, collected_path=collected)
    return GateInputs(
        facts=boxes.facts,
        baseline="",
        evidence="",
        models=collected,
        baseline_model=boxes.path,
        dataset=boxes.dataset,
    )


def entry_of(model: Path, name: str) -> Entry:
    return Entry(
        name=name,
        mode="static_wi8_ai8",
        status="measured",
        reasons=[],
        model_sha256=sha256_of_file(model),
        measurements={},
    )


def test_the_gate_measures_the_ops_of_candidates(boxes: Any, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.tflite", tmp_path / "bad.tflite"
    good.write_bytes(Workshop(boxes.subject(), 0).make(Edits()).quantized)
    bad.write_bytes(b"no model")
    inputs = gate_inputs(boxes, tmp_path, good, bad)
    entries = [entry_of(good, "one"), entry_of(good, "twin"), entry_of(bad, "bad")]
    measured = op_errors_of(inputs, entries)
    assert [*measured] == ["one", "twin"]
    assert (measured["one"].samples, measured["one"].data) == (16, "evaluation")
    assert measured["twin"].worst[0].layer == "out"


def test_without_a_data_set_nothing_is_measured(boxes: Any, tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(Workshop(boxes.subject(), 0).make(Edits()).quantized)
    inputs = GateInputs(**{**vars(gate_inputs(boxes, tmp_path, model)), "dataset": None})
    assert op_errors_of(inputs, [entry_of(model, "one")]) == {}
