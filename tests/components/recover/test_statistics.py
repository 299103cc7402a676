"""Statistics of parts of the data merge into exactly those of all data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quantgate.components.recover.float_model import FloatModel
from quantgate.components.recover.running import runners_of, samples_of
from quantgate.components.recover.statistics import BINS, bounds_of, gather, merged
from quantgate.components.recover.subject import Subject

Make = Callable[..., Any]


def part(subject: Subject, rows: list[int]) -> Any:
    dataset = subject.samples.dataset
    return gather(subject.content, subject.ranges, subject.facts, dataset, {"serve": rows})


@pytest.mark.parametrize("parts", [2, 3, 7])
def test_merged_statistics_are_those_of_all_data(uneven: Make, parts: int) -> None:
    subject = uneven().subject()
    whole = part(subject, [*range(30)])
    others = merged(part(subject, [*range(30)][start::parts]) for start in range(parts))
    for kind in ("histograms", "inputs", "extremes"):
        expected, actual = getattr(whole, kind), getattr(others, kind)
        assert expected.keys() == actual.keys()
        for name in expected:
            np.testing.assert_array_equal(actual[name], expected[name])
    assert others.counts == whole.counts


def test_statistics_are_those_of_the_values(uneven: Make) -> None:
    subject = uneven().subject()
    model, bounds = FloatModel(subject.content), bounds_of(subject.ranges)
    statistics = part(subject, [*range(30)])
    runner = runners_of(subject.content, subject.facts, keeps=True)["serve"]
    read = []
    for _, sample in samples_of(subject.facts, subject.samples.dataset, {"serve": range(30)}):
        runner.run(sample)
        values = runner.read("c1")
        assert values is not None
        read.append(values)
    values = np.concatenate(read)
    expected = np.histogram(values, BINS, bounds["c1"])[0]
    # A value at the edge of two bins may be in either of them.
    assert np.abs(np.cumsum(statistics.histograms["c1"]) - np.cumsum(expected)).max() <= 2
    assert statistics.histograms["c1"].sum() == values.size
    extremes = np.stack([values.min(axis=(0, 1, 2)), values.max(axis=(0, 1, 2))])
    np.testing.assert_array_equal(statistics.extremes["c1"], extremes)
    mean = statistics.mean_inputs(model, bounds)["d"]
    np.testing.assert_allclose(mean, values.mean(axis=(0, 1, 2), dtype=np.float64), rtol=1e-6)
