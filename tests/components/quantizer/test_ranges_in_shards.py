"""Shards of a calibration merge into the ranges and moments that one task records, bit for bit."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.artifacts.calibration_part import RECORD as PART
from quantgate.components.artifacts.division import Division
from quantgate.components.calibrate.shards import selections_in
from quantgate.components.merge_ranges.work import merge_moments, merge_ranges
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.record_ranges.work import moments_form, record_ranges
from quantgate.components.record_ranges_shard.work import (
    PartInputs,
    Wanted,
    record_moments_shard,
    record_ranges_shard,
)
from quantgate.errors import InputError
from quantgate.records.calibration import Moments, Ranges
from quantgate.records.datasets import Manifest

Make = Callable[..., Any]
LIMITS = ResourceLimits(60)
SELECTIONS = {"": list(range(3, 40)), "first-3-0": [0, 1, 2], "random-9-1": [1, 5, 7, 38]}


@pytest.fixture
def model(dense: Make) -> Any:
    """A model of two layers, whose samples have zeros of both signs."""
    made = dense(16, 16, 4)
    samples = np.random.default_rng(1).standard_normal((40, 16)).astype(np.float32)
    samples[3], samples[4], samples[5] = 0.0, -0.0, 1.0
    return made._replace(samples=samples)


@pytest.fixture
def dataset(make_dataset: Make, model: Any) -> str:
    """A calibration set with three variants."""
    folder = str(make_dataset(model.facts, label=None, x=model.samples))
    path = next(Path(folder).glob("signature-*")) / "manifest.json"
    Manifest.read(path).model_copy(update={"selections": SELECTIONS}).write(path)
    return folder


@pytest.fixture
def whole(model: Any, dataset: str, tmp_path: Path) -> Callable[[str], dict[str, bytes]]:
    """Return the files that one task records, with moments of a form or without any."""

    def run(form: str = "") -> dict[str, bytes]:
        record_ranges(
            str(model.path),
            facts_path=model.facts,
            dataset_path=dataset,
            limits=LIMITS,
            ranges_path=str(tmp_path / "whole"),
            moments=moments_form(form),
        )
        return files_below(tmp_path / "whole")

    return run


@pytest.fixture
def inputs(model: Any, dataset: str) -> PartInputs:
    """The model and its samples."""
    return PartInputs(str(model.path), str(model.facts), dataset)


@pytest.fixture
def shards(inputs: PartInputs, tmp_path: Path) -> Callable[..., list[str]]:
    """Record ranges in shards, or moments if they are given, and return the folders."""

    def run(count: int, wanted: Wanted | None = None, limits: ResourceLimits = LIMITS) -> list[str]:
        places = [tmp_path / f"{'sums' if wanted else 'parts'}-{count}-{n}" for n in range(count)]
        for number, place in enumerate(places, start=1):
            at = (limits, Division(number, count))
            if wanted:
                record_moments_shard(inputs, *at, wanted, str(place))
            else:
                record_ranges_shard(inputs, *at, str(place))
        return [str(place) for place in places]

    return run


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("count", [1, 4, 16, 64])
def test_ranges_are_those_of_one_task(
    whole: Make, shards: Make, tmp_path: Path, count: int
) -> None:
    merge_ranges(shards(count)[::-1], count, str(tmp_path / "merged"))
    assert files_below(tmp_path / "merged") == whole()
    assert len(whole()) == 3


@pytest.mark.parametrize(("form", "count"), [("matrix", 4), ("diagonal", 16)])
def test_moments_are_those_of_one_task(
    whole: Make, shards: Make, tmp_path: Path, form: Any, count: int
) -> None:
    recorded = str(tmp_path / "recorded")
    merge_ranges(shards(count), count, recorded)
    sums = shards(count, Wanted(form, recorded))
    merge_moments(sums[::-1], count, form, recorded, str(tmp_path / "merged"))
    assert files_below(tmp_path / "merged") == whole(form)
    assert len(whole(form)) == 9


def test_a_negative_zero_is_recorded_as_zero(whole: Make, dataset: str, tmp_path: Path) -> None:
    path = next(Path(dataset).glob("signature-*")) / "manifest.json"
    for rows in ([3, 4, 5], [4, 3, 5]):
        Manifest.read(path).model_copy(update={"selections": {"": rows}}).write(path)
        whole()
        text = (tmp_path / "whole" / "ranges.json").read_text()
        assert "-0.0" not in text
        assert '"minimum": 0.0' in text


def test_a_failed_shard_is_the_reason(shards: Make, tmp_path: Path) -> None:
    merged = tmp_path / "merged"
    parts = shards(2, limits=ResourceLimits(0.0001))
    assert merge_ranges(parts, 2, str(merged))
    ranges = Ranges.read(merged / "ranges.json")
    assert (ranges.status, ranges.reason) == (
        "failed",
        "recording ranges took longer than 0.0001 s and was stopped",
    )
    recorded = str(merged)
    sums = shards(2, Wanted("matrix", recorded))
    assert not merge_moments(sums, 2, "matrix", recorded, str(tmp_path / "both"))
    assert not list((tmp_path / "both").rglob("moments.json"))


def test_moments_that_fail_in_a_shard_are_a_result(shards: Make, tmp_path: Path) -> None:
    recorded, both = str(tmp_path / "recorded"), tmp_path / "both"
    merge_ranges(shards(2), 2, recorded)
    sums = shards(2, Wanted("diagonal", recorded), ResourceLimits(0.0001))
    assert merge_moments(sums, 2, "diagonal", recorded, str(both))
    moments = Moments.read(both / "moments.json")
    assert moments.status == "failed"
    assert moments.reason == "recording second moments took longer than 0.0001 s and was stopped"


def test_a_shard_that_does_not_belong_is_an_error(shards: Make, model: Any, tmp_path: Path) -> None:
    parts, merged = shards(3), str(tmp_path / "merged")
    with pytest.raises(InputError, match=r"lacks shard 2 of 3\. Run the calibration again"):
        merge_ranges([parts[0], parts[2]], 3, merged)
    with pytest.raises(InputError, match="shard 1 of 3 appears twice"):
        merge_ranges([*parts, parts[0]], 3, merged)
    with pytest.raises(InputError, match="shard 1 of 3 has another number of shards than"):
        merge_ranges(parts, 2, merged)
    for key, value, what in (
        ("model_sha256", "0", "another model"),
        ("dataset_sha256", "0", "other data"),
        ("work", "ranges, LiteRT 0", "another version of its library, or other settings"),
    ):
        other = shutil.copytree(parts[1], tmp_path / key)
        record = {**json.loads((other / PART).read_text()), key: value}
        (other / PART).write_text(json.dumps(record))
        with pytest.raises(InputError, match=f"shard 2 of 3 has {what} than the others"):
            merge_ranges([parts[0], str(other), parts[2]], 3, merged)


def test_moments_of_other_ranges_are_an_error(shards: Make, tmp_path: Path) -> None:
    recorded, other = str(tmp_path / "recorded"), tmp_path / "other"
    merge_ranges(shards(2), 2, recorded)
    sums = shards(2, Wanted("matrix", recorded))
    shutil.copytree(recorded, other)
    (other / "ranges.json").write_text((other / "ranges.json").read_text() + "\n")
    with pytest.raises(InputError, match="another version of its library, or other settings"):
        merge_moments(sums, 2, "matrix", str(other), str(tmp_path / "merged"))


def test_damaged_arrays_are_an_error(shards: Make, tmp_path: Path) -> None:
    parts = shards(2)
    (Path(parts[1]) / "0" / "arrays.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"shard 2 of 2: .*arrays\.npz cannot be read"):
        merge_ranges(parts, 2, str(tmp_path / "merged"))


def test_a_model_with_a_state_runs_all_samples_in_the_first_shard() -> None:
    selections = {"": {"a": [0, 1, 2, 3, 4]}, "few": {"a": [3, 1]}}
    assert selections_in(Division(1, 2), selections, stateful=True) == selections
    assert selections_in(Division(2, 2), selections, stateful=True) == {
        "": {"a": []},
        "few": {"a": []},
    }
    assert selections_in(Division(2, 2), selections, stateful=False) == {
        "": {"a": [1, 3]},
        "few": {"a": [3, 1]},
    }
