"""Small float models that quantize badly, as the subjects of recovery."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import read_manifests, selections_of
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.quantizer.request import request_of
from quantgate.components.record_ranges.work import RECORD, record_ranges
from quantgate.components.recover.statistics import gather
from quantgate.components.recover.subject import Subject, split
from quantgate.records.calibration import Ranges
from quantgate.records.tasks import ModelFacts

LIMITS = ResourceLimits(60.0)
RELU, RELU6 = schema.ActivationFunctionType.RELU, schema.ActivationFunctionType.RELU6
CHANNELS = 16


class Model(NamedTuple):
    """A float model on disk with its facts, calibration samples, and the recorded ranges."""

    path: str
    facts: str
    dataset: str
    ranges: str

    def subject(self, ends: str = "float32", **options: Any) -> Subject:
        """Return the subject of a search."""
        content = normalized(Path(self.path).read_bytes())
        facts = ModelFacts.read(self.facts)
        ranges = Ranges.read(Path(self.ranges) / RECORD)
        samples = split(self.dataset, selections_of(read_manifests(self.dataset, facts.keys))[""])
        statistics = gather(content, ranges, facts, self.dataset, samples.held_in)
        item = {"recipe": "static_wi8_ai8", "input_type": ends, "output_type": ends, **options}
        return Subject(content, facts, ranges, statistics, request_of(item), samples)


Make = Callable[..., Model]


@pytest.fixture
def as_model(make_facts: Callable, make_dataset: Callable, tmp_path: Path) -> Make:
    """Record the ranges of a model with input `x` and output `y`."""

    def make(path: str, samples: NDArray[Any], outputs: list[int]) -> Model:
        facts = make_facts({"x": ("float32", [1, *samples.shape[1:]])}, {"y": ("float32", outputs)})
        dataset = make_dataset(facts, label=None, x=samples.astype(np.float32))
        folder = str(tmp_path / "ranges")
        record_ranges(
            path, facts_path=facts, dataset_path=dataset, limits=LIMITS, ranges_path=folder
        )
        return Model(path, facts, dataset, folder)

    return make


@pytest.fixture
def uneven(build_model: Callable, stored: Callable, step: Callable, as_model: Make) -> Make:
    """A convolution, a depthwise one and another one. Ranges of channels differ many times.

    The channels of a model with another spread are the same times constant factors.
    """

    def make(
        spread: float = 1000.0, activation: int = RELU, size: int = 8, outlier: float = 0.0
    ) -> Model:
        random, decades = np.random.default_rng(0), np.log10(spread) / 2
        first, second = 10 ** random.uniform(-decades, decades, (2, CHANNELS))
        if activation == RELU6:
            first, second = first / first.max(), second / second.max()
        weights = {
            "w1": random.standard_normal((CHANNELS, 3, 3, 1)) * 0.4 * first[:, None, None, None],
            "wd": random.standard_normal((1, 3, 3, CHANNELS)) * 0.4 / first * second,
            "w2": random.standard_normal((10, 1, 1, CHANNELS)) * 0.3 / second,
        }
        biases = {
            "b1": random.standard_normal(CHANNELS) * 0.1 * first,
            "bd": random.standard_normal(CHANNELS) * 0.1 * second,
            "b2": random.standard_normal(10) * 0.1,
        }
        shape, narrow = [1, size, size, CHANNELS], [1, size, size, 10]
        constants = {**weights, **biases}
        path = build_model(
            "uneven",
            stored("in", [1, size, size, 1]),
            *(stored(name, own.shape, values=own) for name, own in constants.items()),
            *(stored("c1", shape), stored("d", shape), stored("c2", narrow)),
            _convolution(step, ["in", "w1", "b1"], "c1", activation),
            _depthwise(step, ["c1", "wd", "bd"], "d", activation),
            _convolution(step, ["d", "w2", "b2"], "c2"),
            inputs={"x": "in"},
            outputs={"y": "c2"},
        )
        samples = random.standard_normal((30, size, size, 1))
        samples[0, 0, 0] += outlier
        return as_model(path, samples, narrow)

    return make


@pytest.fixture
def boxes(build_model: Callable, stored: Callable, step: Callable, as_model: Make) -> Model:
    """A head that concatenates boxes of up to 640 pixels with scores of up to 1."""
    random = np.random.default_rng(0)
    options = schema.ConcatenationOptionsT()
    options.axis = 1
    constants = {
        "w": random.standard_normal((32, 16)) * 0.3,
        "b": np.full(32, 0.1),
        "wb": random.standard_normal((4, 32)) * 60,
        "bb": np.full(4, 300.0),
        "ws": random.standard_normal((6, 32)) * 0.3,
        "bs": np.zeros(6),
    }
    path = build_model(
        "boxes",
        stored("in", [1, 16]),
        *(stored(name, own.shape, values=own) for name, own in constants.items()),
        *(stored("h", [1, 32]), stored("box", [1, 4]), stored("z", [1, 6])),
        *(stored("score", [1, 6]), stored("out", [1, 10])),
        _dense(step, ["in", "w", "b"], "h", RELU),
        _dense(step, ["h", "wb", "bb"], "box"),
        _dense(step, ["h", "ws", "bs"], "z"),
        step("LOGISTIC", ["z"], ["score"]),
        step("CONCATENATION", ["box", "score"], ["out"], options),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    return as_model(path, random.standard_normal((30, 16)), [1, 10])


@pytest.fixture
def classes(build_model: Callable, stored: Callable, step: Callable, as_model: Make) -> Model:
    """A dense layer with a SOFTMAX that is certain of one class for nearly all samples."""
    random = np.random.default_rng(0)
    constants = {"w": random.standard_normal((5, 16)) * 20, "b": random.standard_normal(5)}
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    path = build_model(
        "classes",
        stored("in", [1, 16]),
        *(stored(name, own.shape, values=own) for name, own in constants.items()),
        *(stored("z", [1, 5]), stored("p", [1, 5])),
        _dense(step, ["in", "w", "b"], "z"),
        step("SOFTMAX", ["z"], ["p"], options),
        inputs={"x": "in"},
        outputs={"y": "p"},
    )
    return as_model(path, random.standard_normal((30, 16)), [1, 5])


@pytest.fixture
def lopsided(build_model: Callable, stored: Callable, step: Callable, as_model: Make) -> Make:
    """Dense layers with inputs far from 0, so that errors of weights shift the outputs.

    All biases are one and the same constant.
    """

    def make(layers: int = 2) -> Model:
        random, width = np.random.default_rng(0), 32
        parts, last = [stored("bias", [width], values=np.zeros(width))], "in"
        for number in range(layers):
            weight = random.standard_normal((width, width)) / width
            weight[:, 0] = 4.0
            parts += [
                stored(f"w{number}", [width, width], values=weight),
                stored(f"h{number}", [1, width]),
                _dense(step, [last, f"w{number}", "bias"], f"h{number}"),
            ]
            last = f"h{number}"
        path = build_model(
            "lopsided",
            *(stored("in", [1, width]), *parts),
            inputs={"x": "in"},
            outputs={"y": last},
        )
        samples = random.uniform(4.9, 5.1, (30, width))
        samples[:, 0] = random.uniform(-0.1, 0.1, 30)
        return as_model(path, samples, [1, width])

    return make


def _convolution(step: Callable, inputs: list[str], output: str, activation: int = 0) -> Any:
    options = schema.Conv2DOptionsT()
    options.strideW = options.strideH = 1
    options.fusedActivationFunction = activation
    return step("CONV_2D", inputs, [output], options)


def _depthwise(step: Callable, inputs: list[str], output: str, activation: int) -> Any:
    options = schema.DepthwiseConv2DOptionsT()
    options.strideW = options.strideH = options.depthMultiplier = 1
    options.fusedActivationFunction = activation
    return step("DEPTHWISE_CONV_2D", inputs, [output], options)


def _dense(step: Callable, inputs: list[str], output: str, activation: int = 0) -> Any:
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = activation
    return step("FULLY_CONNECTED", inputs, [output], options)
