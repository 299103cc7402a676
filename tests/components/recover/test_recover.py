"""The results of `recover`, and the candidates made of them."""

import copy
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.calibrate import shards
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.quantize_recipe.material import RecipeInputs
from quantgate.components.quantize_recipe.work import quantize_recipe
from quantgate.components.recover import work
from quantgate.components.recover.search import Settings
from quantgate.components.recover.work import RecoverInputs, recover
from quantgate.domain.recovery import TECHNIQUES
from quantgate.errors import InputError
from quantgate.records.attestation import Attestation
from quantgate.records.recovery import Recovery
from quantgate.records.tasks import ModelFacts

Make = Callable[..., Any]
ENDS = {"input_type": "float32", "output_type": "float32"}
ITEM = {"candidate": "int8+recovered", "recovers": "int8", "recipe": "static_wi8_ai8", **ENDS}


@pytest.fixture
def recovered(tmp_path: Path) -> Make:
    """Recover a candidate of a model, and return the record of the search."""

    def run(model: Any, budget: float = 10.0, timeout_s: float = 60.0, **options: Any) -> Recovery:
        inputs = RecoverInputs(model.path, model.facts, model.ranges, model.dataset)
        settings, limits = Settings(tuple(TECHNIQUES), budget), ResourceLimits(timeout_s)
        recover(inputs, [{**ITEM, **options}], settings, limits, str(tmp_path / "recovered"))
        return Recovery.read(tmp_path / "recovered" / "int8" / "recovery.json")

    return run


@pytest.fixture
def candidate(tmp_path: Path) -> Make:
    """Quantize the recovered candidate, and return its bytes and attestation."""

    def quantize(
        model: Any, recovered: str | None = "recovered", **options: Any
    ) -> tuple[bytes, Attestation]:
        quantized, attestation = tmp_path / "quantized.tflite", tmp_path / "attestation.json"
        folder = str(tmp_path / recovered) if recovered else None
        quantize_recipe(
            RecipeInputs(model.path, model.facts, model.ranges, model.dataset, folder),
            {**ITEM, **options},
            ResourceLimits(60.0),
            quantized_path=str(quantized),
            attestation_path=str(attestation),
        )
        return quantized.read_bytes(), Attestation.read(attestation)

    return quantize


def test_a_recovered_candidate_is_attested_with_its_edits(
    uneven: Make, recovered: Make, candidate: Make
) -> None:
    model = uneven()
    recovery = recovered(model)
    assert (recovery.status, recovery.samples, recovery.held_back) == ("recovered", 30, 10)
    content, attestation = candidate(model)
    assert (attestation.status, attestation.recovery) == ("converted", recovery)
    assert content
    (said,) = [reason for reason in attestation.reasons if "was edited" in reason]
    assert said.startswith("the float model of `int8` was edited before it was quantized: ")
    assert "channels rescaled between layers (+" in said
    assert "dB on 10 held-back calibration samples. Rescaling changed" in said


def test_the_trial_compares_with_the_original_float_model(
    uneven: Make, recovered: Make, candidate: Make
) -> None:
    model = uneven()
    recovered(model)
    _, attestation = candidate(model)
    assert attestation.trial is not None
    assert attestation.trial.snr_db["y"] > 20


def test_a_joined_output_is_delivered_in_16_bits(
    boxes: Any, recovered: Make, candidate: Make
) -> None:
    whole = {"input_type": "int8", "output_type": "int8", "integer_only": True}
    recovery = recovered(boxes, **whole)
    assert recovery.output_type == "int16"
    assert recovery.kept[-1].edit.endswith("left in 16 bits: out, with outputs in int16")
    _, attestation = candidate(boxes, **whole)
    assert (attestation.status, attestation.recovery) == ("converted", recovery)
    assert [each.dtype for each in attestation.outputs] == ["int16"]
    _, in_float = candidate(boxes)
    assert [each.dtype for each in in_float.outputs] == ["float32"]


