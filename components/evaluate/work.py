"""The work of `evaluate`: the accuracy of one .tflite on a labelled data set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.dataset import content_sha256, open_dataset, read_manifests
from quantgate.components.evaluate.fit import Plan, plan_metrics
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.run import Scores, score_model
from quantgate.components.interpreter import ModelFailure, litert_version
from quantgate.components.isolation import IsolatedFailure, run_isolated
from quantgate.errors import InputError
from quantgate.hashing import sha256_of_file
from quantgate.records import Measurement, ModelFacts

MEASUREMENT = "measurement.json"
SAMPLES = "samples.npz"
TIMEOUT_S = 6 * 3600.0
NO_MODEL = "the conversion left no model"


def evaluate(
    model_path: str,
    *,
    facts_path: str,
    dataset_path: str,
    metrics: Sequence[Mapping[str, object]],
    measurement_path: str,
) -> None:
    """Run a .tflite over a labelled data set and compute its metrics.

    A model that does not run, or whose outputs are not finite, is a result: its measurement says
    why. The model runs in a process of its own, so that a crash in a kernel is a reason too.

    Args:
        model_path: a .tflite of any mode; zero bytes long where the conversion failed.
        facts_path: `ModelFacts` of the float model.
        dataset_path: a labelled data set as `build_dataset` writes it.
        metrics: the spec's `measure.metrics`.
        measurement_path: folder to write `measurement.json` and `samples.npz` to.

    Raises:
        InputError: a metric does not fit the model's outputs or the labels.
    """
    facts = ModelFacts.read(facts_path)
    plans = plan_metrics(metrics, facts, dataset_path)
    manifests = read_manifests(dataset_path, dict.fromkeys(plan.signature for plan in plans))
    if Path(model_path).stat().st_size:
        sha256 = sha256_of_file(model_path)
        reasons, kept = _scored(model_path, facts, dataset_path, plans)
    else:
        sha256, reasons, kept = None, [NO_MODEL], {}
    root = Path(measurement_path)
    root.mkdir(parents=True, exist_ok=True)
    per_sample: dict[str, Any] = {
        name: COMPUTATIONS[name].per_sample(score.values, score.truth)
        for name, score in kept.items()
    }
    np.savez(root / SAMPLES, **per_sample)
    Measurement(
        model_sha256=sha256,
        status="failed" if reasons else "measured",
        reasons=reasons,
        figures={
            name: COMPUTATIONS[name].figure(score.values, score.truth)
            for name, score in kept.items()
        },
        samples=sum(manifest.samples for manifest in manifests.values()),
        dataset_sha256=content_sha256(manifests),
        litert=litert_version(),
    ).write(root / MEASUREMENT)


@dataclass(frozen=True)
class _Score:
    """A value for each sample, and what it was scored against."""

    values: NDArray[np.float64]
    truth: NDArray[Any]


def _scored(
    model_path: str, facts: ModelFacts, dataset_path: str, plans: Sequence[Plan]
) -> tuple[list[str], dict[str, _Score]]:
    """Why the model cannot be measured, or else its scores by metric."""
    kept: dict[str, _Score] = {}
    for signature in dict.fromkeys(plan.signature for plan in plans):
        those = [plan for plan in plans if plan.signature == signature]
        outcome = _score(model_path, facts, dataset_path, those)
        reasons = _reasons(outcome)
        if reasons or not isinstance(outcome, Scores):
            where = f"signature `{signature}`: " if len(facts.keys) > 1 else ""
            return [f"{where}{reason}" for reason in reasons], {}
        truth = np.asarray(open_dataset(dataset_path, signature).label)
        kept |= {name: _Score(values, truth) for name, values in outcome.by_metric.items()}
    return [], kept


def _score(
    model_path: str, facts: ModelFacts, dataset_path: str, plans: Sequence[Plan]
) -> Scores | ModelFailure | IsolatedFailure:
    try:
        outcome = run_isolated(
            score_model, model_path, facts, dataset_path, plans, timeout_s=TIMEOUT_S
        )
    except IsolatedFailure as failure:
        return failure
    if isinstance(outcome, InputError):
        raise outcome
    return outcome


def _reasons(outcome: Scores | ModelFailure | IsolatedFailure) -> list[str]:
    if isinstance(outcome, IsolatedFailure):
        return [f"running the model failed: {outcome}"]
    if isinstance(outcome, ModelFailure):
        return [str(outcome)]
    if len(outcome.not_finite):
        return [
            f"the outputs hold NaN or infinity for {len(outcome.not_finite)} samples, the first "
            f"is sample {outcome.not_finite[0]}"
        ]
    return []
