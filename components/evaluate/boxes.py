"""Mean average precision for boxes, as in COCO, and the contribution of each sample to it.

Boxes are float64 [x, y, width, height], in the same unit for detections and labels. A row of class
-1 is padding: each sample has as many rows as the sample with the most boxes.
"""

import contextlib
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.result import Result, rarest_shown
from quantgate.spec.model.metric import BoxFormat

Array = NDArray[Any]
Values = NDArray[np.float64]
PADDING = -1
#: COCO counts this many detections of a sample, those with the highest scores.
MOST_DETECTIONS = 100
_ANY_AREA = [0.0, 1e10]


def corner_and_size(boxes: Array, form: BoxFormat) -> Values:
    """Convert boxes [..., 4] to [x, y, width, height]. A size below 0 becomes 0."""
    a, b, c, d = np.moveaxis(np.asarray(boxes, np.float64), -1, 0)
    match form:
        case "xywh":
            parts = (a, b, c, d)
        case "cxcywh":
            parts = (a - c / 2, b - d / 2, c, d)
        case "xyxy":
            parts = (a, b, c - a, d - b)
        case "yxyx":
            parts = (b, a, d - b, c - a)
    x, y, width, height = parts
    return np.stack([x, y, np.maximum(width, 0), np.maximum(height, 0)], axis=-1)


def mean_average_precision(detections: Values, truth: Values) -> Result:
    """Return COCO's average precision, by pycocotools.

    It is the mean over classes and over IoU from 0.50 to 0.95. The contributions come from the
    jackknife over at most 200 groups of samples. Detections are matched with the labels once.

    Args:
        detections: [samples, detections, 6], each x, y, width, height, score, class.
        truth: [samples, boxes, 5], each x, y, width, height, class.

    Source:
        Lin, T.-Y. et al. (2014), Microsoft COCO: Common objects in context,
        https://cocodataset.org/#detection-eval
    """
    matched = _matched(detections, truth)
    every = list(matched.evalImgs)
    samples = len(truth)

    def over(rows: NDArray[np.int64]) -> float:
        chosen = np.zeros(samples, np.bool_)
        chosen[rows] = True
        matched.evalImgs = [e if chosen[i % samples] else None for i, e in enumerate(every)]
        return _accumulated(matched)

    figure = over(np.arange(samples))
    return Result(figure, np.full(samples, figure), _rarest(truth), over)


def _rarest(truth: Values) -> NDArray[np.int32]:
    """Return the class of each sample's boxes that the fewest samples show, or -1 without any."""
    classes = np.unique(truth[..., -1])
    classes = classes[classes != PADDING]
    shown = np.stack([np.isin(classes, own) for own in truth[..., -1]])
    places = rarest_shown(shown)
    return np.append(classes, PADDING)[places].astype(np.int32)


def _matched(detections: Values, truth: Values) -> Any:
    # Imported here because the import takes time, which other metrics do not need.
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    classes = sorted({int(class_) for class_ in truth[..., -1].flat if class_ != PADDING})
    sides = []
    for annotations in (_annotations(truth, ()), _annotations(detections, ("score",))):
        side = COCO()
        side.dataset = {
            "images": [{"id": sample} for sample in range(len(truth))],
            "categories": [{"id": class_} for class_ in classes],
            "annotations": list(annotations),
        }
        sides.append(side)
    with _silence():
        for side in sides:
            side.createIndex()
        evaluation = COCOeval(*sides, "bbox")
        evaluation.params.maxDets = [MOST_DETECTIONS]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [_ANY_AREA], ["all"]
        evaluation.evaluate()
    return evaluation


def _accumulated(matched: Any) -> float:
    with _silence():
        matched.accumulate()
    precision = matched.eval["precision"]
    known = precision[precision > -1]
    return float(known.mean()) if known.size else float("nan")


def _annotations(rows: Values, extra: Sequence[str]) -> Iterator[dict[str, Any]]:
    # COCO uses the id 0 for no match, so ids begin with 1.
    places = np.argwhere(rows[..., -1] != PADDING)
    for identity, (sample, place) in enumerate(places.tolist(), 1):
        x, y, width, height, *others, class_ = rows[sample, place].tolist()
        yield {
            "id": identity,
            "image_id": sample,
            "category_id": int(class_),
            "bbox": [x, y, width, height],
            "area": width * height,
            "iscrowd": 0,
            **dict(zip(extra, others, strict=True)),
        }


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Suppress the progress that pycocotools prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
