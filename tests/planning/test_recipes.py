"""The recipes of a plan, the reasons for them, and the tasks that they need."""

import pytest

from quantgate.commands.plan import render
from quantgate.domain.recipes import RECIPES
from quantgate.errors import SpecError
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec.model.spec import Spec

DYNAMIC = ["dynamic_legacy_wi8_afp32", "dynamic_wi8_afp32"]
FLOATS = ["weight_only_wi8_afp32", "float_casting"]
STATIC = ["static_wi8_ai8", "static_wi8_ai16"]


def plan_of(quantize: dict, calibration: bool = True, **measure: object) -> Plan:
    data: dict = {"evaluation": {"source": "test.npz", "label": "y"}}
    if calibration:
        data["calibration"] = {"source": "train.npz"}
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "digits",
                "model": {"saved_model": "model"},
                "data": data,
                "quantize": quantize,
                "measure": {"metrics": ["top1"], **measure},
                "gate": {"top1": {"max_drop": 0.01}},
            }
        )
    )


def recipes_in(plan: Plan) -> list[str]:
    return [each.name for each in plan.candidates if each.is_recipe]


@pytest.mark.parametrize(
    ("target", "calibration", "expected"),
    [
        (
            "cpu",
            True,
            [*DYNAMIC, *FLOATS, "static_wi8_ai8-float32", "static_wi8_ai8", "static_wi8_ai16"],
        ),
        ("cpu", False, [*DYNAMIC, *FLOATS]),
        ("gpu", True, FLOATS),
        ("npu", True, STATIC),
        ("edge_tpu", True, ["static_wi8_ai8", "static_wi8_ai8-uint8"]),
        ("microcontroller", True, STATIC),
        ("ethos_u", True, STATIC),
    ],
)
def test_auto_tries_what_the_target_can_use(
    target: str, calibration: bool, expected: list[str]
) -> None:
    plan = plan_of({"target": target, "recipes": "auto"}, calibration)
    assert recipes_in(plan) == expected


def test_auto_modes_bring_recipes_and_named_ones_do_not() -> None:
    assert recipes_in(plan_of({}))
    assert recipes_in(plan_of({"modes": ["float16"]})) == []
    assert recipes_in(plan_of({"recipes": []})) == []
    assert recipes_in(plan_of({"modes": ["float16"], "recipes": ["float_casting"]})) == [
        "float_casting"
    ]


def test_recipes_alone_need_no_calibration_by_the_converter() -> None:
    plan = plan_of({"modes": [], "recipes": ["static_wi8_ai8"]})
    titles = [task.title for task in tasks_of(plan)]
    assert "Record ranges" in titles
    assert "Calibrate" not in titles
    assert "Quantize" not in titles
    assert [(task.title, task.times) for task in tasks_of(plan)].count(("Quantize by recipe", 1))


def test_recipes_without_ranges_need_no_calibration_data() -> None:
    plan = plan_of({"modes": [], "recipes": ["dynamic_wi8_afp32"]})
    assert plan.calibration_data == ()
    assert "Record ranges" not in [task.title for task in tasks_of(plan)]


def test_every_recipe_has_a_reason() -> None:
    plan = plan_of({"target": "microcontroller"})
    assert [each.mode.name for each in plan.recipes] == list(RECIPES)
    reasons = {each.mode.name: each.reason for each in plan.recipes}
    assert reasons["weight_only_wi8_afp32"] == (
        "TFLite Micro runs weight-only models, but with wrong results"
    )
    assert "recipes\n  out  dynamic_legacy_wi8_afp32" in render(plan)


def test_auto_leaves_out_what_a_measured_target_cannot_run() -> None:
    plan = plan_of({"target": "cpu"}, targets=["microcontroller"])
    assert recipes_in(plan) == ["static_wi8_ai8-float32", "static_wi8_ai8", "static_wi8_ai16"]


def test_an_embedded_target_wants_no_op_in_float() -> None:
    (item,) = plan_of(
        {"target": "microcontroller", "modes": [], "recipes": ["static_wi8_ai8"]}
    ).items
    assert item == {
        "candidate": "static_wi8_ai8",
        "recipe": "static_wi8_ai8",
        "input_type": "int8",
        "output_type": "int8",
        "integer_only": True,
    }


def test_candidates_are_named_by_their_options() -> None:
    entries = [
        {"recipe": "static_wi8_ai8", "algorithm": "OCTAV"},
        {"recipe": "static_wi8_ai8", "inputs": "uint8"},
        {"recipe": "static_wi8_ai8", "rules": [{"recipe": "float32", "operation": "SOFTMAX"}]},
        {"recipe": "static_wi8_ai8", "name": "mine"},
    ]
    assert recipes_in(plan_of({"modes": [], "recipes": entries})) == [
        "static_wi8_ai8-octav",
        "static_wi8_ai8-uint8",
        "static_wi8_ai8-rules",
        "mine",
    ]


def test_a_rule_alone_can_need_ranges() -> None:
    rules = [{"recipe": "static_wi8_ai8", "operation": "FULLY_CONNECTED"}]
    plan = plan_of({"modes": [], "recipes": [{"recipe": "dynamic_wi8_afp32", "rules": rules}]})
    assert plan.records_ranges
    (item,) = plan.items
    assert [rule["operation"] for rule in item["rules"]] == ["*", "FULLY_CONNECTED"]


def test_nothing_to_try_without_data_is_reported() -> None:
    with pytest.raises(SpecError, match=r"all of those modes need representative data"):
        plan_of({"target": "npu"}, calibration=False)


@pytest.mark.parametrize(
    ("entries", "moments"),
    [
        (["static_wi8_ai8"], None),
        ([{"recipe": "dynamic_wi4_afp32", "algorithm": "OSCAR"}], "diagonal"),
        (
            [
                {"recipe": "dynamic_wi4_afp32", "algorithm": "OSCAR"},
                {
                    "recipe": "dynamic_wi8_afp32",
                    "rules": [{"recipe": "weight_only_wi4_afp32", "algorithm": "GPTQ"}],
                },
            ],
            "matrix",
        ),
    ],
)
def test_moments_are_recorded_if_an_algorithm_needs_them(
    entries: list, moments: str | None
) -> None:
    plan = plan_of({"modes": [], "recipes": entries})
    assert plan.moments == moments
    assert plan.records_ranges
    assert all(each.calibration for each in plan.candidates)
