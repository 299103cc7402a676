"""Mean average precision for boxes, held against pycocotools called plainly."""

import json

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.evaluate.boxes import corner_and_size, mean_average_precision
from quantgate.components.evaluate.jackknife import MOST_PARTS, grouped
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings
from quantgate.errors import InputError

FLOAT = "float32"
SAMPLES, MOST, TRUE = 60, 6, 4
DETECTION = {"boxes": "b", "scores": "s", "classes": "c", "count": "n", "format": "yxyx"}
TRUTH = {"boxes": "gt_boxes", "classes": "gt_classes", "format": "xywh"}
METRIC = {"metric": "mean_average_precision", "detection": DETECTION, "truth": TRUTH}


def plain_coco(detections, truth) -> float:
    """Compute the metric like the demo of pycocotools, from two lists of dictionaries."""
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": image} for image in range(SAMPLES)],
        "categories": [{"id": class_} for class_ in range(3)],
        "annotations": truth,
    }
    coco.createIndex()
    evaluation = COCOeval(coco, coco.loadRes(detections), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[0])


@pytest.fixture(scope="module")
def scene():
    """Truth in [x, y, width, height], and detections that are near it, or nowhere near."""
    generator = np.random.default_rng(11)
    corner = generator.uniform(0, 60, (SAMPLES, TRUE, 2))
    boxes = np.concatenate([corner, generator.uniform(8, 40, (SAMPLES, TRUE, 2))], axis=-1)
    classes = generator.integers(0, 3, (SAMPLES, TRUE))
    classes[generator.random((SAMPLES, TRUE)) < 0.3] = -1
    detected = np.concatenate([boxes, generator.uniform(0, 60, (SAMPLES, 2, 4))], axis=1)
    detected[:, :TRUE] += generator.normal(0, 1.5, (SAMPLES, TRUE, 4))
    told = np.concatenate([np.abs(classes), generator.integers(0, 3, (SAMPLES, 2))], axis=1)
    scores = generator.random((SAMPLES, MOST))
    counts = generator.integers(3, MOST + 1, SAMPLES)
    x, y, w, h = np.moveaxis(detected, -1, 0)
    return {
        "b": np.stack([y, x, y + h, x + w], axis=-1).astype(np.float32),
        "s": scores.astype(np.float32),
        "c": told.astype(np.float32),
        "n": counts[:, np.newaxis].astype(np.float32),
        "gt_boxes": boxes.astype(np.float32),
        "gt_classes": classes,
        "camera": np.array(["front", "rear"])[np.arange(SAMPLES) % 2],
    }


@pytest.fixture
def detector(build_model, make_facts, stored, step, tmp_path):
    """A model that copies its inputs to boxes, scores, classes and count, with its data."""

    def prepare(scene, shapes=None):
        shapes = shapes or {"b": [MOST, 4], "s": [MOST], "c": [MOST], "n": [1]}
        parts = [stored("one", [1], values=[1.0])]
        for name, shape in shapes.items():
            batched = [1] if name == "n" else [1, *shape]
            parts += [stored(f"in_{name}", batched), stored(name, batched)]
            parts += [step("MUL", [f"in_{name}", "one"], [name])]
        names = {name: f"in_{name}" for name in shapes}
        path = build_model("detector", *parts, inputs=names, outputs={n: n for n in names})
        tensors = {n: (FLOAT, [-1] if n == "n" else [-1, *shape]) for n, shape in shapes.items()}
        facts = make_facts(tensors, tensors)
        arrays = {k: v[:, 0] if k == "n" else v for k, v in scene.items()}
        np.savez(tmp_path / "scenes.npz", **arrays)
        build_dataset(
            Source(str(tmp_path / "scenes.npz")),
            Requirements(
                "serve",
                "evaluation",
                fields=json.dumps({key: [] for key in scene if key not in shapes}),
            ),
            Selection(),
            Paths(facts, str(tmp_path / "scenes"), str(tmp_path / "summary")),
        )
        return path, facts, str(tmp_path / "scenes")

    return prepare


def as_annotations(scene, rows=None):
    truth, detections = [], []
    for sample in range(SAMPLES) if rows is None else rows:
        for box, class_ in zip(scene["gt_boxes"][sample], scene["gt_classes"][sample], strict=True):
            if class_ >= 0:
                truth.append(
                    {"id": len(truth) + 1, "image_id": sample, "category_id": int(class_)}
                    | {"bbox": box.tolist(), "area": float(box[2] * box[3]), "iscrowd": 0}
                )
        for place in range(int(scene["n"][sample, 0])):
            top, left, bottom, right = scene["b"][sample, place].astype(float)
            detections.append(
                {"image_id": sample, "category_id": int(scene["c"][sample, place])}
                | {"bbox": [left, top, right - left, bottom - top]}
                | {"score": float(scene["s"][sample, place])}
            )
    return detections, truth


