"""Metrics that do not fit the outputs or the labels."""

import numpy as np
import pytest

from quantgate.errors import InputError

FLOAT = "float32"
TOP1 = [{"metric": "top1"}]


def refusal(measure, prepared, metrics):
    with pytest.raises(InputError) as caught:
        measure(*prepared[:3], metrics)
    return str(caught.value)


SCALAR = np.ones(8)


@pytest.mark.parametrize(
    ("metric", "outputs", "labels", "message"),
    [
        (
            "top1",
            [-1, 3],
            SCALAR,
            "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output "
            "`y` is float32 [3] per sample, the labels are float64 [8]. Store whole numbers in an "
            "integer dtype, as with labels.astype(int)",
        ),
        (
            "top1",
            [-1, 3],
            SCALAR / 2,
            "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output "
            "`y` is float32 [3] per sample, the labels are float64 [8]",
        ),
        (
            "top1",
            [-1, 3],
            np.eye(4)[np.arange(8) % 4],
            "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output "
            "`y` is float32 [3] per sample, the labels are float64 [8, 4]",
        ),
        (
            "f1_macro",
            [-1, 3],
            np.ones((8, 3), int),
            "metric `f1_macro` needs scores [samples, classes] or integer classes [samples], and "
            "integer labels [samples]. Output `y` is float32 [3] per sample, the labels are int64 "
            "[8, 3]. Rows with any number of labels need a `multilabel_` metric",
        ),
        (
            "multilabel_f1_micro",
            [-1, 3],
            np.ones((8, 3), int),
            "metric `multilabel_f1_micro` needs 0 or 1 for each label, as after `postprocess: "
            "[{threshold: 0.5}]`, and labels [samples, labels] of 0 and 1. Output `y` is float32 "
            "[3] per sample, the labels are int64 [8, 3]",
        ),
        (
            "multilabel_average_precision",
            [-1, 3],
            np.ones((8, 2), int),
            "metric `multilabel_average_precision` needs a score for each label and labels "
            "[samples, labels] of 0 and 1. Output `y` is float32 [3] per sample, the labels are "
            "int64 [8, 2]",
        ),
        (
            "multilabel_average_precision",
            [-1, 3],
            np.full((8, 3), 2),
            "metric `multilabel_average_precision`: the labels must be 0 and 1, but they contain 2",
        ),
        (
            "multilabel_average_precision",
            [-1, 3],
            np.eye(3, dtype=int)[[0, 1] * 4],
            "metric `multilabel_average_precision`: column 2 of the labels has no 1, so it has no "
            "average precision. Leave such columns out of labels and output",
        ),
        (
            "top1",
            [-1, 3],
            np.arange(8) % 3 + 1,
            "metric `top1`: the labels run from 1 to 3, but output `y` has classes 0 to 2. Labels "
            "count from 0, so subtract 1",
        ),
        (
            "top1",
            [-1, 1],
            np.zeros(8, int),
            "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output "
            "`y` is float32 [1] per sample, the labels are int64 [8]",
        ),
        (
            "top1",
            [-1, 3],
            np.arange(8) - 1,
            "metric `top1`: the labels run from -1 to 6, but output `y` has classes 0 to 2",
        ),
        (
            "top1",
            [-1, -1],
            np.arange(8) - 1,
            "metric `top1`: the labels run from -1 to 6, but output `y` has classes 0 and upwards",
        ),
        (
            "top1",
            [-1, -1],
            np.arange(8),
            "metric `top1`: the labels run from 0 to 7, but output `y` has classes 0 to 2",
        ),
        (
            "roc_auc",
            [-1, 3],
            np.arange(8) % 2,
            "metric `roc_auc` needs scores [samples], [samples, 1] or [samples, 2] and labels "
            "[samples] of 0 and 1. Output `y` is float32 [3] per sample, the labels are int64 [8]",
        ),
        (
            "roc_auc",
            [-1, 2],
            np.arange(8),
            "metric `roc_auc`: the labels must be 0 and 1, but they contain 0, 1, 2, 3, 4 and 3 "
            "more",
        ),
        (
            "roc_auc",
            [-1, 2],
            np.zeros(8, int),
            "metric `roc_auc`: there are 8 samples of class 0 and 0 of class 1. At least two of "
            "each are needed",
        ),
        (
            "mse",
            [-1, 3],
            np.ones((8, 2)),
            "metric `mse` needs a target for every element of the output. Output `y` is float32 "
            "[3] per sample, the labels are float64 [8, 2]",
        ),
        (
            "psnr",
            [-1, 3],
            np.full((8, 3), 255, np.uint8),
            "metric `psnr`: the targets reach 255, above the peak of 1. Give the largest possible "
            "value as `peak`",
        ),
        (
            "f1",
            [-1, 3],
            SCALAR,
            "measure.metrics: `f1` is unknown. Choose from top1, top5, top_k, balanced_accuracy, "
            "f1_macro, f1_micro, roc_auc, average_precision, multilabel_f1_macro, "
            "multilabel_f1_micro, multilabel_average_precision, log_loss, mse, mae, r2, psnr, "
            "ssim, si_sdr, mean_iou, mean_average_precision, cosine_similarity, snr, snr_pooled, "
            "snr_worst, agreement",
        ),
    ],
)
def test_a_metric_that_does_not_fit_is_an_error(
    classifier, measure, metric, outputs, labels, message
):
    x = np.ones((8, 3), np.float32)
    prepared = classifier(outputs={"y": (FLOAT, outputs)}, x=x, labels=labels)
    assert refusal(measure, prepared, [{"metric": metric}]) == message


