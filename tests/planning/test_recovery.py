"""The recovered candidates of a plan."""

from typing import Any

import pytest

from quantgate.commands.plan import render
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec.model.spec import Spec


def plan_of(model: dict | None = None, **quantize: Any) -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "digits",
                "model": model or {"saved_model": "model"},
                "data": {
                    "calibration": {"source": "train.npz"},
                    "evaluation": {"source": "test.npz", "label": "y"},
                },
                "quantize": {"recover": True, **quantize},
                "measure": {"metrics": ["top1"]},
                "gate": {"top1": {"max_drop": 0.01}},
            }
        )
    )


def recovered(plan: Plan) -> list[str]:
    return [candidate.name for candidate in plan.recovered]


@pytest.mark.parametrize(
    ("quantize", "expected"),
    [
        (
            {"modes": ["integer_only_int8", "dynamic_range"]},
            ["integer_only_int8+recovered", "dynamic_range+recovered"],
        ),
        (
            {"modes": ["int16x8", "int16x8_float_fallback", "float16"]},
            ["int16x8+recovered"],
        ),
        (
            {"modes": [], "recipes": ["weight_only_wi8_afp32", "dynamic_wi4_afp32"]},
            ["weight_only_wi8_afp32+recovered"],
        ),
        ({"modes": ["full_integer"]}, ["full_integer+recovered"]),
        (
            {"modes": [], "recipes": ["static_wi8_ai8", "static_wi8_ai16"]},
            ["static_wi8_ai8+recovered", "static_wi8_ai16+recovered"],
        ),
        (
            {"modes": ["full_integer"], "recipes": ["static_wi8_ai8"]},
            ["static_wi8_ai8+recovered", "full_integer+recovered"],
        ),
        (
            {"modes": ["full_integer", {"mode": "full_integer", "name": "mine"}]},
            ["full_integer+recovered"],
        ),
        ({"modes": [{"mode": "full_integer", "exclude": {"ops": ["SOFTMAX"]}}]}, []),
        (
            {"target": "cpu"},
            ["static_wi8_ai8-float32+recovered", "static_wi8_ai8+recovered"],
        ),
        (
            {"target": "cpu", "recipes": []},
            [
                "full_integer+recovered",
                "integer_only_int8+recovered",
                "integer_only_uint8+recovered",
            ],
        ),
        ({"target": "gpu"}, []),
        (
            {
                "modes": [],
                "recipes": [
                    {
                        "recipe": "static_wi8_ai8",
                        "rules": [{"recipe": "static_wi4_ai8", "algorithm": "GPTQ"}],
                    }
                ],
            },
            [],
        ),
        ({"modes": ["integer_only_int8"], "recover": None}, []),
    ],
)
def test_each_distinct_8_bit_candidate_has_a_recovered_one(quantize: dict, expected: list) -> None:
    assert recovered(plan_of(**quantize)) == expected


def test_modes_and_recipes_of_the_same_model_share_a_recovered_one() -> None:
    recipe = {"recipe": "static_wi8_ai8", "inputs": "float32", "outputs": "float32"}
    plan = plan_of(modes=["full_integer"], recipes=[recipe])
    assert recovered(plan) == ["static_wi8_ai8-float32+recovered"]


def test_a_mode_is_recovered_by_its_recipe() -> None:
    plan = plan_of(modes=["integer_only_uint8"])
    (loop,) = [loop for loop in plan.loops if loop.is_recovered]
    assert loop.items == [
        {
            "candidate": "integer_only_uint8+recovered",
            "recipe": "static_wi8_ai8",
            "input_type": "uint8",
            "output_type": "uint8",
            "integer_only": True,
            "recovers": "integer_only_uint8",
        }
    ]


def test_recovery_needs_the_ranges_that_a_dynamic_mode_does_not() -> None:
    plan = plan_of(modes=["dynamic_range"])
    (candidate,) = plan.recovered
    assert (plan.records_ranges, candidate.calibration[0].samples) == (True, 200)
    (loop,) = [loop for loop in plan.loops if loop.is_recovered]
    assert loop.items[0]["recipe"] == "dynamic_wi8_afp32"


def test_the_tasks_of_recovery_are_planned() -> None:
    plan = plan_of(modes=["integer_only_int8"])
    times = {task.title: task.times for task in tasks_of(plan)}
    assert (times["Record ranges"], times["Recover accuracy"]) == (1, 1)
    assert (times["Quantize"], times["Quantize by recipe"], times["Evaluate"]) == (1, 1, 2)


def test_ops_are_not_left_in_16_bits_for_an_edge_tpu() -> None:
    assert plan_of(target="edge_tpu").techniques == ["ranges", "biases", "equalize"]
    assert plan_of(target="microcontroller").techniques[-1] == "layers"


def test_the_plan_shows_the_recovered_candidates() -> None:
    settings = {"techniques": ["biases", "layers"], "when": "always", "budget": 5}
    text = render(plan_of(modes=["integer_only_int8"], recover=settings))
    assert (
        "\nrecovered candidates, by biases, layers\n"
        "  in   integer_only_int8+recovered\n"
        "  ranked with all others, found in up to 5 runs of the calibration set each\n"
    ) in text
