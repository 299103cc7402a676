"""The description of `measure.evaluation.stop_early` in a plan."""

import pytest

from quantgate.commands.plan import render
from quantgate.planning.early_stopping import description
from quantgate.planning.planner import make_plan
from quantgate.spec.model.spec import Spec


def spec(metrics: list, gate: dict, stop_early: bool = True, **sections: object) -> Spec:
    return Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": {"saved_model": "model"},
            "data": {"evaluation": {"source": "test.npz", "label": "y"}},
            "measure": {"metrics": metrics, "evaluation": {"stop_early": stop_early}},
            "gate": gate,
            **sections,
        }
    )


LIMIT = {"top1": {"max_drop": 0.01}}


def test_candidates_run_until_they_are_decided():
    assert description(spec(["top1", "mse"], LIMIT)) == (
        "candidates run on 100 random samples, then on 50 % more at a time, until a limit on "
        "top1 is certain to be violated, or all of them are certain to be met (at 99 % "
        "confidence over all interim looks)"
    )


def test_a_choice_by_accuracy_takes_all_samples():
    choose = [{"minimize": "size_bytes"}, {"maximize": "top1"}]
    assert description(spec(["top1"], LIMIT, choose=choose)) == (
        "candidates run on 100 random samples, then on 50 % more at a time, until a limit on "
        "top1 is certain to be violated (at 99 % confidence over all interim looks). All others "
        "run on all samples, because the choice depends on top1"
    )


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        (["top1", "roc_auc"], "roc_auc is not a mean over samples"),
        (["top1", "agreement"], "agreement compares all outputs with the baseline's"),
        (
            ["top1", {"metric": "my.metrics:score", "better": "higher"}],
            "score is a Python function of all outputs",
        ),
        ([{"metric": "top1", "slice": "device"}], "top1 is also measured by device"),
        (
            [{"metric": "top1", "signature": "a"}, {"metric": "mse", "signature": "b"}],
            "several signatures are measured on different samples",
        ),
    ],
)
def test_reasons_why_candidates_run_on_all_samples(metrics, reason):
    planned = spec(metrics, LIMIT)
    assert description(planned).startswith(f"all candidates run on all samples, because {reason}")
    assert not make_plan(planned).stops_early


def test_without_a_limit_on_a_metric_candidates_run_on_all_samples():
    planned = spec(["top1"], {"size_bytes": {"max": 1000}})
    assert description(planned) == (
        "all candidates run on all samples, because no accuracy metric has a limit"
    )


def test_the_plan_describes_early_stopping_if_it_is_on():
    asked, not_asked = spec(["top1"], LIMIT), spec(["top1"], LIMIT, stop_early=False)
    assert "\nmeasure.evaluation.stop_early\n  candidates run on 100" in render(make_plan(asked))
    assert "stop_early" not in render(make_plan(not_asked))
    assert make_plan(asked).stops_early
    assert not make_plan(not_asked).stops_early
