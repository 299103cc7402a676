"""Chosen samples of a source in storage cost the bytes of their rows or files."""

import io

import numpy as np
import pytest
from building_parts import Wanted, build_calibration, listed, require_equal_files
from PIL import Image

from quantgate.components.build_dataset.inputs import Selection
from quantgate.errors import StorageError

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
SAMPLES, WIDTH, CHOSEN = 300, 40_000, 20
SELECTION = Selection(CHOSEN, "random", 7)
ROWS = Wanted({"x": ("float32", [-1, WIDTH])}, label="y")
IMAGE = Wanted({"image": ("float32", [-1, 32, 32, 3])})
#: Headers of arrays, directories of archives, listings, and gaps between neighbours.
OVERHEAD = 250_000


def saved(save, *arguments, **arrays):
    stream = io.BytesIO()
    save(stream, *arguments, **arrays)
    return stream.getvalue()


def files_of(kind):
    """Return the files of a source by name."""
    random = np.random.default_rng(3)
    if kind == "images":
        pixels = random.integers(0, 256, (SAMPLES, 32, 32, 3), np.uint8)
        return {
            f"train/class {number % 4}/{number:03}.png": saved(Image.fromarray(image).save, "PNG")
            for number, image in enumerate(pixels)
        }
    values = random.normal(size=(SAMPLES, WIDTH)).astype("f4")
    arrays = {"x": values, "y": np.arange(SAMPLES) % 4, "unused": np.zeros((SAMPLES, 90_000))}
    if kind == "npz":
        return {"train.npz": saved(np.savez, **arrays)}
    return {f"train/{key}.npy": saved(np.save, values) for key, values in arrays.items()}


@pytest.fixture(params=["npz", "npy", "images"])
def source(request, tmp_path):
    """A source on disk, the files of it, what is asked of it, and the bytes of that."""
    files = files_of(request.param)
    for name, content in files.items():
        path = tmp_path / "local" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    location = tmp_path / "local" / ("train.npz" if request.param == "npz" else "train")
    if request.param == "images":
        return location, files, IMAGE, CHOSEN * len(next(iter(files.values())))
    return location, files, ROWS, CHOSEN * WIDTH * 4


def test_gcs_sends_only_chosen_samples(source, bucket, tmp_path):
    location, files, wanted, needed = source
    for name, content in files.items():
        bucket.put(name, content)
    whole = build_calibration(location, wanted, tmp_path / "all", SELECTION)
    listing = listed(f"gs://bucket/{location.name}", tmp_path)
    bucket.sent_bytes = 0
    chosen = build_calibration("", wanted, tmp_path / "chosen", SELECTION, listing=listing)
    require_equal_files(whole, chosen)
    assert 0.9 * needed <= bucket.sent_bytes < needed + OVERHEAD


def test_s3_sends_only_chosen_samples(source, s3, door, tmp_path):
    location, files, wanted, needed = source
    s3.pipe({f"bucket/{name}": content for name, content in files.items()})
    whole = build_calibration(location, wanted, tmp_path / "all", SELECTION)
    listing = listed(f"s3://bucket/{location.name}", tmp_path)
    door.sent_bytes = 0
    chosen = build_calibration("", wanted, tmp_path / "chosen", SELECTION, listing=listing)
    require_equal_files(whole, chosen)
    assert 0.9 * needed <= door.sent_bytes < needed + OVERHEAD


def test_a_compressed_archive_is_fetched_whole(bucket, tmp_path):
    rows = np.random.default_rng(1).normal(size=(50, WIDTH)).astype("f4")
    content = saved(np.savez_compressed, x=rows, y=np.arange(50))
    (tmp_path / "train.npz").write_bytes(content)
    bucket.put("train.npz", content)
    whole = build_calibration(tmp_path / "train.npz", ROWS, tmp_path / "all", SELECTION)
    listing = listed("gs://bucket/train.npz", tmp_path)
    chosen = build_calibration("", ROWS, tmp_path / "chosen", SELECTION, listing=listing)
    require_equal_files(whole, chosen)
    assert bucket.sent_bytes > len(content)


@pytest.mark.parametrize("kind", ["npy", "images"])
def test_a_file_that_was_replaced_is_refused(bucket, tmp_path, kind):
    files = files_of(kind)
    for name, content in files.items():
        bucket.put(name, content)
    listing = listed("gs://bucket/train", tmp_path)
    for name, content in files.items():
        bucket.put(name, content)
    wanted = IMAGE if kind == "images" else ROWS
    with pytest.raises(StorageError, match="an object was replaced or deleted while it was fetch"):
        build_calibration("", wanted, tmp_path / "chosen", SELECTION, listing=listing)


def test_damaged_bytes_of_an_image_are_refused(bucket, tmp_path):
    for name, content in files_of("images").items():
        bucket.put(name, content)

    def damage(request):
        request.damage = True

    listing = listed("gs://bucket/train", tmp_path)
    bucket.fail(damage, media=True)
    with pytest.raises(StorageError, match="arrived with bytes that do not match its checksum"):
        build_calibration("", IMAGE, tmp_path / "chosen", SELECTION, listing=listing)


def test_storage_that_ignores_ranges_is_refused(s3, door, tmp_path):
    content = files_of("npz")["train.npz"]
    s3.pipe("bucket/train.npz", content)

    def whole(app, environ, start):
        del environ["HTTP_RANGE"]
        return app(environ, start)

    listing = listed("s3://bucket/train.npz", tmp_path)
    door.always.append(("GET", "train.npz", whole))
    with pytest.raises(StorageError, match=rf"storage sent {len(content):,} bytes instead of "):
        build_calibration("", ROWS, tmp_path / "chosen", SELECTION, listing=listing)
