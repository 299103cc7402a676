"""Metrics that do not fit the labels of a data set are reported when it is built."""

import sys

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.user_code import UserCode
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes

IMAGE = {"image": ("float32", [-1, 2, 2, 1])}


SCORES = {"y": ("float32", [-1, 4])}


def images(samples, dtype=np.float32):
    return (np.arange(samples * 4).reshape(samples, 2, 2, 1) % 251 + 1).astype(dtype)


CLASSES = np.arange(8) % 4


OWN = "def spread(outputs, labels):\n    return 0.0\n"


@pytest.mark.parametrize(
    ("metric", "labels", "message"),
    [
        (
            {"metric": "top1"},
            CLASSES + 1,
            "metric `top1`: the labels run from 1 to 4, but output `y` has classes 0 to 3. Labels "
            "count from 0, so subtract 1",
        ),
        (
            {"metric": "top1"},
            np.eye(4, dtype=np.int64)[CLASSES] * 2,
            "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output "
            "`y` is float32 [4] per sample, the labels are int64 [8, 4]. Rows with any number of "
            "labels need a `multilabel_` metric",
        ),
        (
            {"metric": "top1"},
            CLASSES.astype(np.float32),
            "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output "
            "`y` is float32 [4] per sample, the labels are float32 [8]. Store whole numbers in "
            "an integer dtype, as with labels.astype(int)",
        ),
        (
            {"metric": "roc_auc", "postprocess": [{"apply": "argmax"}]},
            np.ones(8, np.int64),
            "metric `roc_auc`: there are 0 samples of class 0 and 8 of class 1. At least two of "
            "each are needed",
        ),
        (
            {"metric": "top1", "output": "z"},
            CLASSES,
            "metric `top1`: the model has no output `z`, only `y`",
        ),
        (
            {"metric": "mae", "label": "years"},
            CLASSES,
            "metric `mae` needs labels, and the evaluation set has none. Name them as `label`",
        ),
    ],
    ids=["out of range", "marks of 2", "floats", "one class", "no such output", "no such label"],
)
def test_metrics_that_do_not_fit_are_reported(build, metric, labels, message):
    with pytest.raises(InputError) as caught:
        build(IMAGE, {"image": images(8), "labels": labels}, label="labels", metrics=[metric])
    assert str(caught.value) == message


def test_metrics_that_fit_do_not_change_the_data_set(build):
    arrays = {"image": images(8), "labels": CLASSES}
    unchecked = open_dataset(build(IMAGE, arrays, label="labels"), "serve").manifest
    folder = build(IMAGE, arrays, label="labels", metrics=[{"metric": "top1"}])
    assert open_dataset(folder, "serve").manifest == unchecked


@pytest.mark.parametrize("function", ["spread", "sprad"])
def test_custom_metrics_are_imported_from_the_users_file(build, tmp_path, monkeypatch, function):
    monkeypatch.delitem(sys.modules, "judging_early", raising=False)
    (tmp_path / "judging_early.py").write_text(OWN)
    given = {
        "metrics": [{"metric": f"judging_early:{function}", "better": "lower"}],
        "code": UserCode(str(tmp_path / "judging_early.py"), sha256_of_bytes(OWN.encode())),
    }
    arrays = {"image": images(8), "labels": CLASSES}
    if function == "spread":
        build(IMAGE, arrays, label="labels", **given)
        return
    with pytest.raises(InputError, match="the module `judging_early` has no function `sprad`"):
        build(IMAGE, arrays, label="labels", **given)
