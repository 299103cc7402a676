"""The modes of a plan and the reasons for them."""

import pytest

from quantgate.commands.plan import render
from quantgate.domain.modes import MODES, QUANTIZED_MODES
from quantgate.errors import SpecError
from quantgate.planning.plan import Plan, run_parameters
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec.model.spec import Spec


def spec(quantize: dict | None = None, calibration: bool = True, **sections: object) -> Spec:
    data: dict = {"evaluation": {"source": "test.npz", "label": "y"}}
    if calibration:
        data["calibration"] = {"source": "train.npz"}
    return Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": {"saved_model": "model"},
            "data": data,
            "quantize": quantize or {},
            "measure": {"metrics": ["top1"]},
            "gate": {"top1": {"max_drop": 0.01}},
            **sections,
        }
    )


def names(plan: Plan) -> list[str]:
    return [candidate.name for candidate in plan.candidates]


@pytest.mark.parametrize(
    ("target", "calibration", "expected"),
    [
        ("cpu", True, list(QUANTIZED_MODES)),
        ("cpu", False, ["dynamic_range", "float16"]),
        ("gpu", True, ["float16"]),
        ("gpu", False, ["float16"]),
        ("npu", True, ["integer_only_int8", "int16x8"]),
        ("edge_tpu", True, ["integer_only_int8", "integer_only_uint8"]),
        ("ethos_u", True, ["integer_only_int8"]),
        ("microcontroller", True, ["integer_only_int8", "integer_only_uint8"]),
    ],
)
def test_auto_modes_follow_the_decision_tree_of_the_guide(
    target: str, calibration: bool, expected: list[str]
) -> None:
    plan = make_plan(spec({"target": target, "recipes": []}, calibration))
    assert names(plan) == expected
    data = "with" if calibration else "without"
    assert plan.branch is not None
    assert plan.branch.startswith(f"target {target}, {data} representative data: ")


@pytest.mark.parametrize(
    ("batch", "target", "targets", "expected"),
    [
        (None, "cpu", [], ""),
        (None, "gpu", ["gpu"], ""),
        (None, "microcontroller", [], "1 if free"),
        (None, "edge_tpu", [], "1 if free"),
        (None, "cpu", ["gpu", "microcontroller"], "1 if free"),
        (None, "cpu", [{"target": "ethos_u", "accelerator": "ethos-u55-32"}], "1 if free"),
        (None, "cpu", ["edge_tpu"], "1 if free"),
        (1, "cpu", [], "1"),
        ("dynamic", "microcontroller", ["microcontroller"], "dynamic"),
    ],
)
def test_embedded_targets_get_one_sample(batch, target, targets, expected) -> None:
    model = {"saved_model": "model", **({"batch": batch} if batch else {})}
    measure = {"metrics": ["top1"], "targets": targets}
    plan = make_plan(spec({"target": target}, model=model, measure=measure))
    assert plan.batch == expected
    said = "model.batch is 1, as " in render(plan)
    assert said == (expected == "1 if free")


def test_every_mode_has_a_reason() -> None:
    plan = make_plan(spec({"target": "gpu"}))
    assert [mode.mode.name for mode in plan.modes] == list(MODES)
    reasons = {mode.mode.name: (mode.included, mode.reason) for mode in plan.modes}
    assert reasons["float32"] == (True, "the baseline of all candidates")
    assert reasons["float16"] == (True, "a GPU computes in floating point: float16")
    assert reasons["int16x8"] == (
        False,
        "the mode for a GPU is float16. Name it in quantize.modes to try it anyway",
    )


def test_modes_without_calibration_data_have_a_reason() -> None:
    plan = make_plan(spec(calibration=False))
    out = {mode.mode.name: mode.reason for mode in plan.modes if not mode.included}
    assert set(out) == {mode.name for mode in QUANTIZED_MODES.values() if mode.calibrated}
    assert set(out.values()) == {"needs representative data, but the spec has no data.calibration"}


@pytest.mark.parametrize("target", ["edge_tpu", "microcontroller"])
def test_integer_targets_need_data(target: str) -> None:
    with pytest.raises(SpecError) as caught:
        make_plan(spec({"target": target}, calibration=False))
    assert str(caught.value).endswith(
        "and all of those modes need representative data: add data.calibration to the spec"
    )


