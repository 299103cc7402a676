"""Each technique gains on a model made for it, measured by the interpreter."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quantgate.components.litert.flatbuffer import read_contents
from quantgate.components.recover.biases import corrected_analytically
from quantgate.components.recover.clipping import LEAST_SQUARES, PERCENTILE, clipped
from quantgate.components.recover.equalization import Equalized, equalized
from quantgate.components.recover.float_model import FloatModel
from quantgate.components.recover.pairs import pairs_of
from quantgate.components.recover.running import runners_of, samples_of
from quantgate.components.recover.statistics import BINS, bounds_of
from quantgate.components.recover.subject import Subject, count_of, split
from quantgate.components.recover.workshop import Edits, Workshop
from quantgate.records.calibration import Ranges, TensorRange
from quantgate.records.outcomes import CalibrationStatus

RELU, RELU6 = 1, 3
Make = Callable[..., Any]


def db(subject: Subject, **edits: Any) -> float:
    workshop = Workshop(subject, 0)
    return workshop.score(workshop.make(Edits(**edits))).db


def rescaled(subject: Subject) -> Equalized:
    return equalized(subject.content, subject.ranges, subject.statistics.extremes)


def outputs(content: bytes, subject: Subject) -> np.ndarray:
    runners = runners_of(content, subject.facts)
    rows = samples_of(subject.facts, subject.samples.dataset, subject.samples.held_back)
    return np.concatenate([runners[key].run(sample)["y"] for key, sample in rows])


@pytest.mark.parametrize("activation", [RELU, RELU6])
def test_rescaled_channels_gain_where_their_ranges_differ(uneven: Make, activation: int) -> None:
    subject = uneven(1000.0, activation).subject()
    assert db(subject, equalized=True) > db(subject) + 6


@pytest.mark.parametrize("activation", [RELU, RELU6])
def test_a_rescaled_float_model_computes_the_same(uneven: Make, activation: int) -> None:
    subject = uneven(1000.0, activation).subject()
    content = rescaled(subject).content
    assert content != subject.content
    expected = outputs(subject.content, subject)
    np.testing.assert_allclose(outputs(content, subject), expected, rtol=1e-4, atol=1e-5)


def test_ranges_of_a_rescaled_model_are_those_of_its_values(uneven: Make) -> None:
    subject = uneven(1000.0, RELU6).subject()
    own = rescaled(subject)
    assert own.factors.keys() == {"c1", "d"}
    rows, dataset = subject.samples.held_in, subject.samples.dataset
    runner = runners_of(own.content, subject.facts, keeps=True)["serve"]
    read: dict[str, list[np.ndarray]] = {name: [] for name in bounds_of(own.ranges)}
    for _, sample in samples_of(subject.facts, dataset, rows):
        runner.run(sample)
        for name, values in read.items():
            values.append(np.asarray(runner.read(name)))
    for name in own.factors:
        extremes = np.min(read[name]), np.max(read[name])
        np.testing.assert_allclose(bounds_of(own.ranges)[name], extremes, rtol=1e-4, atol=1e-6)
    assert bounds_of(own.ranges)["c2"] == bounds_of(subject.ranges)["c2"]


def test_channels_between_all_three_layers_are_rescaled(uneven: Make) -> None:
    pairs = pairs_of(FloatModel(uneven().subject().content))
    assert [(pair.first.output, pair.second.output) for pair in pairs] == [("c1", "d"), ("d", "c2")]


def test_an_op_that_does_not_commute_keeps_channels_as_they_are(boxes: Any) -> None:
    assert pairs_of(FloatModel(boxes.subject().content)) == []


def test_biases_corrected_by_the_error_of_the_weights_gain(lopsided: Make) -> None:
    subject = lopsided().subject()
    assert db(subject, analytic=True) > db(subject) + 6


def test_biases_corrected_layer_by_layer_gain(lopsided: Make) -> None:
    subject = lopsided().subject()
    assert db(subject, sequential=True) > db(subject) + 6


@pytest.mark.parametrize(
    "recipe", ["dynamic_wi8_afp32", "weight_only_wi8_afp32", "static_wi8_ai16"]
)
@pytest.mark.parametrize("edit", ["analytic", "sequential"])
def test_biases_gain_without_8_bit_activations(lopsided: Make, recipe: str, edit: str) -> None:
    subject = lopsided(1).subject(recipe=recipe)
    assert db(subject, **{edit: True}) > db(subject) + 6


def test_layers_that_share_a_bias_get_biases_of_their_own(lopsided: Make) -> None:
    subject = lopsided().subject()
    made = Workshop(subject, 0).make(Edits())
    model = FloatModel(subject.content)
    means = subject.statistics.mean_inputs(model, bounds_of(subject.ranges))
    model = FloatModel(corrected_analytically(subject.content, made.quantized, means))
    first, second = (model.bias(layer) for layer in model.layers.values())
    assert first is not None
    assert np.any(first != second)


def test_ranges_without_a_rare_extreme_gain(uneven: Make) -> None:
    subject = uneven(1.0, size=32, outlier=100.0).subject()
    own = bounds_of(clipped(subject.ranges, subject.statistics.histograms, PERCENTILE))
    assert (bounds_of(subject.ranges)["in"][1] > 90, own["in"][1] < 10) == (True, True)
    assert db(subject, clipping=PERCENTILE) > db(subject) + 6


def test_the_range_of_the_least_squared_error_is_found() -> None:
    values = np.random.default_rng(0).standard_normal(1_000_000)
    values[0] = 50.0
    ranges = Ranges(
        status=CalibrationStatus.CALIBRATED,
        samples=1,
        dataset_sha256="",
        tensors=[TensorRange(name="t", subgraph=0, minimum=-50.0, maximum=50.0)],
    )
    histogram = np.histogram(values, BINS, (-50, 50))[0]
    low, high = bounds_of(clipped(ranges, {"t": histogram}, LEAST_SQUARES))["t"]
    assert (3 < -low < 6, 6 < high < 25) == (True, True)


@pytest.mark.parametrize("options", [{}, {"integer_only": True}])
def test_the_op_that_mixes_boxes_and_scores_is_the_worst(boxes: Any, options: dict) -> None:
    subject = boxes.subject(**options)
    workshop = Workshop(subject, 0)
    plain = workshop.make(Edits())
    worst = workshop.ranking(plain)[0]
    assert worst == "out"
    made = workshop.make(Edits(left=(worst,)))
    assert workshop.score(made).db > workshop.score(plain).db + 20
    assert made.request.rules[:-1] == subject.request.rules


def test_ops_at_integer_ends_stay_in_8_bits(boxes: Any) -> None:
    workshop = Workshop(boxes.subject(ends="int8"), 0)
    assert {"out", "h"}.isdisjoint(workshop.ranking(workshop.make(Edits())))


@pytest.mark.parametrize("ends", ["int8", "uint8"])
def test_a_joined_output_of_integer_hardware_gets_16_bits(boxes: Any, ends: str) -> None:
    workshop = Workshop(boxes.subject(ends=ends, integer_only=True), 0)
    plain = workshop.make(Edits())
    assert workshop.ranking(plain)[0] == "out"
    made = workshop.make(Edits(left=("out",)))
    assert (plain.widened, made.widened) == (None, "int16")
    assert workshop.score(made).db > workshop.score(plain).db + 20
    contents = read_contents(made.quantized)
    assert contents.float_ops == {}
    (signature,) = contents.signatures.values()
    assert [each.dtype for each in (*signature.inputs, *signature.outputs)] == [ends, "int16"]


def test_one_of_three_samples_is_held_back(boxes: Any) -> None:
    samples = boxes.subject().samples
    assert samples.held_back == {"serve": [*range(2, 30, 3)]}
    assert (count_of(samples.held_in), samples.count) == (20, 30)


def test_at_most_32_samples_are_held_back() -> None:
    samples = split("", {"serve": [*range(200)]})
    assert samples.held_back == {"serve": [*range(2, 96, 3)]}
    assert samples.all == {"serve": [*samples.held_in["serve"], *range(2, 96, 3)]}
    assert count_of(samples.held_in) == 168
