"""Evaluation sets in parts whose source is in storage: each part fetches only its share."""

import io

import numpy as np
import pytest
from building_parts import (
    Wanted,
    build_in_parts,
    build_part,
    build_whole,
    listed,
    merge,
    require_same,
)
from PIL import Image

from quantgate.errors import StorageError

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
SAMPLES, COUNT = 64, 4
VALUES = np.random.default_rng(1).normal(size=(SAMPLES, 2000)).astype("f4")
ROWS = Wanted({"x": ("float32", [-1, 2000])}, label="y", metrics=[{"metric": "top1"}])
IMAGE = Wanted({"image": ("float32", [-1, 32, 32, 3])})
#: Headers of arrays, directories of archives and listings.
OVERHEAD = 150_000


def arrays():
    return {"x": VALUES, "y": np.arange(SAMPLES) % 4, "unused": np.zeros((SAMPLES, 90_000))}


def files_of(kind):
    """Return the files of a source by name."""
    if kind == "npz":
        stream = io.BytesIO()
        np.savez(stream, **arrays())
        return {"train.npz": stream.getvalue()}
    files = {}
    random = np.random.default_rng(3)
    for number in range(SAMPLES):
        stream = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (32, 32, 3), np.uint8)).save(stream, "PNG")
        files[f"train/class {number % 4}/{number:02}.png"] = stream.getvalue()
    if kind == "images":
        return files
    files = {}
    for key, values in arrays().items():
        stream = io.BytesIO()
        np.save(stream, values)
        files[f"train/{key}.npy"] = stream.getvalue()
    return files


def location_of(kind):
    return "train.npz" if kind == "npz" else "train"


@pytest.fixture(params=["npz", "npy", "images"])
def source(request, tmp_path):
    """A source on disk, the files of it, and what is asked of it."""
    files = files_of(request.param)
    for name, content in files.items():
        path = tmp_path / "local" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    wanted = IMAGE if request.param == "images" else ROWS
    return tmp_path / "local" / location_of(request.param), files, wanted


def test_each_part_fetches_only_its_share_from_gcs(source, bucket, tmp_path):
    location, files, wanted = source
    for name, content in files.items():
        bucket.put(name, content)
    uri = f"gs://bucket/{location.name}"
    whole = build_whole(location, wanted, tmp_path / "whole")
    needed = sum(whole.array(facts.file).nbytes for facts in whole.manifest.inputs.values())
    needed = needed if wanted is ROWS else sum(map(len, files.values()))
    parts = []
    for number in range(1, COUNT + 1):
        bucket.sent_bytes = 0
        parts.append(build_part(uri, wanted, tmp_path / "parts", number, COUNT))
        assert bucket.sent_bytes < needed / COUNT + OVERHEAD
        assert bucket.sent_bytes >= needed / COUNT * 0.9
    require_same(whole, merge(parts, COUNT, wanted, tmp_path / "parts"))


def test_each_part_fetches_only_its_share_from_s3(source, s3, door, tmp_path):
    location, files, wanted = source
    s3.pipe({f"bucket/{name}": content for name, content in files.items()})
    uri = f"s3://bucket/{location.name}"
    whole = build_whole(location, wanted, tmp_path / "whole")
    needed = whole.array(next(iter(whole.manifest.inputs.values())).file).nbytes
    needed = needed if wanted is ROWS else sum(map(len, files.values()))
    parts = []
    for number in range(1, COUNT + 1):
        door.sent_bytes = 0
        parts.append(build_part(uri, wanted, tmp_path / "parts", number, COUNT))
        assert needed / COUNT * 0.9 <= door.sent_bytes < needed / COUNT + OVERHEAD
    require_same(whole, merge(parts, COUNT, wanted, tmp_path / "parts"))


def test_a_file_that_was_replaced_is_refused(bucket, tmp_path):
    for name, content in files_of("npy").items():
        bucket.put(name, content)
    uri = "gs://bucket/train"
    listing = listed(uri, tmp_path)
    build_part(uri, ROWS, tmp_path / "before", 1, COUNT, listing)
    bucket.put("train/x.npy", bucket.objects["train/x.npy"].content)
    with pytest.raises(StorageError, match="an object was replaced or deleted while it was fetch"):
        build_part(uri, ROWS, tmp_path / "after", 2, COUNT, listing)


def test_a_file_that_is_replaced_between_two_reads_is_refused(bucket, tmp_path):
    for name, content in files_of("npy").items():
        bucket.put(name, content)
    uri = "gs://bucket/train"

    def replace(request):
        request.after_media = lambda: bucket.put("train/x.npy", b"other")

    bucket.fail(replace, media=True)
    with pytest.raises(StorageError, match="an object was replaced or deleted while it was fetch"):
        build_part(uri, ROWS, tmp_path / "parts", 1, COUNT)


def test_damaged_bytes_of_a_file_are_refused(bucket, tmp_path):
    for name, content in files_of("images").items():
        bucket.put(name, content)

    def damage(request):
        request.damage = True

    bucket.fail(damage, media=True)
    with pytest.raises(StorageError, match="arrived with bytes that do not match its checksum"):
        build_part("gs://bucket/train", IMAGE, tmp_path / "parts", 1, COUNT)


def test_a_missing_source_is_named(bucket, tmp_path):
    with pytest.raises(StorageError, match="cannot fetch gs://bucket/none: there is nothing there"):
        build_in_parts("gs://bucket/none", ROWS, tmp_path / "parts", COUNT)
    with pytest.raises(StorageError, match="No such file or directory"):
        build_in_parts(str(tmp_path / "none"), ROWS, tmp_path / "local", COUNT)
