"""The candidates that the search fills, and their place in the plan."""

from typing import Any

import pytest

from quantgate.commands.plan import render
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec.model.spec import Spec

NAMES = ["search-1", "search-2", "search-3"]


def plan_of(**quantize: Any) -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "test",
                "model": {"tflite": "model.tflite"},
                "data": {
                    "calibration": {"source": "train.npz", "samples": 100},
                    "evaluation": {"source": "test.npz", "label": "y"},
                },
                "quantize": {"recipes": [], "search": True, **quantize},
                "measure": {"metrics": ["top1"]},
                "gate": {"top1": {"max_drop": 0.01}},
            }
        )
    )


def test_the_search_fills_three_candidates_of_a_loop_of_their_own() -> None:
    (loop,) = plan_of().loops
    assert loop.is_searched
    ends = {"input_type": "float32", "output_type": "float32"}
    assert loop.items == [
        {"candidate": name, "recipe": "dynamic_wi8_afp32", **ends, "searched": True}
        for name in NAMES
    ]


@pytest.mark.parametrize(
    ("target", "recipe", "bits", "records"),
    [
        ("cpu", "dynamic_wi8_afp32", [4, 8], False),
        ("gpu", "weight_only_wi8_afp32", [8, 16], False),
        ("npu", "static_wi8_ai8", [8, 16], True),
        ("microcontroller", "static_wi8_ai8", [8, 16], True),
        ("ethos_u", "static_wi8_ai8", [8, 16], True),
    ],
)
def test_each_target_has_its_recipe_and_bits(
    target: str, recipe: str, bits: list[int], records: bool
) -> None:
    plan = plan_of(target=target)
    assert {candidate.mode.name for candidate in plan.searched} == {recipe}
    assert (plan.bits, plan.records_ranges) == (bits, records)


def test_the_search_needs_the_calibration_set_but_no_ranges_on_a_cpu() -> None:
    titles = [task.title for task in tasks_of(plan_of())]
    assert "Record ranges" not in titles
    assert titles.index("Build calibration set") < titles.index("Search mixed precision")


def test_the_search_uses_the_samples_of_data_calibration() -> None:
    own = {"recipe": "static_wi8_ai8", "calibration": {"samples": 7}}
    loops = plan_of(recipes=[own]).loops
    assert [item.get("calibration", "") for loop in loops for item in loop.items] == [
        "",
        *["random-100-0"] * 3,
    ]


def test_the_plan_shows_the_searched_candidates() -> None:
    text = render(plan_of(search={"bits": [16, 8, 4], "budget": 5}))
    assert (
        "\nsearched candidates, bits of layers: 4 by dynamic_wi4_afp32, 8 by dynamic_wi8_afp32, "
        "16 by float_casting\n"
        "  in   search-1                 gives up at most 25% of the decibels\n"
        "  in   search-2                 gives up at most 50% of the decibels\n"
        "  in   search-3                 gives up at most 75% of the decibels\n"
        "  between the most precise mix and the smallest one, found in up to 5 runs of the "
        "calibration set\n"
    ) in text


def test_without_a_search_there_are_no_such_candidates() -> None:
    plan = plan_of(recipes=["dynamic_wi8_afp32"], search=None)
    assert (plan.searched, len(plan.loops)) == ((), 1)
    assert "searched candidates" not in render(plan)
