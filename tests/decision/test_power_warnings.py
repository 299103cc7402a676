"""Limits that an evaluation set is too small to show."""

from quantgate.decision.power_warnings import warnings_of_power
from quantgate.spec.model.limit import Limit


def warnings(limits, samples, metrics=None, top1=0.9):
    known = {name: Limit.model_validate(limit) for name, limit in limits.items()}
    told = warnings_of_power(known, {"top1": top1}, metrics or {}, samples)
    return [(warning.id, warning.message) for warning in told]


def test_a_limit_too_tight_for_the_data_gives_a_warning():
    limits = {"top1": {"max_drop": 0.002, "confidence": 0.95}}
    assert warnings(limits, 900) == [
        (
            "few_evaluation_samples",
            "900 evaluation samples cannot show that top1 drops by at most 0.002 at 95 % "
            "confidence, not even for a candidate that agrees with the baseline on each of them. "
            "A single candidate needs at least 1,497, and several need more: evaluate on more "
            "samples, or widen the limit",
        )
    ]
    assert warnings(limits, 1497) == []


def test_a_limit_in_percent_is_relative_to_the_baseline():
    limits = {"top1": {"max_drop_percent": 1.0, "confidence": 0.95}}
    assert warnings(limits, 320) and not warnings(limits, 320, top1=0.95)


def test_a_custom_name_does_not_hide_the_metric():
    limits = {"head2": {"max_drop": 0.002, "confidence": 0.95}}
    assert warnings(limits, 100, {"head2": "top5"}) and not warnings(limits, 100, {"head2": "psnr"})


def test_a_warning_names_a_limit_that_a_single_sample_decides():
    limits = {"top1": {"max_drop": 0.002}}
    assert warnings(limits, 10) == [
        (
            "coarse_limit",
            "one of the 10 evaluation samples is 0.1 of top1, more than the 0.002 that it may "
            "drop by. A single sample decides this limit: evaluate on more samples, and give it a "
            "`confidence`",
        )
    ]
    assert warnings(limits, 500) == []
    assert warnings({"top1": {"min": 0.8, "confidence": 0.95}}, 10) == []
    assert warnings({"psnr": {"max_drop": 0.002}}, 10) == []
