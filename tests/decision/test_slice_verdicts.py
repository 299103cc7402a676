"""Limits on slices: each is checked, the worst is named, and small ones give warnings."""

import numpy as np
import pytest

from quantgate.decision.slice_verdicts import warnings_about_slices
from quantgate.records.tasks import Slices
from quantgate.report import html, markdown
from quantgate.report.overview import verdict_text, worst_slices
from quantgate.report.table import figures_shown
from quantgate.wording.verdicts import rule_text

DEVICES = {"phone": 600, "tablet": 390, "watch": 10}
SLICES = {"top1": Slices(key="device", higher_is_better=True, samples=DEVICES)}


def samples_of(**right: int) -> dict[str, np.ndarray]:
    """Return the samples of each device, of which the given number is right."""
    slices = {
        f"top1[{of}]": (np.arange(count) < right[of]).astype(float) for of, count in DEVICES.items()
    }
    return {"top1": np.concatenate(list(slices.values())), **slices}


@pytest.fixture
def decide(run):
    """A candidate that loses two watches of ten and nothing else."""

    def decided(limit, tablet=351):
        samples = samples_of(phone=540, tablet=350, watch=9)
        metrics = dict.fromkeys(samples, "top1")
        run.evaluate("float32", samples, metrics=metrics, slices=SLICES)
        run.baseline = run.evaluations.pop()
        run.attest("small", "float16", 500)
        run.evaluate("small", samples_of(phone=540, tablet=tablet, watch=7), metrics=metrics)
        return run.decide({"top1": limit})

    return decided


def test_a_limit_on_slices_shows_a_loss_that_the_mean_hides(decide):
    decision = decide({"max_drop": 0.01, "each_slice": {"max_drop": 0.05}})
    whole, worst = decision.candidates[0].verdicts
    assert whole.passed
    assert not worst.passed
    assert (worst.name, worst.worst_of, worst.value) == ("top1[watch]", "top1", pytest.approx(0.2))
    assert decision.closest.missed == ["top1[watch] drop of 0.2000 exceeds 0.05 by 0.1500"]
    assert rule_text(worst) == "top1[each slice] drop at most 0.05"
    assert verdict_text(worst) == "0.2000 in watch"


def test_a_slice_may_have_its_own_limits(decide):
    limit = {"each_slice": {"max_drop": 0.01}, "slices": {"watch": {"max_drop": 0.3, "min": 0.6}}}
    each, *own = decide(limit).candidates[0].verdicts
    assert (each.name, each.passed) == ("top1[phone]", True)
    assert [(v.name, v.rule, v.passed, v.worst_of) for v in own] == [
        ("top1[watch]", "min", True, None),
        ("top1[watch]", "max_drop", True, None),
    ]


def test_an_unmeasured_slice_violates_its_limit(decide):
    decision = decide({"slices": {"fridge": {"max_drop": 0.5}}})
    assert decision.closest.missed == ["top1[fridge] drop at most 0.5: not measured"]


def test_a_confidence_applies_in_each_slice(decide):
    (worst,) = decide({"each_slice": {"max_drop": 0.25, "confidence": 0.9}}).candidates[0].verdicts
    assert worst.name == "top1[watch]"
    assert worst.bound > 0.25
    assert not worst.passed


def test_a_failed_slice_is_worse_than_an_undecided_one(decide):
    each = {"max_drop": 0.1, "confidence": 0.95}
    (worst,) = decide({"each_slice": each}, tablet=280).candidates[0].verdicts
    assert (worst.name, worst.outcome) == ("top1[tablet]", "fail")
    watches = decide({"slices": {"watch": each}}, tablet=280).candidates[-1].verdicts[0]
    assert (watches.outcome, watches.margin < worst.margin) == ("undecided", True)


def test_small_slices_give_warnings(decide):
    each = {"max_drop": 0.05, "confidence": 0.95}
    decision = decide({"each_slice": each, "slices": {"tablet": {"min": 0.1}}})
    assert decision.warnings == [
        "1 of the 3 slices of top1 by `device` have fewer than 30 samples: watch (10). Their "
        "figures say little: evaluate on more samples of them",
        "10 evaluation samples cannot show that top1[watch] drops by at most 0.05 at 95 % "
        "confidence, not even for a candidate that agrees with the baseline on each of them. A "
        "single candidate needs at least 59, and several need more: evaluate on more samples, or "
        "widen the limit",
    ]


def test_reports_show_only_the_worst_slice(decide):
    decision = decide({"max_drop": 0.01})
    assert figures_shown(decision) == ["size_bytes", "top1"]
    assert worst_slices(decision) == [
        ("float32", "top1 in tablet, 390 samples: 0.8974"),
        ("small", "top1 in watch, 10 samples: 0.7000 -0.2000"),
    ]
    assert "**small**: top1 in watch, 10 samples: 0.7000 -0.2000" in markdown.render(decision)
    assert "top1 in watch, 10 samples: 0.7000 -0.2000" in html.render(decision)
    assert "top1[" not in decision.summary


def test_large_slices_give_no_warning():
    large = {"top1": Slices(key="device", higher_is_better=True, samples={"phone": 30})}
    assert warnings_about_slices({}, {"top1": 0.9}, {"top1": "top1"}, large) == []


def test_advice_to_evaluate_on_more_samples_counts_those_of_the_slice(decide):
    limit = {"slices": {"tablet": {"max_drop": 0.01, "confidence": 0.95}}}
    (advice,) = decide(limit, tablet=349).advice
    assert " instead of 390 in the slice `tablet` would show for small top1[tablet] drop" in advice
