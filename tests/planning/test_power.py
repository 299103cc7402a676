"""The number of samples that limits need, as plans tell it."""

from quantgate.commands.plan import render
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.planning.power import descriptions
from quantgate.spec.model.spec import Spec

TWO = {"modes": ["float16", "dynamic_range"]}


def plan_of(gate: dict, stop_early: bool = False, quantize: dict = TWO) -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "digits",
                "model": {"saved_model": "model"},
                "data": {"evaluation": {"source": "test.npz", "label": "y"}},
                "quantize": quantize,
                "measure": {"metrics": ["top1", "mse"], "evaluation": {"stop_early": stop_early}},
                "gate": gate,
            }
        )
    )


def test_the_plan_tells_how_many_samples_decide_for_one_and_for_all() -> None:
    plan = plan_of({"top1": {"max_drop": 0.01, "confidence": 0.95}})
    (told,) = descriptions(plan)
    assert told == (
        "top1 drop at most 0.01 at 95 % confidence: at least 299 samples for one candidate, and up "
        "to 368 for all 2"
    )
    assert "at least 299 samples" in render(plan)


def test_candidates_tested_by_themselves_need_no_more_than_one() -> None:
    limit = {"top1": {"max_drop": 0.01, "confidence": 0.95}}
    for plan in (
        plan_of({**limit, "family": "none"}),
        plan_of(limit, quantize={"modes": ["float16"]}),
    ):
        assert list(descriptions(plan)) == [
            "top1 drop at most 0.01 at 95 % confidence: at least 299 samples"
        ]


def test_early_looks_leave_less_of_the_error_rate() -> None:
    (told,) = descriptions(plan_of({"top1": {"max_drop": 0.01, "confidence": 0.95}}, True))
    assert "at least 321 samples for one candidate" in told


def test_limits_without_a_confidence_or_on_means_have_no_number() -> None:
    gate = {"top1": {"max_drop": 0.01}, "mse": {"max_rise": 0.1, "confidence": 0.95}}
    plan = plan_of(gate)
    assert list(descriptions(plan)) == []
    assert "samples that decide" not in render(plan)
