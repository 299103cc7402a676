"""A model with the samples and metrics of each signature."""

from collections.abc import Callable, Sequence

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.planning import Plan
from quantgate.components.evaluate.run import Subject
from quantgate.errors import InputError
from quantgate.records.tasks import ModelFacts


def subjects_of(
    model: str,
    facts: ModelFacts,
    dataset_of: Callable[[str], DatasetFolder],
    plans: Sequence[Plan],
    baseline: str | None,
) -> list[Subject]:
    """Return a model with the samples and metrics of each signature.

    Args:
        model: the .tflite.
        facts: `ModelFacts` of the float model.
        dataset_of: opens the data set of a signature.
        plans: the metrics.
        baseline: the float .tflite, if a metric compares with it. None for that model itself.
    """
    by_signature: dict[str, list[Plan]] = {}
    for plan in plans:
        by_signature.setdefault(plan.signature, []).append(plan)
    return [
        Subject(model, facts, dataset_of(signature), of_signature, baseline)
        for signature, of_signature in by_signature.items()
    ]


def needed_baseline(baseline: str | None, plans: Sequence[Plan]) -> str | None:
    """Return the float .tflite if a metric compares with it.

    Raises:
        InputError: it is needed, but was not passed.
    """
    comparing = [plan.title for plan in plans if not plan.computation.labelled]
    if comparing and baseline is None:
        raise InputError(f"`{comparing[0]}` compares with the float model: pass it as `baseline`")
    return baseline
