"""McNemar's test, and limits that an evaluation set is too small to show."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from quantgate.decision.power_warnings import warnings_of_power
from quantgate.spec.model.limit import Limit
from quantgate.statistics.paired_bounds import least_samples, mcnemar, samples_needed, upper_bound


def pairs_of(only_first: int, only_second: int, both: int) -> tuple[np.ndarray, np.ndarray]:
    first = np.repeat([1.0, 0.0, 1.0], [only_first, only_second, both])
    second = np.repeat([0.0, 1.0, 1.0], [only_first, only_second, both])
    return first, second


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(1, 7), (0, 0), (5, 5), (0, 1), (12, 30), (900, 1100)]
)
def test_mcnemars_test_agrees_with_scipys_binomial_test(only_first, only_second):
    discordant = only_first + only_second
    expected = binomtest(only_first, discordant).pvalue if discordant else 1.0
    assert mcnemar(*pairs_of(only_first, only_second, 40)) == pytest.approx(expected, rel=1e-9)


def test_mcnemars_test_is_only_for_binary_values():
    assert mcnemar(np.array([0.5, 1.0]), np.array([1.0, 1.0])) is None


@pytest.mark.parametrize("limit", [0.05, 0.01, 0.002])
def test_the_least_number_of_samples_is_just_enough(limit):
    least = int(least_samples(0.95, limit))
    enough, fewer = (pairs_of(0, 0, count) for count in (least, least - 1))
    assert upper_bound(*enough, 0.95) <= limit < upper_bound(*fewer, 0.95)


def test_no_number_of_samples_shows_a_drop_of_0():
    assert least_samples(0.95, 0.0) == math.inf
    assert least_samples(0.95, 5e-324) == math.inf
    agreeing = np.ones(10)
    assert samples_needed(agreeing, agreeing, 0.95, 5e-324) == math.inf


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
            "At least 1,351 are needed: evaluate on more samples, or widen the limit",
        )
    ]
    assert warnings(limits, 1351) == []


def test_a_limit_in_percent_is_relative_to_the_baseline():
    limits = {"top1": {"max_drop_percent": 1.0, "confidence": 0.95}}
    assert warnings(limits, 297) and not warnings(limits, 297, top1=0.95)


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