def test_it_equals_the_result_of_pycocotools(detector, measure, scene):
    measurement, samples = measure(*detector(scene), [METRIC])
    expected = plain_coco(*as_annotations(scene))
    assert 0.2 < expected < 0.8
    assert measurement.figures == {"mean_average_precision": pytest.approx(expected, abs=1e-12)}
    values = samples["mean_average_precision"]
    assert values.shape == (SAMPLES,)
    assert values.mean() == pytest.approx(expected)


def test_it_is_the_same_in_shards(detector, assert_same_in_shards, scene):
    model, facts, dataset = detector(scene)
    settings = EvaluateSettings([{**METRIC, "slice": "camera"}])
    measured = assert_same_in_shards(EvaluateInputs(model, facts, dataset), settings, [1, 4, 16])
    assert len(measured.figures) == 3


def test_contributions_equal_those_of_the_jackknife(scene):
    detections, truth = as_annotations(scene)
    left_out = [
        plain_coco(
            [box for box in detections if box["image_id"] != sample],
            [box for box in truth if box["image_id"] != sample],
        )
        for sample in range(5)
    ]
    boxes = corner_and_size(scene["b"], "yxyx")
    kept = np.where(np.arange(MOST) < scene["n"], scene["c"], -1)
    rows = np.concatenate([boxes, scene["s"][..., None], kept[..., None]], axis=-1)
    true = np.concatenate([scene["gt_boxes"], scene["gt_classes"][..., None]], axis=-1)
    result = mean_average_precision(rows, true.astype(float))
    values = grouped(result.figure, result.over, len(rows), None)
    steps = np.diff(values[:5]) / np.diff(left_out)
    assert SAMPLES < MOST_PARTS
    assert steps == pytest.approx(-(SAMPLES - 1))


def test_each_slice_equals_an_evaluation_of_its_samples(detector, measure, scene):
    measurement, _ = measure(*detector(scene), [{**METRIC, "slice": "camera"}])
    for start, camera in enumerate(("front", "rear")):
        expected = plain_coco(*as_annotations(scene, range(start, SAMPLES, 2)))
        figure = measurement.figures[f"mean_average_precision[{camera}]"]
        assert figure == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("form", "box"),
    [
        ("xywh", [10, 20, 4, 6]),
        ("xyxy", [10, 20, 14, 26]),
        ("yxyx", [20, 10, 26, 14]),
        ("cxcywh", [12, 23, 4, 6]),
    ],
)
def test_box_formats_are_converted(form, box):
    assert corner_and_size(np.array([box]), form).tolist() == [[10, 20, 4, 6]]


def test_shapes_that_do_not_fit_are_an_error(detector, measure, scene):
    wrong = {**scene, "gt_classes": scene["gt_classes"].astype(np.float32)}
    with pytest.raises(InputError) as caught:
        measure(*detector(wrong), [METRIC])
    assert str(caught.value) == (
        "metric `mean_average_precision` needs boxes [samples, n, 4], scores [samples, n] and "
        "classes [samples, n], a count [samples] or [samples, 1] if any, and as truth boxes "
        "[samples, m, 4] and integer classes [samples, m], but boxes `b` is float32 [6, 4] per "
        "sample, scores `s` is float32 [6] per sample, classes `c` is float32 [6] per sample, "
        "count `n` is float32 [] per sample, the truth `gt_boxes` is float32 [60, 4, 4], the truth "
        "`gt_classes` is float32 [60, 4]"
    )


@pytest.mark.parametrize(
    ("changes", "metric", "said"),
    [
        (
            {"gt_classes": np.full((SAMPLES, TRUE), -1)},
            METRIC,
            "metric `mean_average_precision`: no sample has a box: every class in `gt_classes` is "
            "below 0, which is padding",
        ),
        (
            {},
            {**METRIC, "truth": {**TRUTH, "format": "xyxy"}},
            "metric `mean_average_precision`: boxes in `gt_boxes` end before they begin. Is their "
            "`format` xyxy?",
        ),
        (
            {},
            {**METRIC, "detection": {**DETECTION, "scores": "score"}},
            "metric `mean_average_precision`: the model has no output `score`, only `b`, `s`, `c`, "
            "`n`",
        ),
        (
            {},
            {**METRIC, "truth": {**TRUTH, "boxes": "truth"}},
            "metric `mean_average_precision`: the evaluation set has no `truth`. Build it again",
        ),
        (
            {},
            {"metric": "mean_average_precision"},
            "metric `mean_average_precision` needs `detection` and `truth`",
        ),
    ],
)
def test_boxes_that_do_not_fit_are_an_error(detector, measure, scene, changes, metric, said):
    with pytest.raises(InputError) as caught:
        measure(*detector({**scene, **changes}), [metric])
    assert str(caught.value) == said
