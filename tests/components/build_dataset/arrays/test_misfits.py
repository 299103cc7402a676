"""Arrays that do not fit the inputs and labels of the model."""

import logging

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset

IMAGE = {"image": ("float32", [-1, 2, 2, 1])}


TWO = {"numeric": ("float32", [-1, 3]), "category": ("int32", [-1, 2])}


SCORES = {"y": ("float32", [-1, 4])}


def images(samples, dtype=np.float32):
    return (np.arange(samples * 4).reshape(samples, 2, 2, 1) % 251 + 1).astype(dtype)


@pytest.mark.parametrize("dtype", ["f8", "f2", "u1", "i8", "i4"])
def test_numbers_become_float32_safely(build, dtype):
    dataset = open_dataset(build(IMAGE, {"image": images(9, dtype)}), "serve")
    assert np.array_equal(dataset.inputs["image"], images(9).astype(dtype).astype("f4"))


def test_int64_becomes_int32_where_values_fit(build, refusal):
    numeric = np.ones((4, 3), np.float32)
    category = np.array([[1, 2], [3, 4], [5, 6], [7, 8]])
    dataset = open_dataset(build(TWO, {"numeric": numeric, "category": category}), "serve")
    assert dataset.inputs["category"].dtype == np.int32
    assert dataset.inputs["category"].tolist() == category.tolist()
    category[2:] = 2**40
    assert refusal(TWO, {"numeric": numeric, "category": category}) == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `category` as int32: 2 of its samples hold values out of its range, the first "
        "is sample 2 of the source"
    )


def test_all_problems_of_structure_come_at_once(refusal):
    arrays = {
        "numeric": np.ones((4, 3, 1), np.float32),
        "extra": np.ones((4, 1)),
        "labels": np.arange(3),
    }
    assert refusal(TWO, arrays, label="labels") == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `category` is missing: expected int32 [2] per sample, the source has "
        "`numeric`, `extra`\n"
        "  - `extra` is not an input of the model, whose inputs are `numeric`, `category`: leave "
        "it out, or name it as the label\n"
        "  - input `numeric`: expected float32 [3] per sample, given float32 [3, 1]\n"
        "  - the arrays differ in their number of samples: `numeric` 4, `labels` 3"
    )


@pytest.mark.parametrize("folder_source", [False, True])
def test_arrays_that_nothing_uses_are_ignored_and_noted(build, caplog, tmp_path, folder_source):
    caplog.set_level(logging.INFO)
    arrays = {"image": images(3), "y": np.arange(3), "id": np.array(["a", "b"]), "w": np.ones(9)}
    folder = build(IMAGE, arrays, label="y", folder_source=folder_source)
    dataset = open_dataset(folder, "serve")
    assert list(dataset.inputs) == ["image"]
    assert dataset.label.tolist() == [0, 1, 2]
    assert dataset.manifest.unused == ["id", "w"]
    source = tmp_path / ("arrays" if folder_source else "arrays.npz")
    assert f"{source}: ignored, as neither inputs nor label: `id`, `w`" in caplog.messages


def test_an_input_may_be_the_label(build):
    data = images(4, np.uint8)
    hashes = set()
    for label in ("image", None):
        dataset = open_dataset(build(IMAGE, {"image": data}, label=label), "serve")
        hashes.add(dataset.manifest.content_sha256)
        assert np.array_equal(dataset.inputs["image"], data.astype("f4"))
        assert (dataset.label is None) == (label is None)
        if label:
            assert dataset.label.dtype == np.float32
            assert np.array_equal(dataset.label, data)
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("array", "given"),
    [
        (np.ones((3, 2, 2), np.float32), "float32 [2, 2]"),
        (np.float32(1), "float32 []: the array has no dimension that counts samples"),
        (np.ones((3, 2, 2, 1), bool), "bool [2, 2, 1]: there is no safe cast. Store float32"),
        (
            np.full((3, 2, 2, 1), "a"),
            "<U1 [2, 2, 1]: only float32, float64, float16, int8, int16, int32, int64, uint8, bool "
            "can be fed. Give the model numbers",
        ),
        (
            np.full((3, 2, 2, 1), None),
            "object [2, 2, 1]: Python objects are not read, because loading them can run code. "
            "Store numbers",
        ),
    ],
)
def test_misfits_name_what_is_expected_and_given(refusal, array, given):
    assert refusal(IMAGE, {"image": array}) == (
        "SOURCE cannot serve as evaluation data:\n"
        f"  - input `image`: expected float32 [2, 2, 1] per sample, given {given}"
    )


