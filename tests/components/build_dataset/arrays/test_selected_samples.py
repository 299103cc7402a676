"""The samples that a data set takes from its source."""

import json
import logging

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.build_dataset.selection import shares

IMAGE = {"image": ("float32", [-1, 2, 2, 1])}


SCORES = {"y": ("float32", [-1, 4])}


def images(samples, dtype=np.float32):
    return (np.arange(samples * 4).reshape(samples, 2, 2, 1) % 251 + 1).astype(dtype)


def test_a_stratified_choice_needs_class_labels(refusal):
    arrays = {"image": images(3), "y": np.ones(3)}
    message = (
        "SOURCE: a stratified choice needs one integer label per sample, and {}. Name such a "
        "label, or choose `random`"
    )
    given = refusal(IMAGE, arrays, label="y", select="stratified")
    assert given == message.format("`y` is float64 [3]")
    given = refusal(IMAGE, {"image": images(3)}, select="stratified")
    assert given == message.format("there are none")


@pytest.mark.parametrize("samples", [None, 50, 500])
def test_distinct_samples_are_counted_by_their_inputs(build, samples):
    arrays = {"image": np.repeat(images(20), 3, axis=0), "labels": np.arange(60)}
    chosen = {"samples": samples} if samples else {}
    manifest = open_dataset(build(IMAGE, arrays, label="labels", **chosen), "serve").manifest
    assert (manifest.requested, manifest.available) == (samples, 60)
    assert (manifest.samples, manifest.distinct) == ((50, 17) if samples == 50 else (60, 20))


def test_an_unknown_choice_lists_the_known(refusal):
    assert refusal(IMAGE, {"image": images(3)}, select="last") == (
        "select is `last`. Choose one of `first`, `random`, `stratified`"
    )


def test_an_unknown_purpose_lists_the_known(refusal):
    assert refusal(IMAGE, {"image": images(3)}, purpose="training") == (
        "purpose is `training`. Choose one of `calibration`, `evaluation`, `search`"
    )


def test_a_stratified_choice_keeps_proportions_and_rare_classes(build):
    labels = np.repeat([0, 1, 2], [700, 299, 1])
    arrays = {"image": images(1000), "labels": labels}
    folder = build(IMAGE, arrays, label="labels", samples=100, select="stratified", seed=5)
    dataset = open_dataset(folder, "serve")
    assert dataset.manifest.per_class == {"0": 70, "1": 29, "2": 1}
    assert np.all(np.diff(dataset.label) >= 0)


@pytest.mark.parametrize(
    ("counts", "size", "expected"),
    [
        ([5, 5], 4, [2, 2]),
        ([60, 30, 10], 9, [5, 3, 1]),
        ([1000, 1, 1], 3, [1, 1, 1]),
        ([1000, 1, 1], 2, [2, 0, 0]),
        ([1, 1, 98], 50, [1, 1, 48]),
        ([3, 4], 7, [3, 4]),
    ],
)
def test_shares_are_proportional_with_one_sample_for_each_class(counts, size, expected):
    assert shares(np.array(counts), size).tolist() == expected


def test_unusual_calibration_sizes_give_a_warning(build, caplog):
    arrays = {"image": images(600)}
    with caplog.at_level(logging.WARNING):
        build(IMAGE, arrays, purpose="calibration", samples=20)
        build(IMAGE, arrays, purpose="calibration", samples=501)
        build(IMAGE, arrays, purpose="calibration", samples=100)
    assert caplog.messages == [
        "calibrating on 20 samples. LiteRT's guide advises 100 to 500: fewer may miss parts of the "
        "tensors' ranges",
        "calibrating on 501 samples. LiteRT's guide advises 100 to 500: more cost time, and "
        "outliers among them widen the ranges",
    ]


def test_asking_for_too_many_samples_takes_all(build, caplog, tmp_path):
    folder = build(IMAGE, {"image": images(120)}, purpose="calibration", samples=200)
    assert open_dataset(folder, "serve").manifest.samples == 120
    assert caplog.messages == [
        f"{tmp_path / 'arrays.npz'}: 200 samples requested, but it has only 120, which are all used"
    ]


@pytest.mark.parametrize(
    ("variants", "requested"), [([], None), ([{"key": "own", "samples": 300}], 300)]
)
def test_the_default_number_of_samples_is_not_asked_for(build, caplog, variants, requested):
    own = [{"select": "random", "seed": 0, **variant} for variant in variants]
    folder = build(
        IMAGE,
        {"image": images(120)},
        purpose="calibration",
        samples=200,
        default_samples=200,
        variants=json.dumps(own),
    )
    assert open_dataset(folder, "serve").manifest.requested == requested
    assert len(caplog.messages) == len(variants)
