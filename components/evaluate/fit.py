"""Whether a metric fits the model's outputs and the labels, before anything runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from pydantic import ValidationError

from quantgate.components.dataset import DatasetFolder, open_dataset
from quantgate.components.evaluate.metrics import COMPUTATIONS, DEFAULT_PEAK
from quantgate.errors import InputError
from quantgate.records import ArrayFacts, ModelFacts
from quantgate.spec.model import Metric

NUMERIC = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
Shape = Sequence[int]


@dataclass(frozen=True)
class Plan:
    """One metric to compute: from which output of which signature, and against which peak."""

    metric: str
    signature: str
    output: str
    peak: float


def plan_metrics(
    metrics: Sequence[Mapping[str, object]], facts: ModelFacts, dataset: str
) -> list[Plan]:
    """Join every metric with its output and hold it against the labels.

    Args:
        metrics: the spec's `measure.metrics`.
        facts: of the float model.
        dataset: the labelled data set, with samples for each signature that a metric is of.

    Raises:
        InputError: a metric is unknown or does not fit the outputs or the labels.
    """
    plans = [_plan(metric, facts) for metric in map(_read, metrics)]
    for plan in plans:
        output = facts.signature(plan.signature).outputs[plan.output]
        check_fit(plan, output.dtype, output.shape[1:], open_dataset(dataset, plan.signature))
    return plans


def check_fit(plan: Plan, dtype: str, shape: Shape, dataset: DatasetFolder) -> None:
    """Raise InputError unless a metric fits an output of this dtype and per-sample shape.

    A dimension of -1 fits every size.
    """
    label = dataset.manifest.label
    if label is None:
        raise InputError(
            f"metric `{plan.metric}` needs labels, and the evaluation set has none; "
            "name them as `label`"
        )
    if dtype not in NUMERIC or not _SHAPES[plan.metric](shape, label):
        raise InputError(
            f"metric `{plan.metric}` needs {COMPUTATIONS[plan.metric].needs}; output "
            f"`{plan.output}` is {dtype} {list(shape)} per sample, the labels are {label.dtype} "
            f"{label.shape}"
        )
    if problem := _VALUES[plan.metric](plan, shape, label, dataset):
        raise InputError(f"metric `{plan.metric}`: {problem}")


def _read(entry: Mapping[str, object]) -> Metric:
    try:
        metric = Metric.model_validate(entry)
    except ValidationError as error:
        raise InputError(f"measure.metrics: {dict(entry)} is not a metric: {error}") from error
    if metric.metric not in COMPUTATIONS:
        known = ", ".join(COMPUTATIONS)
        raise InputError(f"measure.metrics: `{metric.metric}` is unknown; choose from {known}")
    return metric


def _plan(metric: Metric, facts: ModelFacts) -> Plan:
    signature = facts.signature(_signature_of(metric, facts))
    names = list(signature.outputs)
    listed = ", ".join(f"`{name}`" for name in names)
    if metric.output is None and len(names) > 1:
        raise InputError(
            f"metric `{metric.metric}`: the model has several outputs, {listed}; name one as "
            "`output`"
        )
    if metric.output is not None and metric.output not in names:
        raise InputError(
            f"metric `{metric.metric}`: the model has no output `{metric.output}`, only {listed}"
        )
    output = metric.output or names[0]
    return Plan(metric.metric, signature.key, output, metric.peak or DEFAULT_PEAK)


def _signature_of(metric: Metric, facts: ModelFacts) -> str:
    if metric.signature is None and len(facts.keys) > 1:
        listed = ", ".join(f"`{key}`" for key in facts.keys)
        raise InputError(
            f"metric `{metric.metric}`: the model has several signatures, {listed}; name one as "
            "`signature`"
        )
    return metric.signature or facts.keys[0]


def _one_per_sample(label: ArrayFacts) -> bool:
    return label.shape[1:] in ([], [1])


def _fits_top1(shape: Shape, label: ArrayFacts) -> bool:
    integers = np.dtype(label.dtype).kind in "iu"
    return integers and _one_per_sample(label) and len(shape) == 1 and shape[0] != 1


def _fits_roc_auc(shape: Shape, label: ArrayFacts) -> bool:
    return _one_per_sample(label) and list(shape) in ([], [1], [2], [-1])


def _fits_target(shape: Shape, label: ArrayFacts) -> bool:
    output, target = list(shape), label.shape[1:]
    if len(output) == len(target) + 1 and output[-1] == 1:
        output.pop()
    return len(output) == len(target) and all(
        size in (wanted, -1) for size, wanted in zip(output, target, strict=True)
    )


def _class_problem(plan: Plan, shape: Shape, label: ArrayFacts, data: DatasetFolder) -> str | None:
    if label.minimum >= 0 and (shape[0] == -1 or label.maximum < shape[0]):
        return None
    classes = "0 and upwards" if shape[0] == -1 else f"0 to {shape[0] - 1}"
    return (
        f"the labels run from {label.minimum:.0f} to {label.maximum:.0f}, output `{plan.output}` "
        f"knows classes {classes}"
    )


def _binary_problem(plan: Plan, shape: Shape, label: ArrayFacts, data: DatasetFolder) -> str | None:
    values, counts = np.unique(np.asarray(data.label), return_counts=True)
    if not set(values.tolist()) <= {0, 1}:
        return f"the labels must be 0 and 1, they hold {_few(values.tolist())}"
    found = dict(zip(values.tolist(), counts.tolist(), strict=True))
    if min(found.get(0, 0), found.get(1, 0)) < 2:
        return (
            f"there are {found.get(0, 0)} samples of class 0 and {found.get(1, 0)} of class 1; it "
            "needs at least two of each"
        )
    return None


def _peak_problem(plan: Plan, shape: Shape, label: ArrayFacts, data: DatasetFolder) -> str | None:
    if label.maximum <= plan.peak:
        return None
    return (
        f"the targets reach {label.maximum:g}, above the peak of {plan.peak:g}; give the largest "
        "possible value as `peak`"
    )


def _no_problem(plan: Plan, shape: Shape, label: ArrayFacts, data: DatasetFolder) -> str | None:
    return None


def _few(values: list[float], most: int = 5) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown


_SHAPES: Mapping[str, Callable[[Shape, ArrayFacts], bool]] = MappingProxyType(
    {"top1": _fits_top1, "roc_auc": _fits_roc_auc, "mse": _fits_target, "psnr": _fits_target}
)
_VALUES: Mapping[str, Callable[[Plan, Shape, ArrayFacts, DatasetFolder], str | None]] = (
    MappingProxyType(
        {
            "top1": _class_problem,
            "roc_auc": _binary_problem,
            "mse": _no_problem,
            "psnr": _peak_problem,
        }
    )
)