def test_floats_do_not_become_integers(refusal):
    arrays = {"numeric": np.ones((2, 3), np.float32), "category": np.ones((2, 2))}
    assert refusal(TWO, arrays) == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `category`: expected int32 [2] per sample, given float64 [2]: floats are not "
        "rounded to integers. Store integers"
    )


def test_an_input_without_batch_dimension_cannot_be_fed(refusal):
    assert refusal({"x": ("float32", [])}, {"x": np.ones(3, np.float32)}) == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `x`: expected float32 [] per sample, given float32 []: without a batch "
        "dimension the model cannot be given samples one by one"
    )


def test_a_free_dimension_takes_any_size(build):
    inputs = {"image": ("float32", [-1, -1, 2, 1])}
    data = np.ones((3, 7, 2, 1), np.float32)
    assert open_dataset(build(inputs, {"image": data}), "serve").inputs["image"].shape == (
        3,
        7,
        2,
        1,
    )


def test_not_finite_values_are_counted(refusal):
    data, target = images(30), np.ones((30, 2))
    data[7, 0, 0] = np.nan
    data[11, 1] = -np.inf
    target[3] = np.inf
    assert refusal(IMAGE, {"image": data, "target": target}, label="target") == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `image` as float32: 2 of its samples hold NaN or infinity, the first is sample "
        "7 of the source\n"
        "  - label `target` as float64: 1 of its samples hold NaN or infinity, the first is "
        "sample 3 of the source"
    )


def test_float64_beyond_float32_is_infinite(refusal):
    assert refusal(IMAGE, {"image": images(2, "f8") * 1e300}) == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `image` as float32: 2 of its samples hold NaN or infinity, the first is sample "
        "0 of the source"
    )


def test_nothing_but_zeros_cannot_calibrate(build, refusal, caplog):
    zeros = {"image": np.zeros((100, 2, 2, 1), np.float32)}
    assert refusal(IMAGE, zeros, purpose="calibration") == (
        "SOURCE cannot serve as calibration data:\n"
        "  - input `image`: every value is 0, which leaves no range to calibrate on"
    )
    assert open_dataset(build(IMAGE, zeros), "serve").manifest.samples == 100


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "bool"])
def test_integers_that_are_all_zero_can_calibrate(build, refusal, dtype):
    inputs = {"ids": ("float32", [-1, 3]), "token_type_ids": (dtype, [-1, 3])}
    arrays = {"ids": np.ones((9, 3), np.float32), "token_type_ids": np.zeros((9, 3), dtype)}
    dataset = open_dataset(build(inputs, arrays, purpose="calibration"), "serve")
    facts = dataset.manifest.inputs["token_type_ids"]
    assert (facts.dtype, facts.minimum, facts.maximum) == (dtype, 0, 0)
    arrays["ids"] *= 0
    assert refusal(inputs, arrays, purpose="calibration") == (
        "SOURCE cannot serve as calibration data:\n"
        "  - input `ids`: every value is 0, which leaves no range to calibrate on"
    )


def test_empty_arrays_are_refused(refusal):
    assert refusal(IMAGE, {"image": images(0)}) == (
        "SOURCE cannot serve as evaluation data:\n  - there are no samples"
    )


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        (
            np.array(["a", "b"]),
            "label `labels` is <U1: store class numbers or numeric targets, or list the names of "
            "text labels as `classes`",
        ),
        (np.ones((2, 0)), "label `labels` has shape [2, 0]: it needs values per sample"),
    ],
)
def test_labels_must_be_numbers(refusal, label, problem):
    assert refusal(IMAGE, {"image": images(2), "labels": label}, label="labels") == (
        f"SOURCE cannot serve as evaluation data:\n  - {problem}"
    )


def test_a_missing_label_lists_the_arrays(refusal):
    arrays = {"image": images(3), "y": np.arange(3)}
    expected = "SOURCE has no label `labels`. It has `image`, `y`"
    assert refusal(IMAGE, arrays, label="labels") == expected
    stratified = {"purpose": "calibration", "select": "stratified"}
    assert refusal(IMAGE, arrays, label="labels", **stratified) == expected


def test_a_source_of_labels_only_is_refused(refusal):
    assert refusal(IMAGE, {"y": np.arange(3)}, label="y") == (
        "SOURCE holds only the label `y`. Add the inputs"
    )


def test_calibration_does_without_labels(build, caplog):
    folder = build(IMAGE, {"image": images(150)}, label="labels", purpose="calibration")
    assert open_dataset(folder, "serve").label is None
    assert caplog.messages == []


def test_a_label_is_not_an_input_of_calibration(build):
    arrays = {"image": images(150), "labels": np.arange(150) % 3}
    folder = build(IMAGE, arrays, label="labels", purpose="calibration")
    assert list(open_dataset(folder, "serve").inputs) == ["image"]
