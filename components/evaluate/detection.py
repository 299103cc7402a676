"""The outputs of a detector, and the labelled boxes that they are compared with."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.boxes import PADDING, corner_and_size
from quantgate.components.evaluate.postprocess import Form
from quantgate.spec.model.metric import BoxTruth, Detection

Array = NDArray[Any]
NEEDS = (
    "boxes [samples, n, 4], scores [samples, n] and classes [samples, n], a count [samples] or "
    "[samples, 1] if any, and as truth boxes [samples, m, 4] and integer classes [samples, m]"
)
#: Formats with two corners, where a box may end before it begins.
_WITH_ENDS = ("xyxy", "yxyx")


def detections_of(detection: Detection, outputs: Mapping[str, Array]) -> NDArray[np.float64]:
    """Return outputs [k, ...] as rows [k, n, 6] of x, y, width, height, score, class, as in COCO.

    Rows beyond the count and rows of a class below 0 are padding.
    """
    boxes = corner_and_size(outputs[detection.boxes], detection.format)
    scores, classes = outputs[detection.scores], np.rint(outputs[detection.classes])
    counted = np.ones(classes.shape, np.bool_)
    if detection.count:
        counts = np.rint(outputs[detection.count]).reshape(-1, 1)
        counted = np.arange(classes.shape[1]) < counts
    kept = np.where(counted & (classes >= 0), classes, PADDING)
    return np.concatenate([boxes, scores[..., np.newaxis], kept[..., np.newaxis]], axis=-1)


def truth_of(truth: BoxTruth, form: Any, dataset: DatasetFolder) -> NDArray[np.float64]:
    """Return the labels of a data set as rows [samples, m, 5] of x, y, width, height, class."""
    boxes = corner_and_size(dataset.fields[truth.boxes], truth.format or form)
    classes = np.maximum(np.asarray(dataset.fields[truth.classes], np.float64), PADDING)
    return np.concatenate([boxes, classes[..., np.newaxis]], axis=-1)


def misfit(
    detection: Detection, truth: BoxTruth, forms: Mapping[str, Form], dataset: DatasetFolder
) -> str | None:
    """Return the reason why outputs or labels are not boxes, or None if they are.

    Args:
        detection: the outputs with the boxes.
        truth: the fields of the data set with the labels.
        forms: the form of each output, by name.
        dataset: the data set.
    """
    boxes, scores, classes = (
        forms[name] for name in (detection.boxes, detection.scores, detection.classes)
    )
    count = forms[detection.count].shape if detection.count else ()
    true_boxes, true_classes = dataset.fields[truth.boxes], dataset.fields[truth.classes]
    fits = (
        len(boxes.shape) == 2
        and boxes.shape[1] in (4, -1)
        and all(form.shape in (boxes.shape[:1], (-1,)) for form in (scores, classes))
        and count in ((), (1,), (-1,))
        and true_boxes.shape[1:] == (*true_classes.shape[1:], 4)
        and true_classes.ndim == 2
        and true_classes.dtype.kind in "iu"
    )
    return (
        None if fits else f"{NEEDS}, but {', '.join(_described(detection, truth, forms, dataset))}"
    )


def truth_problem(
    truth: BoxTruth, form: str, dataset: DatasetFolder, rows: NDArray[np.int64] | slice
) -> str | None:
    """Return the problem with the labels of some samples, or None if there is none."""
    boxes = np.asarray(dataset.fields[truth.boxes][rows])
    real = np.asarray(dataset.fields[truth.classes][rows]) >= 0
    if not real.any():
        return f"no sample has a box: every class in `{truth.classes}` is below 0, which is padding"
    if form in _WITH_ENDS and (boxes[..., 2:] < boxes[..., :2])[real].any():
        return f"boxes in `{truth.boxes}` end before they begin. Is their `format` {form}?"
    return None


def _described(
    detection: Detection, truth: BoxTruth, forms: Mapping[str, Form], dataset: DatasetFolder
) -> Iterator[str]:
    for role in ("boxes", "scores", "classes", "count"):
        name = getattr(detection, role)
        if name:
            yield f"{role} `{name}` is {forms[name]}"
    for key in (truth.boxes, truth.classes):
        array = dataset.fields[key]
        yield f"the truth `{key}` is {array.dtype.name} {list(array.shape)}"
