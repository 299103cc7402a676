"""The settings of `measure.evaluation`."""

import pytest

from quantgate.spec import load


def with_evaluation(sound, line):
    return sound.replace("measure:\n", f"measure:\n  evaluation: {line}\n")


@pytest.mark.parametrize("shards", ["1", "64", "auto"])
def test_a_number_of_shards_may_be_left_to_quantgate(sound, spec_file, shards):
    spec = load(spec_file(with_evaluation(sound, f"{{shards: {shards}}}"))).spec
    assert str(spec.measure.evaluation.shards) == shards


@pytest.mark.parametrize("shards", ["0", "65", "many", "2.5"])
def test_a_number_of_shards_is_from_1_to_64(sound, complaints, shards):
    (problem,) = complaints(with_evaluation(sound, f"{{shards: {shards}}}"))
    assert "shards" in problem


def test_a_number_of_shards_has_no_quotes(sound, complaints):
    (problem,) = complaints(with_evaluation(sound, '{shards: "16"}'))
    assert "must be a whole number, not the text `16` -> Remove the quotes" in problem


@pytest.mark.parametrize("shards", ["0", "65", "many"])
def test_a_calibration_has_1_to_64_shards(sound, complaints, shards):
    (problem,) = complaints(sound.replace("train.npz", f"train.npz, shards: {shards}"))
    assert "data.calibration.shards" in problem


def test_only_a_whole_calibration_has_shards(sound, complaints):
    own = "train.npz, signatures: {other: {source: train.npz, shards: 2}}"
    (problem,) = complaints(sound.replace("train.npz", own))
    assert "`data.calibration.signatures.other` has no key `shards`" in problem
