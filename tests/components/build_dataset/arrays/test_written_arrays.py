"""The files of a data set, and sources that cannot be read."""

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import folder_of, open_dataset
from quantgate.errors import InputError

IMAGE = {"image": ("float32", [-1, 2, 2, 1])}


SCORES = {"y": ("float32", [-1, 4])}


def images(samples, dtype=np.float32):
    return (np.arange(samples * 4).reshape(samples, 2, 2, 1) % 251 + 1).astype(dtype)


@pytest.mark.parametrize("folder_source", [False, True])
@pytest.mark.parametrize("writer", [np.savez, np.savez_compressed])
def test_written_arrays_are_the_chosen_rows(build, folder_source, writer):
    data, labels = images(5000), np.arange(5000) % 4
    folder = build(
        IMAGE,
        {"image": data, "labels": labels},
        folder_source=folder_source,
        writer=writer,
        label="labels",
        samples=300,
        select="random",
        seed=3,
    )
    dataset = open_dataset(folder, "serve")
    chosen = np.sort(np.random.default_rng(3).choice(5000, 300, replace=False))
    assert np.array_equal(dataset.inputs["image"], data[chosen])
    assert np.array_equal(dataset.label, labels[chosen])
    manifest = dataset.manifest
    assert (manifest.samples, manifest.available, manifest.select) == (300, 5000, "random")
    assert manifest.inputs["image"].file == "image.npy"
    assert manifest.inputs["image"].maximum == data[chosen].max()
    assert sum(manifest.per_class.values()) == 300


def test_fortran_order_and_foreign_byte_order_are_read(build):
    data = np.asfortranarray(images(50).astype(">f4"))
    dataset = open_dataset(build(IMAGE, {"image": data}), "serve")
    assert dataset.inputs["image"].dtype == np.float32
    assert np.array_equal(dataset.inputs["image"], images(50))


def test_the_hash_covers_content_and_nothing_else(build):
    def content(arrays, **options):
        return open_dataset(build(IMAGE, arrays, **options), "serve").manifest.content_sha256

    data, labels = images(20), np.arange(20) % 4
    reference = content({"image": data, "labels": labels}, label="labels")
    compressed = content(
        {"labels": labels, "image": data}, label="labels", writer=np.savez_compressed, seed=9
    )
    assert reference == compressed
    assert reference == content({"image": data.astype("f8"), "labels": labels}, label="labels")
    assert reference != content({"image": data, "labels": labels[::-1]}, label="labels")
    assert reference != content({"image": data[::-1], "labels": labels}, label="labels")
    assert reference != content({"image": data})


def test_input_names_that_are_no_file_names_get_safe_ones(build):
    names = ["a/b:0", "../up", "a_b_0"]
    folder = build(
        {name: ("float32", [-1, 1]) for name in names},
        {name: np.array([[i], [i + 0.5]], np.float32) for i, name in enumerate(names)},
    )
    dataset = open_dataset(folder, "serve")
    assert [dataset.inputs[name][0, 0] for name in names] == [0, 1, 2]
    files = sorted(path.name for path in folder_of(folder, "serve").iterdir() if path.is_file())
    assert files == ["_up-8c722b8a.npy", "a_b_0-845130c7.npy", "a_b_0.npy", "manifest.json"]


@pytest.fixture
def refused_source(build_from, make_facts):
    """Return the message that a source of images is refused with."""

    def message(source):
        with pytest.raises(InputError) as caught:
            build_from(source, make_facts(IMAGE, SCORES), "serve")
        return str(caught.value)

    return message


def test_sources_of_other_kinds_are_refused(refused_source, tmp_path):
    text = tmp_path / "data.txt"
    text.write_text("1,2\n")
    (tmp_path / "empty").mkdir()
    for source in (text, tmp_path / "empty"):
        assert refused_source(source) == (
            f"{source} has an unknown format. Give an .npz file, a folder of .npy files, or "
            "another format that the spec's `source` takes, and name it with `format`"
        )
    assert refused_source(tmp_path / "absent") == f"{tmp_path / 'absent'} does not exist"
    torn = tmp_path / "torn.npz"
    torn.write_bytes(b"PK no archive")
    assert refused_source(torn) == (
        f"{torn} has an unknown format. Give an .npz file, a folder of .npy files, or another "
        "format that the spec's `source` takes, and name it with `format`"
    )


def test_damaged_archives_are_refused(refused_source, tmp_path):
    source = tmp_path / "data.npz"
    np.savez(source, image=images(1000))
    content = bytearray(source.read_bytes())
    content[3000] ^= 0xFF
    source.write_bytes(content)
    assert refused_source(source) == (
        f"{source}: `image` cannot be read: Bad CRC-32 for file 'image.npy'. Copy or write it again"
    )


def test_a_folder_that_changed_is_not_opened(build):
    folder = build(IMAGE, {"image": images(4)})
    array = folder_of(folder, "serve") / "image.npy"
    np.save(array, images(5))
    with pytest.raises(InputError) as caught:
        open_dataset(folder, "serve")
    assert str(caught.value) == (
        f"{array} holds float32 [5, 2, 2, 1], its manifest says float32 "
        "[4, 2, 2, 1]. Build the data set again"
    )
    array.unlink()
    with pytest.raises(
        InputError, match=r"image\.npy cannot be read: .*\. Build the data set again"
    ):
        open_dataset(folder, "serve")
