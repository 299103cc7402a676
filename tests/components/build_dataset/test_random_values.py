"""Random data, and the summary of a data set that the gate reads."""

import numpy as np
import pytest

from quantgate.components.artifacts.dataset_summary import read_summary
from quantgate.errors import InputError

INPUTS = {
    "x": ("float32", [-1, 3]),
    "token": ("int32", [-1, 5]),
    "flag": ("bool", [-1, 1]),
}


def test_random_data_fills_its_range_and_is_marked(build):
    options = {"random": {"range": [-2, 3]}}
    dataset = build("random", INPUTS, samples=3000, options=options)
    assert dataset.manifest.synthetic
    assert dataset.manifest.source == "random"
    x, token = dataset.inputs["x"], dataset.inputs["token"]
    assert -2 <= x.min() < -1.9
    assert 2.9 < x.max() <= 3
    assert set(token.ravel()) == {-2, -1, 0, 1, 2, 3}
    assert dataset.label.shape == (3000, 3)
    assert dataset.label.dtype == np.float32


def test_labels_may_be_classes(build):
    options = {"random": {"classes": 4}}
    dataset = build("random", INPUTS, samples=500, options=options)
    assert sorted(dataset.manifest.per_class) == ["0", "1", "2", "3"]
    assert set(dataset.inputs["flag"].ravel()) == {False, True}


def test_a_seed_gives_the_same_samples_and_purposes_different_ones(build, caplog):
    def content(**given):
        dataset = build("random", INPUTS, **{"samples": 100, "purpose": "calibration"} | given)
        return dataset.inputs["x"].tolist()

    assert content(seed=1) == content(seed=1)
    assert content(seed=1) != content(seed=2)
    assert content(seed=1) != content(seed=1, purpose="evaluation")


def test_incomplete_settings_are_refused(refusal):
    assert refusal("random", INPUTS) == ("random data has no end. Set the number of `samples`")
    assert refusal("random", {"x": ("float32", [-1, -1, 3])}, samples=5) == (
        "input `x` is float32 [-1, 3] per sample. Random data cannot choose the size of a "
        "dimension that is not fixed. Give samples of your own"
    )
    outputs = {"y": ("float32", [-1, 3]), "z": ("float32", [-1, 3])}
    assert refusal("random", INPUTS, samples=5, outputs=outputs) == (
        "random labels have the shape of the model's output, but it has 2. Set `random.classes` "
        "for labels that are classes"
    )


def test_the_summary_has_digests_of_the_inputs(build, tmp_path):
    def digests(x, token, y):
        np.savez(tmp_path / "data.npz", x=np.float32(x), token=np.int32(token), y=y)
        inputs = {"x": ("float32", [-1, 1]), "token": ("int32", [-1, 1])}
        build(tmp_path / "data.npz", inputs, label="y")
        return read_summary(tmp_path / "summary")["serving_default"].digests.tolist()

    one, two, three = digests([[1], [2], [1]], [[5], [5], [5]], np.arange(3))
    assert one == three != two
    assert digests([[2]], [[5]], [9]) == [two]
    assert digests([[2]], [[6]], [9]) != [two]


def test_a_summary_without_digests_is_refused(build, tmp_path):
    build("random", INPUTS, samples=5)
    summary = tmp_path / "summary"
    (summary / "signature-serving_default" / "samples.npy").unlink()
    with pytest.raises(InputError, match=r"serving_default is not the summary of a data set: "):
        read_summary(summary)
    with pytest.raises(InputError) as caught:
        read_summary(tmp_path / "absent")
    assert str(caught.value) == (
        f"{tmp_path / 'absent'} is not the summary of a data set: it has no signatures"
    )
