"""Warnings of labels that look wrong, and of too few calibration samples."""

import numpy as np
import pytest

from quantgate.decision.baseline_warnings import warnings_of_baseline
from quantgate.decision.sample_sets import SampleSet
from quantgate.domain.warnings import BASELINE_AT_ZERO, BASELINE_GUESSES, FEW_CALIBRATION_SAMPLES
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.records.guess import Guess

FACTS = ArrayFacts(file="x.npy", shape=[1, 2], dtype="f4", minimum=0, maximum=1)


def samples(purpose, count, synthetic=False):
    manifest = Manifest(
        purpose=purpose,
        source="x.npz",
        inputs={"x": FACTS},
        label=None,
        samples=count,
        available=count,
        select="first",
        seed=0,
        per_class=None,
        content_sha256="0" * 64,
        synthetic=synthetic,
    )
    return {"serve": SampleSet(manifest, np.array([], np.uint64))}


GUESS = Guess(predicts="always predicting class 0, the most frequent one", figure=0.6)


@pytest.mark.parametrize(("top1", "guesses"), [(0.6, True), (0.4, True), (0.61, False)])
def test_a_float_model_that_does_not_beat_a_guess_gives_a_warning(top1, guesses):
    figures, metrics = {"head": top1, "other": 0.1}, {"head": "top1", "other": "top1"}
    said = BASELINE_GUESSES.says(
        f"the float model's head ({top1:.4f}) does not beat always predicting class 0, the most "
        "frequent one (0.6000). Check that labels and preprocessing match the model"
    )
    told = warnings_of_baseline(figures, metrics, {"head": GUESS}, {}, {})
    assert told == ([said] if guesses else [])


def test_a_figure_that_was_not_measured_is_no_guess():
    assert warnings_of_baseline({}, {}, {"head": GUESS}, {}, {}) == []


def test_a_float_model_with_a_metric_of_0_gives_a_warning():
    figures = {"boxes": 0.0, "head": 0.0, "psnr": 0.0, "auc": 0.5}
    metrics = {"boxes": "mean_average_precision", "head": "top1", "psnr": "psnr", "auc": "roc_auc"}
    assert warnings_of_baseline(figures, metrics, {"head": GUESS}, {}, {}) == [
        BASELINE_AT_ZERO.says(
            f"the float model's {name} is 0, so no candidate can lose any of it. Check that labels "
            "and preprocessing match the model"
        )
        for name in ("boxes", "head")
    ]


@pytest.mark.parametrize(("count", "named"), [(1, "1 sample"), (99, "99 samples")])
def test_few_calibration_samples_give_a_warning(count, named):
    advised = "LiteRT's guide recommends 100 to 500, as varied as the model's inputs"
    few, enough = samples("calibration", count), samples("calibration", 100)
    start = f"integer models are calibrated on only {named}"
    assert warnings_of_baseline({}, {}, {}, few, {}) == [
        FEW_CALIBRATION_SAMPLES.says(f"{start}: {advised}")
    ]
    both = {"encode": few["serve"], "decode": enough["serve"]}
    assert warnings_of_baseline({}, {}, {}, both, {}) == [
        FEW_CALIBRATION_SAMPLES.says(f"{start} of signature `encode`: {advised}")
    ]
    assert warnings_of_baseline({}, {}, {}, enough, {}) == []


def test_few_random_calibration_samples_give_no_warning():
    random = samples("calibration", 3, synthetic=True)
    assert warnings_of_baseline({}, {}, {}, random, {}) == []
