"""A small float model of dense layers, as the subject of a search."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.record_ranges.work import record_ranges

WIDTHS = (32, 64, 64, 10)


class Model(NamedTuple):
    """A float model on disk with its facts, calibration samples, and the recorded ranges."""

    path: str
    facts: str
    dataset: str
    ranges: str


Make = Callable[..., Model]


@pytest.fixture
def dense(
    build_model: Callable,
    stored: Callable,
    step: Callable,
    make_facts: Callable,
    make_dataset: Callable,
    tmp_path: Any,
) -> Make:
    """Dense layers `h0`, `h1`, .. with random weights. All but `h0` may share one weight."""

    def make(widths: tuple[int, ...] = WIDTHS, samples: int = 30, *, shared: bool = False) -> Model:
        random, last, parts, steps = np.random.default_rng(0), "in", [], []
        for number, (before, after) in enumerate(pairwise(widths)):
            weight = f"w{min(number, 1)}" if shared else f"w{number}"
            if weight not in [part.name for part in parts]:
                values = random.standard_normal((after, before)) / np.sqrt(before)
                parts.append(stored(weight, [after, before], values=values))
            parts.append(stored(f"b{number}", [after], values=np.zeros(after)))
            parts.append(stored(f"h{number}", [1, after]))
            steps.append(_dense(step, [last, weight, f"b{number}"], f"h{number}"))
            last = f"h{number}"
        path = build_model(
            "dense",
            *(stored("in", [1, widths[0]]), *parts, *steps),
            inputs={"x": "in"},
            outputs={"y": last},
        )
        facts = make_facts({"x": ("float32", [1, widths[0]])}, {"y": ("float32", [1, widths[-1]])})
        inputs = random.standard_normal((samples, widths[0])).astype(np.float32)
        dataset, ranges = make_dataset(facts, label=None, x=inputs), str(tmp_path / "ranges")
        record_ranges(
            path,
            facts_path=facts,
            dataset_path=dataset,
            limits=ResourceLimits(60.0),
            ranges_path=ranges,
        )
        return Model(path, facts, dataset, ranges)

    return make


def _dense(step: Callable, inputs: list[str], output: str) -> Any:
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = 0
    return step("FULLY_CONNECTED", inputs, [output], options)
