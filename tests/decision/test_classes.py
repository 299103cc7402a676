"""Verdicts on metrics over classes, and on limits relative to the baseline."""

from dataclasses import replace

import numpy as np
import pytest

from quantgate.decision.estimating import Measured, estimate_of, figure_estimate
from quantgate.decision.verdicts import judge
from quantgate.domain.rules import MAX_DROP, MAX_DROP_PERCENT, MAX_RATIO, MAX_RISE
from quantgate.spec.model.limit import Limit
from quantgate.statistics.class_estimates import ClassedMean, MeanRecall
from quantgate.statistics.estimates import PairedProportions
from quantgate.statistics.relative_estimates import RelativeDifference, RelativeMean
from quantgate.wording.verdicts import miss_text

from .conftest import SAMPLES, Run, evaluation_of, sha256_of

#: A frequent and a rare class.
STRATA = np.repeat([0, 1], [SAMPLES - 20, 20]).astype(np.int32)


def with_strata(run: Run, metric: str, strata: np.ndarray = STRATA) -> np.ndarray:
    """Give the baseline a metric over classes, and return its values."""
    values = 0.9 + np.random.default_rng(1).normal(0, 0.05, SAMPLES)
    if metric == "balanced_accuracy":
        values = np.where(STRATA == 0, SAMPLES / 2 / (SAMPLES - 20), SAMPLES / 2 / 20)
    samples = {"top1": run.baseline.samples["top1"], metric: values}
    run.baseline = replace(
        evaluation_of(sha256_of("float32"), samples), strata=lambda: {metric: strata}
    )
    return values


def add(run: Run, metric: str, values: np.ndarray) -> None:
    run.attest("small", "float16", 500)
    run.evaluate("small", {"top1": run.baseline.samples["top1"], metric: values})


def verdict_of(run: Run, metric: str, **limit):
    return run.decide({metric: limit}).candidates[0].verdicts[0]


def test_a_rare_class_that_lost_nothing_keeps_balanced_accuracy_undecided(run):
    values = with_strata(run, "balanced_accuracy")
    add(run, "balanced_accuracy", np.where(np.arange(SAMPLES) < 4, 0.0, values))
    verdict = verdict_of(run, "balanced_accuracy", max_drop=0.01, confidence=0.95)
    assert verdict.outcome == "undecided"
    assert verdict.samples_needed > SAMPLES
    loose = verdict_of(run, "balanced_accuracy", max_drop=0.1, confidence=0.95)
    assert loose.passed
    assert verdict.bound == loose.bound > verdict.value


def test_a_rare_class_is_named_that_could_hide_the_limit_of_f1(run):
    values = with_strata(run, "f1_macro")
    add(run, "f1_macro", values - np.random.default_rng(2).normal(0, 0.01, SAMPLES))
    verdict = verdict_of(run, "f1_macro", max_drop=0.01, confidence=0.95)
    assert (verdict.gap, verdict.rare_class.name, verdict.rare_class.samples) == ("class", "1", 20)
    assert verdict.rare_class.amount == pytest.approx((1 - 0.05 ** (1 / 20)) / 2)
    assert verdict_of(run, "f1_macro", max_drop=0.08, confidence=0.95).passed


def test_a_rare_class_has_its_name_if_classes_have_names():
    theirs = 0.9 + np.random.default_rng(6).normal(0, 0.05, SAMPLES)
    ours = theirs + np.random.default_rng(7).normal(0, 0.01, SAMPLES)
    baseline = replace(measured("f1_macro", theirs), class_names=("cat", "owl"))
    limits = {"f1_macro": Limit(max_drop=0.01, confidence=0.95)}
    (verdict,) = judge(measured("f1_macro", ours), baseline, limits)
    assert verdict.rare_class.name == "owl"
    assert "class `owl` has only 20 samples" in miss_text(verdict)


def test_an_area_with_few_positives_is_undecided(run):
    with_strata(run, "roc_auc")
    add(run, "roc_auc", run.baseline.samples["roc_auc"])
    verdict = verdict_of(run, "roc_auc", max_drop=0.5, confidence=0.95)
    assert (verdict.outcome, verdict.gap) == ("undecided", "few")


def measured(metric: str, values: np.ndarray, strata: np.ndarray | None = STRATA) -> Measured:
    own = {} if strata is None else {metric: strata}
    figures = {metric: float(values.mean())}
    return Measured(sha256_of(str(values)), figures, {metric: values}, strata=own)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1_macro", "roc_auc", "mean_iou"])
def test_metrics_over_classes_without_their_classes_have_no_estimate(metric):
    one, other = (measured(metric, np.full(SAMPLES, value), None) for value in (0.9, 0.8))
    assert estimate_of(metric, MAX_DROP, one, other) is None
    assert figure_estimate(metric, one) is None


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("balanced_accuracy", MeanRecall),
        ("f1_macro", ClassedMean),
        ("mean_iou", ClassedMean),
        ("average_precision", ClassedMean),
        ("top1", PairedProportions),
    ],
)
def test_a_percentage_allows_for_the_baselines_own_uncertainty(metric, kind):
    generator = np.random.default_rng(4)
    one, other = (
        measured(metric, (generator.random(SAMPLES) < share).astype(float)) for share in (0.8, 0.85)
    )
    assert isinstance(estimate_of(metric, MAX_DROP, one, other), kind)
    relative = estimate_of(metric, MAX_DROP_PERCENT, one, other)
    assert isinstance(relative, RelativeDifference | RelativeMean)
    known = relative.known if isinstance(relative, RelativeMean) else relative.difference
    assert isinstance(known, kind)


@pytest.mark.parametrize("metric", ["mse", "my_metrics:loss"])
def test_values_that_a_few_decide_are_bet_on_within_a_range(metric):
    theirs = np.full(SAMPLES, 0.1)
    ours = theirs + np.append(np.zeros(SAMPLES - 1), 0.5)
    one, other = (
        replace(measured("loss", values), metrics={"loss": metric}) for values in (ours, theirs)
    )
    unbounded = estimate_of("loss", MAX_RISE, one, other)
    assert unbounded.obstacle(0.95, 0.1).reason == "skewed"
    ranged = [replace(each, ranges={"loss": (0.0, 1.0)}) for each in (one, other)]
    bounded = estimate_of("loss", MAX_RISE, *ranged)
    assert bounded.obstacle(0.95, 0.1) is None
    assert bounded.at_most(0.01) < 0.05 < bounded.at_most(0.001)


def test_a_ratio_of_errors_allows_for_the_baselines_own_uncertainty():
    theirs = np.random.default_rng(5).gamma(4, 0.25, SAMPLES)
    one, other = measured("mse", 1.02 * theirs), measured("mse", theirs)
    estimate = estimate_of("mse", MAX_RATIO, one, other)
    assert isinstance(estimate, RelativeMean)
    assert estimate.at_most(1.021) < 0.05
    assert estimate.at_least(1.019) < 0.05
