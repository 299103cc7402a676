"""Join every metric of a spec with its output, and check it against the labels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.case import DEFAULT_PEAK, Case, Settings, labels_text
from quantgate.components.evaluate.computation import Computation, user_computation
from quantgate.components.evaluate.detection import misfit, truth_problem
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.postprocess import Form, argmax_classes, form_after, listed
from quantgate.components.evaluate.slices import rows_by_slice
from quantgate.components.user_code import load_function
from quantgate.domain.figures import MAP
from quantgate.errors import InputError
from quantgate.records.datasets import ArrayFacts
from quantgate.records.tasks import ModelFacts
from quantgate.spec.model.metric import BoxTruth, Detection, Metric, Step

NUMERIC = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
#: Number of guesses that count, if it is part of the metric's name.
_GUESSES = {"top5": 5}
_NO_LABELS = ArrayFacts(file="", shape=[0], dtype="float32", minimum=0, maximum=0)


@dataclass(frozen=True)
class Plan:
    """One metric to compute.

    Attributes:
        title: name of its figure.
        metric: the metric's name, or `module:function`.
        signature: key of the signature whose output is used.
        output: the output's name.
        steps: the steps that are applied to the output first.
        settings: the settings of the metric.
        label: field of the data set with its labels, None for those of the data set.
        slice: field of the data set to slice by, None without slices.
        higher_is_better: whether a higher figure is better.
        detection: the outputs with boxes, which replace the one output.
        truth: the fields with boxes, which replace the labels.
        range: the least and the greatest value of a sample, if the spec has them.
    """

    title: str
    metric: str
    signature: str
    output: str
    steps: tuple[Step, ...]
    settings: Settings
    label: str | None = None
    slice: str | None = None
    higher_is_better: bool = True
    detection: Detection | None = None
    truth: BoxTruth | None = None
    range: tuple[float, float] | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of all outputs that it uses."""
        boxes = self.detection
        if boxes is None:
            return (self.output,)
        return (boxes.boxes, boxes.scores, boxes.classes, *([boxes.count] if boxes.count else ()))

    @property
    def is_user_function(self) -> bool:
        """True if the metric is a user's function."""
        return self.metric not in COMPUTATIONS

    @property
    def computation(self) -> Computation:
        """The computation of the metric. Raises InputError if a user's function does not exist."""
        known = COMPUTATIONS.get(self.metric)
        return known or user_computation(load_function(self.metric), per_sample=bool(self.range))


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


def check_fit(plan: Plan, forms: Mapping[str, Form], dataset: DatasetFolder) -> None:
    """Check that a metric fits outputs and labels.

    The values of labels are checked only if all of them are there. A set in parts was checked when
    its parts were merged.

    Args:
        plan: the metric.
        forms: the form of each output, by name. A size of -1 fits every size.
        dataset: the evaluation samples.

    Raises:
        InputError: the metric does not fit.
    """
    if plan.detection and plan.truth:
        _check_boxes(plan, plan.detection, plan.truth, forms, dataset)
        return
    computation, labels = plan.computation, dataset.labels_at(plan.label)
    form = _after_steps(plan, forms[plan.output])
    if computation.labelled and labels is None:
        raise InputError(
            f"metric `{plan.title}` needs labels, and the evaluation set has none. "
            "Name them as `label`"
        )
    label, values = labels or (_NO_LABELS, next(iter(dataset.inputs.values()))[:0])
    names = dataset.manifest.classes
    chosen_from = argmax_classes(plan.steps, forms[plan.output])
    there = values[dataset.rows]
    case = Case(plan.output, form, label, there, plan.settings, names, chosen_from)
    if form.dtype not in NUMERIC or not computation.fits(case):
        described = labels_text(case, computation.needs) if computation.labelled else ""
        raise InputError(
            f"metric `{plan.title}` needs {computation.needs}. Output `{plan.output}`"
            f"{listed(plan.steps)} is {form}{described}"
        )
    if dataset.present is not None:
        return
    if problem := computation.problem(case):
        raise InputError(f"metric `{plan.title}`: {problem}")
    if computation.labelled:
        _check_slices(plan, dataset, lambda rows: computation.problem(_narrowed(case, rows)))


def _narrowed(case: Case, rows: NDArray[np.int64]) -> Case:
    return case._replace(labels=np.asarray(case.labels[rows]))


def _check_boxes(
    plan: Plan,
    detection: Detection,
    truth: BoxTruth,
    forms: Mapping[str, Form],
    dataset: DatasetFolder,
) -> None:
    if missing := [key for key in (truth.boxes, truth.classes) if key not in dataset.fields]:
        raise InputError(
            f"metric `{plan.title}`: the evaluation set has no `{missing[0]}`. Build it again"
        )
    if needs := misfit(detection, truth, forms, dataset):
        raise InputError(f"metric `{plan.title}` needs {needs}")
    if dataset.present is not None:
        return
    form = truth.format or detection.format
    if problem := truth_problem(truth, form, dataset, slice(None)):
        raise InputError(f"metric `{plan.title}`: {problem}")
    _check_slices(plan, dataset, lambda rows: truth_problem(truth, form, dataset, rows))


def _check_slices(
    plan: Plan, dataset: DatasetFolder, problem_of: Callable[[NDArray[np.int64]], str | None]
) -> None:
    """Refuse slices in which the metric has no value, as they could not meet any limit."""
    for of, rows in rows_by_slice(dataset, plan.slice).items() if plan.slice else ():
        if problem := problem_of(rows):
            raise InputError(
                f"metric `{plan.title}` in the slice `{of}` of `{plan.slice}`: {problem}. Slice by "
                "another key, or leave out such samples"
            )


def _after_steps(plan: Plan, given: Form) -> Form:
    try:
        return form_after(plan.steps, given)
    except ValueError as error:
        raise InputError(
            f"metric `{plan.title}`: output `{plan.output}` is {given}, which its `postprocess` "
            f"does not fit: {error}"
        ) from error


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
