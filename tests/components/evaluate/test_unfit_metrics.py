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
            "metric `top1` needs scores [samples, classes] and integer labels [samples]; output "
            "`y` is float32 [3] per sample, the labels are float64 [8]; store whole numbers in an "
            "integer dtype, as with labels.astype(int)",
        ),
        (
            "top1",
            [-1, 3],
            SCALAR / 2,
            "metric `top1` needs scores [samples, classes] and integer labels [samples]; output "
            "`y` is float32 [3] per sample, the labels are float64 [8]",
        ),
        (
            "top1",
            [-1, 3],
            np.eye(3)[np.arange(8) % 3],
            "metric `top1` needs scores [samples, classes] and integer labels [samples]; output "
            "`y` is float32 [3] per sample, the labels are float64 [8, 3]; labels in one-hot form "
            "become integers with labels.argmax(axis=-1)",
        ),
        (
            "top1",
            [-1, 3],
            np.arange(8) % 3 + 1,
            "metric `top1`: the labels run from 1 to 3, but output `y` has classes 0 to 2; labels "
            "count from 0, so subtract 1",
        ),
        (
            "top1",
            [-1, 1],
            np.zeros(8, int),
            "metric `top1` needs scores [samples, classes] and integer labels [samples]; output "
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
            "[samples] of 0 and 1; output `y` is float32 [3] per sample, the labels are int64 [8]",
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
            "metric `roc_auc`: there are 8 samples of class 0 and 0 of class 1; at least two of "
            "each are needed",
        ),
        (
            "mse",
            [-1, 3],
            np.ones((8, 2)),
            "metric `mse` needs a target for every element of the output; output `y` is float32 "
            "[3] per sample, the labels are float64 [8, 2]",
        ),
        (
            "psnr",
            [-1, 3],
            np.full((8, 3), 255, np.uint8),
            "metric `psnr`: the targets reach 255, above the peak of 1; give the largest possible "
            "value as `peak`",
        ),
        (
            "f1",
            [-1, 3],
            SCALAR,
            "measure.metrics: `f1` is unknown; choose from top1, top5, top_k, balanced_accuracy, "
            "f1_macro, f1_micro, roc_auc, average_precision, log_loss, mse, mae, r2, psnr, ssim, "
            "si_sdr, mean_iou, mean_average_precision, cosine_similarity, snr, agreement",
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
        "metric `top1` needs scores [samples, classes] and integer labels [samples]; output `y` "
        "is bool [3] per sample, the labels are int64 [2500]"
    )


def test_a_metric_must_name_one_of_several_outputs(classifier, measure):
    prepared = classifier(outputs={"y": (FLOAT, [-1, 3]), "z": (FLOAT, [-1, 3])})
    assert refusal(measure, prepared, TOP1) == (
        "metric `top1`: the model has several outputs, `y`, `z`; name one as `output`"
    )
    assert refusal(measure, prepared, [{"metric": "top1", "output": "logits"}]) == (
        "metric `top1`: the model has no output `logits`, only `y`, `z`"
    )


def test_accuracy_needs_labels(scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, label=None, x=np.ones((4, 3), np.float32))
    assert refusal(measure, (scaled_model("m", [1.0] * 3), facts, dataset), TOP1) == (
        "metric `top1` needs labels, and the evaluation set has none; name them as `label`"
    )


def test_a_regression_target_fits_an_output_of_one(scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 1])}, {"y": (FLOAT, [-1, 1])})
    dataset = make_dataset(facts, x=np.ones((4, 1), np.float32), labels=[2.0, 2.0, 2.0, 4.0])
    measurement, _ = measure(scaled_model("m", [2.0]), facts, dataset, [{"metric": "mse"}])
    assert measurement.figures == {"mse": 1.0}
