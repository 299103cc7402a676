"""Readers of evaluation sets in parts: they fetch the parts that they need, and no others."""

import numpy as np
import pytest
from building_parts import KEY, Wanted, build_in_parts, build_whole

from quantgate.components.artifacts.dataset import folder_of, open_dataset
from quantgate.errors import InputError
from quantgate.records.datasets import Manifest

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
SAMPLES, COUNT, OVERHEAD = 64, 4, 20_000
WANTED = Wanted({"x": ("float32", [-1, 2000])}, label="y", fields={"device": []}, group="device")


@pytest.fixture
def built(tmp_path):
    """The same samples at once and in parts."""
    devices = np.array([f"device {'x' * (number // 16)}" for number in range(SAMPLES)])
    values = np.random.default_rng(1).random((SAMPLES, 2000), np.float32)
    source = tmp_path / "train"
    source.mkdir()
    for name, array in {"x": values, "y": np.arange(SAMPLES) % 4, "device": devices}.items():
        np.save(source / f"{name}.npy", array)
    parts = build_in_parts(str(source), WANTED, tmp_path / "parts", COUNT)
    return build_whole(source, WANTED, tmp_path / "whole"), parts


@pytest.fixture
def stored(built, s3):
    """The set in parts, with the parts in a bucket."""
    _, parted = built
    manifest, moved = parted.manifest, []
    for number, part in enumerate(manifest.parts, start=1):
        place = (parted.dataset / part.uri).resolve()
        files = {f"bucket/part-{number}/{key}": (place / key).read_bytes() for key in part.files}
        s3.pipe(files)
        moved.append(part.model_copy(update={"uri": f"s3://bucket/part-{number}"}))
    changed = manifest.model_copy(update={"parts": moved})
    changed.write(folder_of(parted.dataset, KEY) / "manifest.json")
    return parted.dataset


def second(manifest: Manifest) -> range:
    return range(manifest.parts[1].start, manifest.parts[1].stop)


def test_all_arrays_are_those_of_a_set_built_at_once(built):
    whole, parts = (open_dataset(each.dataset, KEY) for each in built)
    np.testing.assert_array_equal(np.asarray(parts.inputs["x"]), whole.inputs["x"])
    np.testing.assert_array_equal(np.asarray(parts.label), whole.label)
    np.testing.assert_array_equal(np.asarray(parts.fields["device"]), whole.fields["device"])
    assert parts.fields["device"].dtype == whole.fields["device"].dtype
    expected = np.unique(np.asarray(whole.fields["device"]), return_inverse=True)[1]
    np.testing.assert_array_equal(parts.groups, expected)


def test_a_reader_fetches_the_part_of_its_rows_from_s3(built, stored, door, tmp_path):
    door.sent_bytes, whole = 0, open_dataset(built[0].dataset, KEY)
    opened = open_dataset(stored, KEY, second, tmp_path / "fetched")
    rows = opened.rows
    np.testing.assert_array_equal(opened.inputs["x"][rows], whole.inputs["x"][rows])
    needed = whole.inputs["x"][rows].nbytes
    assert needed <= door.sent_bytes < needed + OVERHEAD
    with pytest.raises(
        InputError, match="row 0 of `x` is in a part of the data set that is missing"
    ):
        opened.inputs["x"][0]


def test_a_part_that_changed_in_s3_is_named(stored, s3, tmp_path):
    content = bytearray(s3.cat("bucket/part-2/x.npy"))
    content[-1] ^= 1
    s3.pipe("bucket/part-2/x.npy", bytes(content))
    with pytest.raises(InputError, match=r"part 2 of 4 .*s3://.*`x\.npy` has changed since it was"):
        open_dataset(stored, KEY, second, tmp_path / "changed")
    s3.rm("bucket/part-2/x.npy")
    with pytest.raises(InputError, match=r"part 2 of 4 .*s3://.*`x\.npy` is missing"):
        open_dataset(stored, KEY, second, tmp_path / "missing")
