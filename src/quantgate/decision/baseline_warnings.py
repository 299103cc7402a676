"""Warnings about labels that do not match the model, and about too few calibration samples."""

from collections.abc import Mapping

from quantgate.decision.sample_sets import SampleSets, random_purposes
from quantgate.domain.figures import METRICS
from quantgate.domain.warnings import (
    BASELINE_AT_ZERO,
    BASELINE_GUESSES,
    BASELINE_NOT_COMPARED,
    FEW_CALIBRATION_SAMPLES,
    Warned,
)
from quantgate.records.guess import Guess
from quantgate.records.source import SourceComparison

#: The fewest samples for calibration that LiteRT's guide recommends.
ADVISED = 100
CHECK = "Check that labels and preprocessing match the model"


def warnings_of_baseline(
    baseline: Mapping[str, float],
    metrics: Mapping[str, str],
    guesses: Mapping[str, Guess],
    calibration: SampleSets,
    evaluation: SampleSets,
) -> list[Warned]:
    """Warn of a float model no better than a guess, and of small calibration sets.

    Args:
        baseline: the figures of the float model.
        metrics: the metric by the name of its figure.
        guesses: the figures of models that ignore their inputs.
        calibration: the sets by signature.
        evaluation: the sets by signature.
    """
    if random_purposes(calibration, evaluation):
        return []
    return [
        *_guesses(baseline, guesses),
        *_worthless(baseline, metrics),
        *_thin(calibration),
    ]


def warnings_of_comparison(comparison: SourceComparison | None) -> list[Warned]:
    """Return a warning if the baseline could not be compared with its source model."""
    if comparison is None or comparison.unavailable is None:
        return []
    return [
        BASELINE_NOT_COMPARED.says(
            "the float baseline was not compared with its source model in TensorFlow: "
            f"{comparison.unavailable}"
        )
    ]


def _guesses(baseline: Mapping[str, float], guesses: Mapping[str, Guess]) -> list[Warned]:
    return [
        BASELINE_GUESSES.says(
            f"the float model's {name} ({baseline[name]:.4f}) does not beat {guess.predicts} "
            f"({guess.figure:.4f}). {CHECK}"
        )
        for name, guess in guesses.items()
        if 0 < baseline.get(name, 1.0) <= guess.figure
    ]


def _worthless(baseline: Mapping[str, float], metrics: Mapping[str, str]) -> list[Warned]:
    return [
        BASELINE_AT_ZERO.says(
            f"the float model's {name} is 0, so no candidate can lose any of it. {CHECK}"
        )
        for name, metric in metrics.items()
        if metric in METRICS and METRICS[metric].maximum == 1.0 and baseline.get(name) == 0.0
    ]


def _thin(calibration: SampleSets) -> list[Warned]:
    return [
        FEW_CALIBRATION_SAMPLES.says(
            f"integer models are calibrated on only {count:,} sample{'s' * (count > 1)}"
            f"{f' of signature `{key}`' * (len(calibration) > 1)}: LiteRT's guide recommends "
            "100 to 500, as varied as the model's inputs"
        )
        for key, samples in calibration.items()
        if (count := samples.manifest.samples) < ADVISED
    ]
