"""Guesses of the label and the metric, which the checks of a run confirm."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.build_dataset.fit import structure_problems
from quantgate.components.build_dataset.opening import ARRAYS, STORED, Opened
from quantgate.components.build_dataset.sampling import choose
from quantgate.components.build_dataset.sources import Request, SourceArray
from quantgate.components.build_dataset.variants import FIRST, Choice
from quantgate.components.drafting.material import Material
from quantgate.components.evaluate.one_hot import is_one_hot
from quantgate.components.evaluate.planning import plan_metrics
from quantgate.components.rehearsal.labels import labels_of
from quantgate.components.rehearsal.model import facts_of
from quantgate.components.rehearsal.sources import open_first_samples, open_quickly
from quantgate.domain.figure import Figure
from quantgate.domain.figures import (
    AGREEMENT,
    MEAN_IOU,
    METRICS,
    MSE,
    PSNR,
    RANKED_MARKS,
    ROC_AUC,
    SNR,
    TOP1,
)
from quantgate.errors import InputError
from quantgate.records.tasks import Signature
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import IMAGES, SELF_LABELLED, class_folders

#: Names of labels, the usual ones first.
_LABELS = ("labels", "label", "y", "targets", "target", "y_test", "y_val", "class", "classes")
#: Metrics of labels that are classes, or marks of 0 and 1. The first that fits is taken.
_OF_CLASSES = (TOP1, MEAN_IOU, RANKED_MARKS)
_IMAGE_DIMENSIONS = 4
#: Samples whose labels tell whether they are in one-hot form, for a model without a signature.
_FEW = 100


@dataclass(frozen=True)
class Guess:
    """A guess of how a model is measured with data.

    Attributes:
        signature: the signature that the data is for.
        label: key of the labels, or None.
        columns: columns of the only input of a table, or none.
        metric: name of the metric. None if none was found that fits.
        output: name of the output.
        samples: number of samples, or None if it is not known.
        classed: whether there is an integer label for each sample.
        problems: sentences about data that does not fit the model.
    """

    signature: Signature
    label: str | None
    columns: tuple[str, ...] = ()
    metric: str | None = None
    output: str = ""
    samples: int | None = None
    classed: bool = False
    problems: tuple[str, ...] = ()


def guess(
    signatures: Sequence[Signature], material: Material, label: str | None, metric: str | None
) -> Guess:
    """Guess signature, label, metric and output.

    Args:
        signatures: of the model, the preferred one first.
        material: the data.
        label: key of the labels, if the user names it.
        metric: the metric, if the user names it.
    """
    fitting = (each for each in signatures if each.inputs.keys() <= {*material.keys})
    signature = next(fitting, signatures[0])
    label = label or label_among(material, signature.inputs)
    start = Guess(signature, label, _columns(signature, material, label), metric)
    if material.format == IMAGES and not class_folders(material.evaluation):
        problem = f"{material.evaluation} has no folder for each class, which evaluation data needs"
        return replace(start, problems=(problem,))
    try:
        if not signature.inputs:
            return replace(start, metric=metric or _of_labels(start, material))
        opened = _open(start, material)
        problems = opened and structure_problems(opened.arrays, opened.label, signature)
    except InputError as error:
        return replace(start, problems=(str(error),))
    if opened is None or problems:
        return replace(start, problems=tuple(problems or ()))
    return _with_metric(start, opened)


def label_among(material: Material, inputs: Collection[str]) -> str | None:
    """Return the key that is likely the label: a usual name, or the only key that no input has."""
    if material.format in SELF_LABELLED:
        return None
    free = [key for key in material.keys if key not in inputs]
    usual = (key for name in _LABELS for key in free if key.lower() == name)
    return next(usual, free[0] if inputs and len(free) == 1 else None)


def _columns(signature: Signature, material: Material, label: str | None) -> tuple[str, ...]:
    """Return all columns but the label for an input that no column is named after."""
    is_table = material.format in ("csv", "parquet") and len(signature.inputs) == 1
    if not is_table or signature.inputs.keys() <= {*material.keys}:
        return ()
    return tuple(key for key in material.keys if key != label)


def _of_labels(start: Guess, material: Material) -> str | None:
    """Return a metric that fits the labels of a model whose outputs are not known."""
    if material.format == IMAGES:
        return TOP1.name if class_folders(material.evaluation) else None
    if material.format not in STORED or start.label is None:
        return None
    array = ARRAYS[material.format](_request(start, material)).get(start.label)
    if array is None:
        return None
    first = np.concatenate(list(array.rows(np.arange(min(array.shape[0], _FEW)))))
    is_class = array.dtype.kind in "iub" or is_one_hot(first)
    return TOP1.name if is_class else _of_label(array)[-1].name


def _open(start: Guess, material: Material) -> Opened | None:
    request = _request(start, material)
    return open_quickly(request, False) or open_first_samples(request, False)


def _request(start: Guess, material: Material) -> Request:
    columns = {key: [*start.columns] for key in start.signature.inputs if start.columns}
    return Request(
        data=DataSource(source=str(material.evaluation), columns=columns or None),
        signature=start.signature,
        signatures=[start.signature.key],
        purpose="evaluation",
        label=start.label,
        samples=None,
        seed=0,
        first=None,
    )


def _with_metric(start: Guess, opened: Opened) -> Guess:
    chosen = choose(opened, {"": Choice(None, FIRST, 0)}, "evaluation")
    dataset = labels_of(opened, chosen)
    known = replace(start, samples=opened.available, classed=chosen.per_class is not None)
    if dataset is None:
        return known
    outputs = start.signature.outputs
    fitting = (
        replace(known, metric=figure.name, output=output)
        for output in outputs
        for figure in _figures(start.metric, opened.label, outputs[output].shape)
        if _fits(figure.name, output, start.signature, dataset)
    )
    return next(fitting, known)


def _figures(
    wished: str | None, label: SourceArray | None, output: Sequence[int]
) -> Sequence[Figure]:
    if wished:
        return [METRICS[wished]]
    if label is None:
        return (AGREEMENT, SNR)
    is_score = tuple(output[1:]) in ((), (1,))
    return (ROC_AUC, *_of_label(label)) if is_score else _of_label(label)


def _of_label(label: SourceArray) -> Sequence[Figure]:
    if label.dtype.kind in "iub":
        return _OF_CLASSES
    return (PSNR, MSE) if len(label.shape) == _IMAGE_DIMENSIONS else (TOP1, MSE)


def _fits(name: str, output: str, signature: Signature, dataset: DatasetFolder) -> bool:
    entry: dict[str, object] = {"metric": name, "signature": signature.key, "output": output}
    try:
        plan_metrics([entry], facts_of([signature]), lambda _: dataset)
    except InputError:
        return False
    return True
