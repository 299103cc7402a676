"""Join every metric of a spec with its output, and check it against the labels."""

from collections.abc import Callable, Mapping, Sequence

from pydantic import ValidationError

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.case import DEFAULT_PEAK, Settings
from quantgate.components.evaluate.compatibility import check_fit
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.postprocess import Form
from quantgate.domain.figures import MAP
from quantgate.errors import InputError
from quantgate.records.tasks import ModelFacts
from quantgate.spec.model.metric import Metric

#: Number of guesses that count, if it is part of the metric's name.
_GUESSES = {"top5": 5}


def plan_metrics(
    metrics: Sequence[Mapping[str, object]],
    facts: ModelFacts,
    dataset_of: Callable[[str], DatasetFolder],
) -> list[Plan]:
    """Join every metric with its output and check it against the labels.

    Args:
        metrics: the spec's `measure.metrics`.
        facts: `ModelFacts` of the float model.
        dataset_of: returns the evaluation samples of a signature, by its key.

    Raises:
        InputError: a metric is unknown or does not fit the outputs or the labels.
    """
    plans = planned(metrics, facts)
    for plan in plans:
        outputs = facts.signature(plan.signature).outputs
        forms = {
            name: Form(outputs[name].dtype, tuple(outputs[name].shape[1:])) for name in plan.outputs
        }
        check_fit(plan, forms, dataset_of(plan.signature))
    return plans


def planned(metrics: Sequence[Mapping[str, object]], facts: ModelFacts) -> list[Plan]:
    """Join every metric with its output, without a check against the labels.

    Raises:
        InputError: a metric is unknown, or the model has no such output.
    """
    return [_plan(metric, facts) for metric in map(_read, metrics)]


def _read(entry: Mapping[str, object]) -> Metric:
    try:
        # Not strict, because KFP passes whole numbers as floats.
        metric = Metric.model_validate(entry, strict=False)
    except ValidationError as error:
        raise InputError(f"measure.metrics: {dict(entry)} is not a metric: {error}") from error
    if metric.metric not in COMPUTATIONS and not metric.is_own:
        known = ", ".join(COMPUTATIONS)
        raise InputError(f"measure.metrics: `{metric.metric}` is unknown. Choose from {known}")
    return metric


def _plan(metric: Metric, facts: ModelFacts) -> Plan:
    signature = facts.signature(_signature_of(metric, facts))
    names = list(signature.outputs)
    known = ", ".join(f"`{name}`" for name in names)
    if metric.metric == MAP.name:
        _check_detection(metric, names)
    elif metric.output is None and len(names) > 1:
        raise InputError(
            f"metric `{metric.title}`: the model has several outputs, {known}. Name one as `output`"
        )
    if metric.output is not None and metric.output not in names:
        raise InputError(_unknown_output(metric, metric.output, names))
    return Plan(
        title=metric.title,
        metric=metric.metric,
        signature=signature.key,
        output=metric.output or names[0],
        steps=tuple(metric.postprocess or ()),
        settings=Settings(
            metric.peak or DEFAULT_PEAK,
            metric.k or _GUESSES.get(metric.metric, 1),
            metric.ignore,
        ),
        label=metric.label,
        slice=metric.slice,
        higher_is_better=metric.figure is None or metric.figure.higher_is_better,
        detection=metric.detection,
        truth=metric.truth,
        range=(metric.range[0], metric.range[1]) if metric.range else None,
    )


def _check_detection(metric: Metric, names: Sequence[str]) -> None:
    if metric.detection is None or metric.truth is None:
        raise InputError(f"metric `{metric.title}` needs `detection` and `truth`")
    for name in metric.detection.model_dump(exclude={"format"}).values():
        if name not in names:
            raise InputError(_unknown_output(metric, name, names))


def _unknown_output(metric: Metric, name: str, names: Sequence[str]) -> str:
    known = ", ".join(f"`{each}`" for each in names)
    return f"metric `{metric.title}`: the model has no output `{name}`, only {known}"


def _signature_of(metric: Metric, facts: ModelFacts) -> str:
    if metric.signature is None and len(facts.keys) > 1:
        known = ", ".join(f"`{key}`" for key in facts.keys)
        raise InputError(
            f"metric `{metric.title}`: the model has several signatures, {known}. Name one as "
            "`signature`"
        )
    return metric.signature or facts.keys[0]