def test_outputs_must_be_numbers(classifier, measure):
    prepared = classifier(outputs={"y": ("bool", [-1, 3])})
    assert refusal(measure, prepared, TOP1) == (
        "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output `y` "
        "is bool [3] per sample, the labels are int64 [2500]"
    )


def test_a_metric_must_name_one_of_several_outputs(classifier, measure):
    prepared = classifier(outputs={"y": (FLOAT, [-1, 3]), "z": (FLOAT, [-1, 3])})
    assert refusal(measure, prepared, TOP1) == (
        "metric `top1`: the model has several outputs, `y`, `z`. Name one as `output`"
    )
    assert refusal(measure, prepared, [{"metric": "top1", "output": "logits"}]) == (
        "metric `top1`: the model has no output `logits`, only `y`, `z`"
    )


def test_accuracy_needs_labels(scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, label=None, x=np.ones((4, 3), np.float32))
    assert refusal(measure, (scaled_model("m", [1.0] * 3), facts, dataset), TOP1) == (
        "metric `top1` needs labels, and the evaluation set has none. Name them as `label`"
    )


def test_a_regression_target_fits_an_output_of_one(scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 1])}, {"y": (FLOAT, [-1, 1])})
    dataset = make_dataset(facts, x=np.ones((4, 1), np.float32), labels=[2.0, 2.0, 2.0, 4.0])
    measurement, _ = measure(scaled_model("m", [2.0]), facts, dataset, [{"metric": "mse"}])
    assert measurement.figures == {"mse": 1.0}


@pytest.fixture
def segmenter(build_model, make_facts, make_dataset, stored, step):
    """A model that gives back its scores of 2 classes at 2 by 2 positions, and its masks."""

    def prepare(masks):
        shape = [1, 2, 2, 2]
        path = build_model(
            "segmenter",
            *(stored("in", shape), stored("one", [1], values=[1.0]), stored("out", shape)),
            step("MUL", ["in", "one"], ["out"]),
            inputs={"x": "in"},
            outputs={"y": "out"},
        )
        facts = make_facts({"x": (FLOAT, [-1, 2, 2, 2])}, {"y": (FLOAT, [-1, 2, 2, 2])})
        scores = np.eye(2, dtype=np.float32)[np.array([[[0, 1], [1, 1]]] * 3)]
        return path, facts, make_dataset(facts, x=scores, labels=masks)

    return prepare


MASK = np.array([[[0, 1], [1, 0]]] * 3)


@pytest.mark.parametrize("masks", [MASK, MASK[..., None], MASK[..., None].astype(np.uint8)])
def test_masks_may_have_a_last_dimension_of_1(segmenter, measure, masks):
    measurement, _ = measure(*segmenter(masks), [{"metric": "mean_iou"}])
    assert measurement.figures["mean_iou"] == pytest.approx((1 / 2 + 2 / 3) / 2)


@pytest.mark.parametrize("void", [255, -1])
def test_a_void_label_is_ignored_on_request(segmenter, measure, void):
    prepared = segmenter(np.where(np.arange(2) == 1, void, MASK))
    metric = {"metric": "mean_iou"}
    measurement, _ = measure(*prepared, [{**metric, "ignore": void}])
    assert measurement.figures["mean_iou"] == 1.0
    hint = ". If 255 marks positions that do not count, add `ignore: 255`" if void > 0 else ""
    most, least = (255, 0) if void > 0 else (1, -1)
    assert refusal(measure, prepared, [metric]) == (
        f"metric `mean_iou`: the labels run from {least} to {most}, but output `y` has classes 0 "
        f"to 1{hint}"
    )


@pytest.mark.parametrize(
    ("masks", "problem"),
    [
        (np.full((3, 2, 2), 9), "all labels are 9, which is ignored"),
        (
            np.where(np.arange(2) == 1, 9, MASK + 1),
            "the labels run from 1 to 2, but output `y` has classes 0 to 1. Labels count from 0, "
            "so subtract 1",
        ),
    ],
)
def test_the_other_labels_must_be_classes(segmenter, measure, masks, problem):
    metric = {"metric": "mean_iou", "ignore": 9}
    assert refusal(measure, segmenter(masks), [metric]) == f"metric `mean_iou`: {problem}"


def test_a_target_may_have_a_last_dimension_of_1(scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, x=np.ones((4, 3), np.float32), labels=np.ones((4, 3, 1)))
    measurement, _ = measure(scaled_model("m", [2.0] * 3), facts, dataset, [{"metric": "mse"}])
    assert measurement.figures == {"mse": 1.0}


def test_marks_must_be_0_or_1(build_model, make_facts, make_dataset, measure, stored, step):
    path = build_model(
        "integers",
        *(stored("in", [1, 2], "int32"), stored("two", [1], "int32", values=[2])),
        *(stored("out", [1, 2], "int32"), step("MUL", ["in", "two"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    facts = make_facts({"x": ("int32", [-1, 2])}, {"y": ("int32", [-1, 2])})
    marks = np.array([[0, 1], [1, 0]], np.int32)
    dataset = make_dataset(facts, x=marks, labels=marks)
    metric = {"metric": "multilabel_f1_macro"}
    assert measure(path, facts, dataset, [metric])[0].reasons == [
        "metric `multilabel_f1_macro`: the outputs run from 0 to 2, but predicted labels are 0 or "
        "1. Add `postprocess: [{threshold: 0.5}]`"
    ]
    steps = [{"threshold": 0.5}]
    measurement, _ = measure(path, facts, dataset, [{**metric, "postprocess": steps}])
    assert measurement.figures == {"multilabel_f1_macro": 1.0}
