"""The number of samples that limits need, as plans tell it."""

from quantgate.commands.plan import render
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.planning.power import descriptions
from quantgate.spec.model.spec import Spec

LABELLED = {"source": "test.npz", "label": "y"}
BOTH = ["top1", "mse"]
TWO = {"modes": ["float16", "dynamic_range"]}


def plan_of(
    gate: dict,
    stop_early: bool = False,
    quantize: dict = TWO,
    metrics: list = BOTH,
    data: dict = LABELLED,
) -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "digits",
                "model": {"saved_model": "model"},
                "data": {"evaluation": data},
                "quantize": quantize,
                "measure": {"metrics": metrics, "evaluation": {"stop_early": stop_early}},
                "gate": gate,
            }
        )
    )


def test_the_plan_shows_how_many_samples_decide_for_one_and_for_all() -> None:
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


def test_limits_without_a_confidence_or_relative_ones_have_no_number() -> None:
    gate = {"top1": {"max_drop": 0.01}}
    plan = plan_of(gate)
    assert list(descriptions(plan)) == []
    assert "samples that decide" not in render(plan)
    relative = {"top1": {"max_drop_percent": 1, "confidence": 0.95}}
    assert list(descriptions(plan_of(relative))) == []


def test_each_limit_and_slice_has_its_number() -> None:
    gate = {
        "top1": {
            "min": 0.9,
            "confidence": 0.95,
            "each_slice": {"max_drop": 0.05, "confidence": 0.9},
            "slices": {"watch": {"max_drop": 0.1, "confidence": 0.9}},
        },
        "mse": {"max_rise": 0.1, "confidence": 0.95},
    }
    metrics = [{"metric": "top1", "slice": "device"}, "mse", "psnr"]
    assert list(descriptions(plan_of(gate, metrics=metrics))) == [
        "top1 at least 0.9 at 95 % confidence: at least 29 samples for one candidate, and up to 36 "
        "for all 2",
        "top1 in each slice drop at most 0.05 at 90 % confidence: at least 45 samples for one "
        "candidate, and up to 59 for all 2",
        "top1 in `watch` drop at most 0.1 at 90 % confidence: at least 22 samples for one "
        "candidate, and up to 29 for all 2",
        "mse rise at most 0.1 at 95 % confidence: at least 50 samples",
    ]


def test_samples_in_groups_count_as_groups() -> None:
    gate = {
        "top1": {"max_drop": 0.01, "confidence": 0.95},
        "mse": {"max_rise": 0.1, "confidence": 0.95},
    }
    data = {"source": "test.npz", "label": "y", "group": "speaker"}
    assert list(descriptions(plan_of(gate, data=data))) == [
        "top1 drop at most 0.01 at 95 % confidence: at least 299 groups by `speaker` for one "
        "candidate, and up to 368 for all 2",
        "mse rise at most 0.1 at 95 % confidence: at least 60 groups by `speaker`",
    ]
