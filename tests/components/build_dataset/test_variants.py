"""Several selections from one source, which share a data set."""

import json
import tempfile

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset


@pytest.fixture
def build(tmp_path, make_facts):
    """Build a calibration set of 40 samples with classes 0 to 3, and open it."""

    def run(base, variants):
        source, target = tmp_path / "train.npz", tempfile.mkdtemp(dir=tmp_path)
        values = np.arange(1, 41, dtype=np.float32)
        np.savez(source, x=values[:, None], y=np.arange(40) % 4)
        build_dataset(
            Source(str(source)),
            Requirements("serve", "calibration", label="y"),
            Selection(**base, variants=json.dumps(variants)),
            Paths(
                make_facts({"x": ("float32", [-1, 1])}, {"p": ("float32", [-1, 4])}),
                target,
                str(tmp_path / "summary"),
            ),
        )
        return open_dataset(target, "serve")

    return run


def test_each_variant_has_the_rows_it_would_have_alone(build):
    base = {"samples": 6, "select": "first", "seed": 0}
    others = [
        {"samples": 8, "select": "random", "seed": 3},
        {"samples": 12, "select": "stratified", "seed": 5},
    ]
    together = build(base, [{"key": f"own-{i}", **own} for i, own in enumerate(others)])
    selections = together.manifest.selections
    assert list(selections) == ["", "own-0", "own-1"]
    for settings, rows in zip([base, *others], selections.values(), strict=True):
        alone = build(settings, [])
        assert alone.manifest.selections == {}
        assert alone.manifest.samples == settings["samples"]
        assert np.array_equal(together.inputs["x"][rows], alone.inputs["x"])


def test_no_sample_is_stored_twice(build):
    dataset = build(
        {"samples": 10, "select": "first", "seed": 0},
        [{"key": "more", "samples": 30, "select": "first", "seed": 0}],
    )
    assert dataset.manifest.samples == 30
    assert dataset.inputs["x"].ravel().tolist() == list(range(1, 31))
    assert dataset.manifest.selections == {"": list(range(10)), "more": list(range(30))}
    assert (dataset.manifest.select, dataset.manifest.seed) == ("first", 0)
