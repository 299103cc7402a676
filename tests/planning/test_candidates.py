"""Candidates with options: their loop items and calibrations."""

import json
from pathlib import Path

import yaml

from quantgate.pipelines import compile_pipeline
from quantgate.planning.candidates import CalibrationSettings
from quantgate.planning.plan import MOST_IN_A_LOOP, Plan
from quantgate.planning.planner import make_plan
from quantgate.spec.model.spec import Spec


def plan_of(*modes: object) -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "digits",
                "model": {"saved_model": "model"},
                "data": {
                    "calibration": {"source": "train.npz", "samples": 200, "seed": 7},
                    "evaluation": {"source": "test.npz", "label": "y"},
                },
                "quantize": {"modes": list(modes)},
                "measure": {"metrics": ["top1"]},
                "gate": {"top1": {"max_drop": 0.01}},
            }
        )
    )


def calibrated_on(name: str, **settings: object) -> dict[str, object]:
    return {"mode": "integer_only_int8", "name": name, "calibration": settings}


def test_only_options_that_differ_from_the_defaults_are_in_loop_items() -> None:
    entry = {
        "mode": "full_integer",
        "name": "island",
        "per_channel": False,
        "per_channel_dense": False,
        "exclude": {"ops": ["SOFTMAX"], "nodes": ["head/MatMul"]},
    }
    plan = plan_of(entry, {"mode": "full_integer", "per_channel": True})
    types = {"mode": "full_integer", "input_type": "float32", "output_type": "float32"}
    assert plan.items == [
        {
            "candidate": "island",
            **types,
            "per_channel": False,
            "per_channel_dense": False,
            "exclude_ops": ["SOFTMAX"],
            "exclude_nodes": ["head/MatMul"],
        },
        {"candidate": "full_integer", **types},
    ]


def test_calibrations_are_listed_once_and_the_first_has_no_key() -> None:
    plan = plan_of(
        "float16",
        calibrated_on("few", samples=50),
        calibrated_on("many", samples=500, select="first"),
        calibrated_on("few-too", samples=50),
        "int16x8",
    )
    assert plan.calibrations == (
        (CalibrationSettings(50, "random", 7),),
        (CalibrationSettings(500, "first", 7),),
        (CalibrationSettings(200, "random", 7),),
    )
    assert {item["candidate"]: item.get("calibration") for item in plan.items} == {
        "float16": None,
        "few": None,
        "many": "first-500-7",
        "few-too": None,
        "int16x8": "random-200-7",
    }


def test_another_candidate_changes_only_the_last_loop() -> None:
    modes = [{"mode": "float16", "name": f"candidate-{n}"} for n in range(MOST_IN_A_LOOP + 2)]
    loops, longer = plan_of(*modes[:-1]).loops, plan_of(*modes).loops
    assert [len(loop.items) for loop in loops] == [MOST_IN_A_LOOP, 1]
    assert longer[:-1] == loops[:-1]
    assert [item for loop in longer for item in loop.items] == plan_of(*modes).items


def test_candidates_with_slow_kernels_start_first() -> None:
    plan = plan_of("float16", "int16x8", "full_integer", "int16x8_float_fallback")
    assert [item["candidate"] for item in plan.items] == [
        "int16x8",
        "int16x8_float_fallback",
        "float16",
        "full_integer",
    ]
    assert [candidate.name for candidate in plan.candidates][:2] == ["float16", "int16x8"]


def test_a_plan_without_calibrated_candidates_has_no_calibrations() -> None:
    assert plan_of("float16", "dynamic_range").calibrations == ()


def test_one_task_builds_the_samples_of_all_variants(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    compile_pipeline(plan_of(calibrated_on("few", samples=50), "int16x8"), "0" * 64, path)
    tasks = yaml.load(path.read_text(), yaml.CSafeLoader)["root"]["dag"]["tasks"]
    assert sorted(name for name in tasks if name.startswith(("build", "calibrate"))) == [
        "build-dataset",
        "build-dataset-2",
        "calibrate",
    ]
    given = {
        name: value["runtimeValue"]["constant"]
        for name, value in tasks["build-dataset-2"]["inputs"]["parameters"].items()
        if "runtimeValue" in value
    }
    assert (given["samples"], given["select"], given["seed"]) == (50.0, "random", 7.0)
    assert json.loads(given["variants"]) == [
        {"key": "random-200-7", "samples": 200, "select": "random", "seed": 7}
    ]
