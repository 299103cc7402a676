"""Check a metric against the outputs of the model and the labels of the data set."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.case import Case, labels_text
from quantgate.components.evaluate.computation import Computation
from quantgate.components.evaluate.detection import misfit, truth_problem
from quantgate.components.evaluate.one_hot import class_facts, classes_in, is_one_hot
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.postprocess import Form, argmax_classes, form_after, listed
from quantgate.components.evaluate.slices import rows_by_slice
from quantgate.errors import InputError
from quantgate.records.datasets import ArrayFacts
from quantgate.spec.model.metric import BoxTruth, Detection

NUMERIC = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
_NO_LABELS = ArrayFacts(file="", shape=[0], dtype="float32", minimum=0, maximum=0)


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
    if _stands_for_classes(computation, form, there):
        there = classes_in(there)
        label = class_facts(label, there)
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


def _stands_for_classes(computation: Computation, form: Form, labels: NDArray[Any]) -> bool:
    columns = labels.shape[1:]
    is_for = form.shape in (columns, (-1,), ())
    return computation.of_classes and is_for and is_one_hot(labels)


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
