"""A model with the samples and metrics of each signature."""

from collections.abc import Iterable, Sequence

from quantgate.components.evaluate.outcome import ModelRun
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.run import Subject
from quantgate.errors import InputError


def subjects_of(run: ModelRun, model: str, baseline: str | None) -> list[Subject]:
    """Return a model with the samples and metrics of each signature.

    Args:
        run: the facts, data sets and metrics.
        model: the .tflite.
        baseline: the float .tflite. Metrics without labels need it, unless `model` is that file.

    Raises:
        InputError: a metric needs the float .tflite, but it was not passed.
    """
    compared = None if run.is_of_baseline else _needed(baseline, run.plans)
    plans = by_signature([*run.plans, *run.watches])
    return [
        Subject(model, run.facts, run.dataset_of(signature), of_signature, compared)
        for signature, of_signature in plans.items()
    ]


def by_signature(plans: Iterable[Plan]) -> dict[str, list[Plan]]:
    """Return metrics by the key of their signature."""
    grouped: dict[str, list[Plan]] = {}
    for plan in plans:
        grouped.setdefault(plan.signature, []).append(plan)
    return grouped


def _needed(baseline: str | None, plans: Sequence[Plan]) -> str | None:
    comparing = [plan.title for plan in plans if not plan.computation.labelled]
    if comparing and baseline is None:
        raise InputError(f"`{comparing[0]}` compares with the float model: pass it as `baseline`")
    return baseline