def test_modes_by_name_keep_their_order_and_options() -> None:
    modes = [
        "float16",
        {"mode": "int16x8", "name": "wide", "input_type": "int16", "output_type": "int16"},
        {"mode": "int16x8"},
    ]
    plan = make_plan(spec({"modes": modes}))
    assert [candidate.as_parameter() for candidate in plan.candidates] == [
        {
            "candidate": "float16",
            "mode": "float16",
            "input_type": "float32",
            "output_type": "float32",
        },
        {"candidate": "wide", "mode": "int16x8", "input_type": "int16", "output_type": "int16"},
        {
            "candidate": "int16x8",
            "mode": "int16x8",
            "input_type": "float32",
            "output_type": "float32",
        },
    ]
    reasons = {mode.mode.name: mode.reason for mode in plan.modes}
    assert plan.branch is None
    assert reasons["float16"] == "listed in quantize.modes"
    assert reasons["int16x8"] == "listed in quantize.modes: wide, int16x8"
    assert reasons["dynamic_range"] == "not among quantize.modes"


def test_run_parameters_name_what_the_plan_needs() -> None:
    assert run_parameters(make_plan(spec(promote={"to": "out"}))) == {
        "model": "model",
        "calibration": "train.npz",
        "evaluation": "test.npz",
        "promote_to": "out",
    }
    assert list(run_parameters(make_plan(spec({"target": "gpu"})))) == ["model", "evaluation"]


def test_tasks_without_calibration_or_latency() -> None:
    measure = {"metrics": ["top1"], "latency": None}
    plan = make_plan(spec({"modes": ["float16"]}, measure=measure))
    assert [task.title for task in tasks_of(plan)] == [
        "import-model",
        "Fingerprint model",
        "import-evaluation",
        "Fingerprint evaluation",
        "Convert float32 baseline",
        "Build evaluation set",
        "Evaluate baseline",
        "Compare baseline with source",
        "Quantize",
        "Evaluate",
        "Collect models",
        "Collect evidence",
        "Gate",
    ]


def test_shards_are_tasks() -> None:
    measure = {"metrics": ["top1"], "evaluation": {"shards": 8}}
    plan = make_plan(spec({"modes": ["float16", "dynamic_range"]}, measure=measure))
    times = {task.title: task.times for task in tasks_of(plan)}
    assert (times["Evaluate baseline shard"], times["Evaluate baseline"]) == (8, 1)
    assert (times["Evaluate shard"], times["Evaluate"]) == (16, 2)


def test_shards_of_the_calibration_are_tasks() -> None:
    data = {
        "evaluation": {"source": "test.npz", "label": "y"},
        "calibration": {"source": "train.npz", "shards": 4},
    }
    quantize = {
        "modes": ["int16x8", "float16"],
        "recipes": ["static_wi8_ai8", {"recipe": "static_wi4_ai8", "algorithm": "GPTQ"}],
    }
    plan = make_plan(spec(quantize, data=data))
    times = {task.title: task.times for task in tasks_of(plan)}
    assert (times["Calibrate shard"], times["Calibrate"]) == (4, 1)
    assert (times["Record ranges of shard"], times["Record ranges"]) == (4, 1)
    assert (times["Record second moments of shard"], times["Record second moments"]) == (4, 1)
    titles = list(times)
    assert titles.index("Calibrate") == titles.index("Calibrate shard") + 1
    assert titles.index("Record ranges") == titles.index("Record ranges of shard") + 1
    one = make_plan(spec(quantize, data={**data, "calibration": {"source": "train.npz"}}))
    assert not [task.title for task in tasks_of(one) if "shard" in task.title]


def test_a_hint_is_given_if_nothing_is_measured_on_the_target() -> None:
    hint = "Add `measure: {targets: [microcontroller]}` to measure on it\n"
    target = {"target": "microcontroller"}
    assert hint in render(make_plan(spec(target)))
    measured = {"metrics": ["top1"], "targets": ["microcontroller"]}
    assert hint not in render(make_plan(spec(target, measure=measured)))
    assert "nothing is measured" not in render(make_plan(spec()))
