"""Plans of several signatures: run parameters, data sets, calibrations and tasks."""

from typing import Any

from quantgate.planning.candidates import CalibrationSettings, key_of
from quantgate.planning.data import SignatureData
from quantgate.planning.plan import Plan, run_parameters
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec.model.spec import Spec


def plan_of(
    signatures: dict[str, Any] | None = None, *, modes: object = "auto", **measure: Any
) -> Plan:
    """Return a plan of two signatures. Only `decode` is measured."""
    own = {"decode": {"source": "codes.npz", "samples": 50}} if signatures is None else signatures
    evaluation = {"source": "test.npz", "label": "y", "signatures": {}}
    metrics = [{"metric": "mse", "signature": "decode"}]
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "autoencoder",
                "model": {"saved_model": "model", "signatures": ["encode", "decode"]},
                "data": {
                    "calibration": {"source": "train.npz", "signatures": own},
                    "evaluation": evaluation,
                },
                "quantize": {"modes": modes},
                "measure": {"metrics": metrics, **measure},
                "gate": {"mse": {"max": 1.0}},
            }
        )
    )


def titles(plan: Plan) -> list[str]:
    return [task.title for task in tasks_of(plan) if "-" in task.title or "set" in task.title]


def test_every_source_has_a_run_parameter() -> None:
    assert run_parameters(plan_of()) == {
        "model": "model",
        "calibration": "train.npz",
        "calibration_decode": "codes.npz",
        "evaluation": "test.npz",
    }


def test_one_source_for_all_signatures_is_one_run_parameter() -> None:
    plan = plan_of({})
    assert run_parameters(plan) == {
        "model": "model",
        "calibration": "train.npz",
        "evaluation": "test.npz",
    }
    assert [samples.signature for samples in plan.calibration_data] == ["encode", "decode"]
    assert titles(plan) == [
        "import-model",
        "import-evaluation",
        "import-calibration",
        "Build evaluation set: encode",
        "Build evaluation set: decode",
        "Build calibration set: encode",
        "Build calibration set: decode",
    ]


def test_signatures_with_clashing_parameter_names_are_numbered() -> None:
    own = {"decode": {"source": "a.npz"}, "en code": {"source": "b"}, "en-code": {"source": "c"}}
    spec = plan_of(own).spec
    spec.model.signatures.extend(["en code", "en-code"])
    assert [samples.parameter for samples in make_plan(spec).calibration_data] == [
        "calibration",
        "calibration_1",
        "calibration_2",
        "calibration_3",
    ]


def test_only_measured_signatures_have_evaluation_data() -> None:
    assert [samples.signature for samples in plan_of(latency=None).evaluation_data] == ["decode"]
    timed = plan_of(latency={"signature": "encode"})
    assert timed.timed == "encode"
    assert [samples.signature for samples in timed.evaluation_data] == ["encode", "decode"]


def test_data_without_a_location_has_no_parameter() -> None:
    plan = plan_of({"decode": {"source": "my_data:codes"}})
    samples = plan.calibration_data[1]
    assert samples == SignatureData("decode", samples.data, "")
    assert "calibration_decode" not in run_parameters(plan)


def test_a_calibration_has_settings_for_every_signature() -> None:
    few = {"mode": "int16x8", "name": "few", "calibration": {"samples": 20}}
    plan = plan_of(modes=["full_integer", few])
    assert plan.calibrations == (
        (CalibrationSettings(200, "random", 0), CalibrationSettings(50, "random", 0)),
        (CalibrationSettings(20, "random", 0), CalibrationSettings(20, "random", 0)),
    )
    assert list(map(key_of, plan.calibrations)) == ["random-200-0+random-50-0", "random-20-0"]
    assert [item.get("calibration") for item in plan.items] == ["random-20-0", None]
