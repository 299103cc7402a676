"""Signs that a run rests on the wrong samples or on too few."""

from collections.abc import Mapping

from quantgate.decision.sample_sets import SampleSets, random_purposes
from quantgate.domain.figures import METRICS, TOP1

#: LiteRT's guide advises 100 to 500 samples for calibration.
ADVISED = 100
BELONG = "do these labels and this way of preparing inputs belong to the model?"


def warnings_of_doubt(
    baseline: Mapping[str, float],
    metrics: Mapping[str, str],
    calibration: SampleSets,
    evaluation: SampleSets,
) -> list[str]:
    """Say where the float model knows no more than its labels' counts, and what calibrates thinly.

    Args:
        baseline: the figures of the float model.
        metrics: the metric by the name of its figure.
        calibration: the sets by signature.
        evaluation: the same.
    """
    if random_purposes(calibration, evaluation):
        return []
    return [
        *_guesses(baseline, metrics, evaluation),
        *_worthless(baseline, metrics),
        *_thin(calibration),
    ]


def _guesses(
    baseline: Mapping[str, float], metrics: Mapping[str, str], evaluation: SampleSets
) -> list[str]:
    # Further arrays may be labels that a metric names for itself: nothing here counts those.
    manifests = [found.manifest for found in evaluation.values() if not found.manifest.fields]
    counted = [manifest.per_class for manifest in manifests if manifest.per_class]
    if len(counted) != 1 or len(counted[0]) < 2:
        return []
    (counts,) = counted
    commonest = max(counts, key=counts.__getitem__)
    share = counts[commonest] / sum(counts.values())
    return [
        f"the float model's {name} of {baseline[name]:.4f} is no better than to answer "
        f"{commonest}, the commonest class, every time ({share:.4f}): {BELONG}"
        for name, metric in metrics.items()
        if metric == TOP1.name and 0 < baseline.get(name, 1.0) <= share
    ]


def _worthless(baseline: Mapping[str, float], metrics: Mapping[str, str]) -> list[str]:
    return [
        f"the float model's {name} is 0, and no candidate can lose any of it: {BELONG}"
        for name, metric in metrics.items()
        if metric in METRICS and METRICS[metric].maximum == 1.0 and baseline.get(name) == 0.0
    ]


def _thin(calibration: SampleSets) -> list[str]:
    return [
        f"integer models are calibrated on {count:,} sample{'s' * (count > 1)}"
        f"{f' of signature `{key}`' * (len(calibration) > 1)} only: LiteRT's guide advises "
        "100 to 500, as varied as what the model will meet"
        for key, found in calibration.items()
        if (count := found.manifest.samples) < ADVISED
    ]