def test_recovery_is_the_same_in_any_number_of_processes(
    uneven: Make, recovered: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = uneven()
    monkeypatch.setattr(shards, "processes_for", lambda *_: 1)
    alone = recovered(model)
    monkeypatch.setattr(shards, "processes_for", lambda *_: 3)
    assert recovered(model) == alone


def test_a_model_that_nothing_improves_says_so(
    scaled_model: Make, as_model: Make, recovered: Make, candidate: Make
) -> None:
    samples = np.linspace(-1, 1, 60).reshape(30, 2)
    model = as_model(scaled_model("even", [2.0, 2.0]), samples, [1, 2])
    recovery = recovered(model)
    content, attestation = candidate(model)
    assert (recovery.status, content, attestation.status) == ("unchanged", b"", "unchanged")
    assert attestation.reasons == [recovery.reason]
    assert str(recovery.reason).startswith("recovery found nothing better than `int8`. It tried: ")
    assert all(not edit.kept and edit.reason for edit in recovery.edits)


def test_candidates_that_differ_in_their_ends_share_a_search(
    uneven: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, searched = uneven(), []
    inputs = RecoverInputs(model.path, model.facts, model.ranges, model.dataset)
    own = {"input_type": "int8", "output_type": "int8"}
    items = [ITEM, {**ITEM, "recovers": "whole", **own}, {**ITEM, "recovers": "only"}]
    items[2] = {**items[2], "integer_only": True}
    monkeypatch.setattr(work, "run_isolated", partial(_counted, searched, work.run_isolated))
    recover(inputs, items, Settings(["equalize"], 10.0), ResourceLimits(60.0), str(tmp_path))
    assert searched == ["int8", "float32"]
    records = [Recovery.read(tmp_path / name / "recovery.json") for name in ("int8", "whole")]
    assert [each.recovers for each in records] == ["int8", "whole"]
    assert records[0].edits == records[1].edits
    models = {(tmp_path / name / "model.tflite").read_bytes() for name in ("int8", "whole")}
    assert len(models) == 1


def _counted(
    searched: list, run: Make, function: Make, subject: Any, *arguments: Any, **limits: Any
):
    searched.append(subject.request.input_type)
    return run(function, subject, *arguments, **limits)


def test_too_few_samples_leave_none_to_hold_back(
    scaled_model: Make, as_model: Make, recovered: Make
) -> None:
    model = as_model(scaled_model("few", [2.0, 2.0]), np.ones((2, 2)), [1, 2])
    assert recovered(model).reason == (
        "recovery holds back one of 3 calibration samples, and there are only 2. Add samples to "
        "`data.calibration`"
    )


def test_a_model_with_a_state_is_left_alone(
    scaled_model: Make, as_model: Make, recovered: Make
) -> None:
    model = as_model(scaled_model("stateful", [2.0, 2.0]), np.ones((6, 2)), [1, 2])
    schema = parse(Path(model.path).read_bytes())
    schema.subgraphs[0].tensors[-1].isVariable = True
    Path(model.path).write_bytes(bytes(convert_object_to_bytearray(schema)))
    assert "keeps a state" in str(recovered(model).reason)


def test_ranges_that_failed_are_the_reason(
    scaled_model: Make, as_model: Make, recovered: Make
) -> None:
    model = as_model(scaled_model("flat", [2.0, 2.0]), np.zeros((6, 2)), [1, 2])
    assert "only zeros" in str(recovered(model).reason)


def test_a_search_that_takes_too_long_is_the_reason(uneven: Make, recovered: Make) -> None:
    recovery = recovered(uneven(), timeout_s=0.01)
    assert (recovery.status, recovery.edits) == ("failed", [])
    assert "took longer than 0.01 s" in str(recovery.reason)


def test_a_recovered_candidate_needs_the_output_of_recover(uneven: Make, candidate: Make) -> None:
    with pytest.raises(InputError, match="connect the output of `recover`"):
        candidate(uneven(), recovered=None)


def test_every_signature_holds_back_samples_of_its_own(uneven: Make, recovered: Make) -> None:
    model = uneven()
    content = parse(Path(model.path).read_bytes())
    again = copy.copy(content.signatureDefs[0])
    again.signatureKey = "again"
    content.signatureDefs.append(again)
    Path(model.path).write_bytes(bytes(convert_object_to_bytearray(content)))
    facts = ModelFacts.read(model.facts)
    other = facts.signatures[0].model_copy(update={"key": "again"})
    facts.model_copy(update={"signatures": [*facts.signatures, other]}).write(model.facts)
    shutil.copytree(folder_of(model.dataset, "serve"), folder_of(model.dataset, "again"))
    recovery = recovered(model)
    assert (recovery.status, recovery.samples, recovery.held_back) == ("recovered", 60, 20)
    assert any(edit.kept and edit.technique == "equalize" for edit in recovery.edits)
