"""Data sets: refused sources, selected samples and written files."""

import json
import logging
import sys

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import folder_of, open_dataset
from quantgate.components.build_dataset.selection import shares
from quantgate.components.user_code import UserCode
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes

IMAGE = {"image": ("float32", [-1, 2, 2, 1])}
TWO = {"numeric": ("float32", [-1, 3]), "category": ("int32", [-1, 2])}
SCORES = {"y": ("float32", [-1, 4])}


@pytest.fixture
def build(tmp_path, make_facts, build_from):
    """Build a data set of arrays stored as .npz (or as .npy files) and return its folder."""

    def run(inputs, arrays, *, folder_source=False, writer=np.savez, **options):
        source = tmp_path / ("arrays" if folder_source else "arrays.npz")
        if folder_source:
            source.mkdir()
            for key, array in arrays.items():
                np.save(source / f"{key}.npy", array)
        else:
            writer(source, **arrays)
        return build_from(source, make_facts(inputs, SCORES), "serve", **options)

    return run


@pytest.fixture
def refusal(build, tmp_path):
    """Return the message that a build is refused with, with SOURCE for the source's path."""

    def run(*arguments, **options):
        with pytest.raises(InputError) as caught:
            build(*arguments, **options)
        message = str(caught.value)
        for name in ("arrays.npz", "arrays"):
            message = message.replace(str(tmp_path / name), "SOURCE")
        return message

    return run


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


@pytest.mark.parametrize("dtype", ["f8", "f2", "u1", "i8", "i4"])
def test_numbers_become_float32_safely(build, dtype):
    dataset = open_dataset(build(IMAGE, {"image": images(9, dtype)}), "serve")
    assert np.array_equal(dataset.inputs["image"], images(9).astype(dtype).astype("f4"))


def test_int64_becomes_int32_where_values_fit(build, refusal):
    numeric = np.ones((4, 3), np.float32)
    category = np.array([[1, 2], [3, 4], [5, 6], [7, 8]])
    dataset = open_dataset(build(TWO, {"numeric": numeric, "category": category}), "serve")
    assert dataset.inputs["category"].dtype == np.int32
    assert dataset.inputs["category"].tolist() == category.tolist()
    category[2:] = 2**40
    assert refusal(TWO, {"numeric": numeric, "category": category}) == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `category` as int32: 2 of its samples hold values out of its range, the first "
        "is sample 2 of the source"
    )


def test_all_problems_of_structure_come_at_once(refusal):
    arrays = {
        "numeric": np.ones((4, 3, 1), np.float32),
        "extra": np.ones((4, 1)),
        "labels": np.arange(3),
    }
    assert refusal(TWO, arrays, label="labels") == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `category` is missing: expected int32 [2] per sample, the source has "
        "`numeric`, `extra`\n"
        "  - `extra` is not an input of the model, whose inputs are `numeric`, `category`: leave "
        "it out, or name it as the label\n"
        "  - input `numeric`: expected float32 [3] per sample, given float32 [3, 1]\n"
        "  - the arrays differ in their number of samples: `numeric` 4, `labels` 3"
    )


@pytest.mark.parametrize("folder_source", [False, True])
def test_arrays_that_nothing_uses_are_ignored_and_noted(build, caplog, tmp_path, folder_source):
    caplog.set_level(logging.INFO)
    arrays = {"image": images(3), "y": np.arange(3), "id": np.array(["a", "b"]), "w": np.ones(9)}
    folder = build(IMAGE, arrays, label="y", folder_source=folder_source)
    dataset = open_dataset(folder, "serve")
    assert list(dataset.inputs) == ["image"]
    assert dataset.label.tolist() == [0, 1, 2]
    assert dataset.manifest.unused == ["id", "w"]
    source = tmp_path / ("arrays" if folder_source else "arrays.npz")
    assert f"{source}: ignored, as neither inputs nor label: `id`, `w`" in caplog.messages


def test_an_input_may_be_the_label(build):
    data = images(4, np.uint8)
    hashes = set()
    for label in ("image", None):
        dataset = open_dataset(build(IMAGE, {"image": data}, label=label), "serve")
        hashes.add(dataset.manifest.content_sha256)
        assert np.array_equal(dataset.inputs["image"], data.astype("f4"))
        assert (dataset.label is None) == (label is None)
        if label:
            assert dataset.label.dtype == np.float32
            assert np.array_equal(dataset.label, data)
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("array", "given"),
    [
        (np.ones((3, 2, 2), np.float32), "float32 [2, 2]"),
        (np.float32(1), "float32 []: the array has no dimension that counts samples"),
        (np.ones((3, 2, 2, 1), bool), "bool [2, 2, 1]: there is no safe cast. Store float32"),
        (
            np.full((3, 2, 2, 1), "a"),
            "<U1 [2, 2, 1]: only float32, float64, float16, int8, int16, int32, int64, uint8, bool "
            "can be fed. Give the model numbers",
        ),
        (
            np.full((3, 2, 2, 1), None),
            "object [2, 2, 1]: Python objects are not read, because loading them can run code. "
            "Store numbers",
        ),
    ],
)
def test_misfits_name_what_is_expected_and_given(refusal, array, given):
    assert refusal(IMAGE, {"image": array}) == (
        "SOURCE cannot serve as evaluation data:\n"
        f"  - input `image`: expected float32 [2, 2, 1] per sample, given {given}"
    )


def test_floats_do_not_become_integers(refusal):
    arrays = {"numeric": np.ones((2, 3), np.float32), "category": np.ones((2, 2))}
    assert refusal(TWO, arrays) == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `category`: expected int32 [2] per sample, given float64 [2]: floats are not "
        "rounded to integers. Store integers"
    )


def test_an_input_without_batch_dimension_cannot_be_fed(refusal):
    assert refusal({"x": ("float32", [])}, {"x": np.ones(3, np.float32)}) == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `x`: expected float32 [] per sample, given float32 []: without a batch "
        "dimension the model cannot be given samples one by one"
    )


def test_a_free_dimension_takes_any_size(build):
    inputs = {"image": ("float32", [-1, -1, 2, 1])}
    data = np.ones((3, 7, 2, 1), np.float32)
    assert open_dataset(build(inputs, {"image": data}), "serve").inputs["image"].shape == (
        3,
        7,
        2,
        1,
    )


def test_not_finite_values_are_counted(refusal):
    data, target = images(30), np.ones((30, 2))
    data[7, 0, 0] = np.nan
    data[11, 1] = -np.inf
    target[3] = np.inf
    assert refusal(IMAGE, {"image": data, "target": target}, label="target") == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `image` as float32: 2 of its samples hold NaN or infinity, the first is sample "
        "7 of the source\n"
        "  - label `target` as float64: 1 of its samples hold NaN or infinity, the first is "
        "sample 3 of the source"
    )


def test_float64_beyond_float32_is_infinite(refusal):
    assert refusal(IMAGE, {"image": images(2, "f8") * 1e300}) == (
        "SOURCE cannot serve as evaluation data:\n"
        "  - input `image` as float32: 2 of its samples hold NaN or infinity, the first is sample "
        "0 of the source"
    )


def test_nothing_but_zeros_cannot_calibrate(build, refusal, caplog):
    zeros = {"image": np.zeros((100, 2, 2, 1), np.float32)}
    assert refusal(IMAGE, zeros, purpose="calibration") == (
        "SOURCE cannot serve as calibration data:\n"
        "  - input `image`: every value is 0, which leaves no range to calibrate on"
    )
    assert open_dataset(build(IMAGE, zeros), "serve").manifest.samples == 100


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "bool"])
def test_integers_that_are_all_zero_can_calibrate(build, refusal, dtype):
    inputs = {"ids": ("float32", [-1, 3]), "token_type_ids": (dtype, [-1, 3])}
    arrays = {"ids": np.ones((9, 3), np.float32), "token_type_ids": np.zeros((9, 3), dtype)}
    dataset = open_dataset(build(inputs, arrays, purpose="calibration"), "serve")
    facts = dataset.manifest.inputs["token_type_ids"]
    assert (facts.dtype, facts.minimum, facts.maximum) == (dtype, 0, 0)
    arrays["ids"] *= 0
    assert refusal(inputs, arrays, purpose="calibration") == (
        "SOURCE cannot serve as calibration data:\n"
        "  - input `ids`: every value is 0, which leaves no range to calibrate on"
    )


def test_empty_arrays_are_refused(refusal):
    assert refusal(IMAGE, {"image": images(0)}) == (
        "SOURCE cannot serve as evaluation data:\n  - there are no samples"
    )


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        (
            np.array(["a", "b"]),
            "label `labels` is <U1: store class numbers or numeric targets, or list the names of "
            "text labels as `classes`",
        ),
        (np.ones((2, 0)), "label `labels` has shape [2, 0]: it needs values per sample"),
    ],
)
def test_labels_must_be_numbers(refusal, label, problem):
    assert refusal(IMAGE, {"image": images(2), "labels": label}, label="labels") == (
        f"SOURCE cannot serve as evaluation data:\n  - {problem}"
    )


def test_a_missing_label_lists_the_arrays(refusal):
    arrays = {"image": images(3), "y": np.arange(3)}
    expected = "SOURCE has no label `labels`. It has `image`, `y`"
    assert refusal(IMAGE, arrays, label="labels") == expected
    stratified = {"purpose": "calibration", "select": "stratified"}
    assert refusal(IMAGE, arrays, label="labels", **stratified) == expected


def test_a_source_of_labels_only_is_refused(refusal):
    assert refusal(IMAGE, {"y": np.arange(3)}, label="y") == (
        "SOURCE holds only the label `y`. Add the inputs"
    )


def test_calibration_does_without_labels(build, caplog):
    folder = build(IMAGE, {"image": images(150)}, label="labels", purpose="calibration")
    assert open_dataset(folder, "serve").label is None
    assert caplog.messages == []


def test_a_label_is_not_an_input_of_calibration(build):
    arrays = {"image": images(150), "labels": np.arange(150) % 3}
    folder = build(IMAGE, arrays, label="labels", purpose="calibration")
    assert list(open_dataset(folder, "serve").inputs) == ["image"]


def test_a_stratified_choice_needs_class_labels(refusal):
    arrays = {"image": images(3), "y": np.ones(3)}
    message = (
        "SOURCE: a stratified choice needs one integer label per sample, and {}. Name such a "
        "label, or choose `random`"
    )
    given = refusal(IMAGE, arrays, label="y", select="stratified")
    assert given == message.format("`y` is float64 [3]")
    given = refusal(IMAGE, {"image": images(3)}, select="stratified")
    assert given == message.format("there are none")


@pytest.mark.parametrize("samples", [None, 50, 500])
def test_distinct_samples_are_counted_by_their_inputs(build, samples):
    arrays = {"image": np.repeat(images(20), 3, axis=0), "labels": np.arange(60)}
    chosen = {"samples": samples} if samples else {}
    manifest = open_dataset(build(IMAGE, arrays, label="labels", **chosen), "serve").manifest
    assert (manifest.requested, manifest.available) == (samples, 60)
    assert (manifest.samples, manifest.distinct) == ((50, 17) if samples == 50 else (60, 20))


def test_an_unknown_choice_lists_the_known(refusal):
    assert refusal(IMAGE, {"image": images(3)}, select="last") == (
        "select is `last`. Choose one of `first`, `random`, `stratified`"
    )


def test_an_unknown_purpose_lists_the_known(refusal):
    assert refusal(IMAGE, {"image": images(3)}, purpose="training") == (
        "purpose is `training`. Choose one of `calibration`, `evaluation`"
    )


def test_a_stratified_choice_keeps_proportions_and_rare_classes(build):
    labels = np.repeat([0, 1, 2], [700, 299, 1])
    arrays = {"image": images(1000), "labels": labels}
    folder = build(IMAGE, arrays, label="labels", samples=100, select="stratified", seed=5)
    dataset = open_dataset(folder, "serve")
    assert dataset.manifest.per_class == {"0": 70, "1": 29, "2": 1}
    assert np.all(np.diff(dataset.label) >= 0)


@pytest.mark.parametrize(
    ("counts", "size", "expected"),
    [
        ([5, 5], 4, [2, 2]),
        ([60, 30, 10], 9, [5, 3, 1]),
        ([1000, 1, 1], 3, [1, 1, 1]),
        ([1000, 1, 1], 2, [2, 0, 0]),
        ([1, 1, 98], 50, [1, 1, 48]),
        ([3, 4], 7, [3, 4]),
    ],
)
def test_shares(counts, size, expected):
    assert shares(np.array(counts), size).tolist() == expected


def test_unusual_calibration_sizes_give_a_warning(build, caplog):
    arrays = {"image": images(600)}
    with caplog.at_level(logging.WARNING):
        build(IMAGE, arrays, purpose="calibration", samples=20)
        build(IMAGE, arrays, purpose="calibration", samples=501)
        build(IMAGE, arrays, purpose="calibration", samples=100)
    assert caplog.messages == [
        "calibrating on 20 samples. LiteRT's guide advises 100 to 500: fewer may miss parts of the "
        "tensors' ranges",
        "calibrating on 501 samples. LiteRT's guide advises 100 to 500: more cost time, and "
        "outliers among them widen the ranges",
    ]


def test_asking_for_too_many_samples_takes_all(build, caplog, tmp_path):
    folder = build(IMAGE, {"image": images(120)}, purpose="calibration", samples=200)
    assert open_dataset(folder, "serve").manifest.samples == 120
    assert caplog.messages == [
        f"{tmp_path / 'arrays.npz'}: 200 samples requested, but it has 120, which are all taken"
    ]


@pytest.mark.parametrize(
    ("variants", "requested"), [([], None), ([{"key": "own", "samples": 300}], 300)]
)
def test_the_default_number_of_samples_is_not_asked_for(build, caplog, variants, requested):
    own = [{"select": "random", "seed": 0, **variant} for variant in variants]
    folder = build(
        IMAGE,
        {"image": images(120)},
        purpose="calibration",
        samples=200,
        default_samples=200,
        variants=json.dumps(own),
    )
    assert open_dataset(folder, "serve").manifest.requested == requested
    assert len(caplog.messages) == len(variants)


def test_input_names_that_are_no_file_names_get_safe_ones(build):
    names = ["a/b:0", "../up", "a_b_0"]
    folder = build(
        {name: ("float32", [-1, 1]) for name in names},
        {name: np.array([[i], [i + 0.5]], np.float32) for i, name in enumerate(names)},
    )
    dataset = open_dataset(folder, "serve")
    assert [dataset.inputs[name][0, 0] for name in names] == [0, 1, 2]
    files = sorted(path.name for path in folder_of(folder, "serve").iterdir())
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


CLASSES = np.arange(8) % 4
OWN = "def spread(outputs, labels):\n    return 0.0\n"


@pytest.mark.parametrize(
    ("metric", "labels", "message"),
    [
        (
            {"metric": "top1"},
            CLASSES + 1,
            "metric `top1`: the labels run from 1 to 4, but output `y` has classes 0 to 3. Labels "
            "count from 0, so subtract 1",
        ),
        (
            {"metric": "top1"},
            np.eye(4, dtype=np.int64)[CLASSES],
            "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output "
            "`y` is float32 [4] per sample, the labels are int64 [8, 4]. Labels in one-hot form "
            "become integers with labels.argmax(axis=-1)",
        ),
        (
            {"metric": "top1"},
            CLASSES.astype(np.float32),
            "metric `top1` needs scores [samples, classes] and integer labels [samples]. Output "
            "`y` is float32 [4] per sample, the labels are float32 [8]. Store whole numbers in "
            "an integer dtype, as with labels.astype(int)",
        ),
        (
            {"metric": "roc_auc", "postprocess": [{"apply": "argmax"}]},
            np.ones(8, np.int64),
            "metric `roc_auc`: there are 0 samples of class 0 and 8 of class 1. At least two of "
            "each are needed",
        ),
        (
            {"metric": "top1", "output": "z"},
            CLASSES,
            "metric `top1`: the model has no output `z`, only `y`",
        ),
        (
            {"metric": "mae", "label": "years"},
            CLASSES,
            "metric `mae` needs labels, and the evaluation set has none. Name them as `label`",
        ),
    ],
    ids=["out of range", "one-hot", "floats", "one class", "no such output", "no such label"],
)
def test_metrics_that_do_not_fit_are_reported(build, metric, labels, message):
    with pytest.raises(InputError) as caught:
        build(IMAGE, {"image": images(8), "labels": labels}, label="labels", metrics=[metric])
    assert str(caught.value) == message


def test_metrics_that_fit_do_not_change_the_data_set(build):
    arrays = {"image": images(8), "labels": CLASSES}
    unchecked = open_dataset(build(IMAGE, arrays, label="labels"), "serve").manifest
    folder = build(IMAGE, arrays, label="labels", metrics=[{"metric": "top1"}])
    assert open_dataset(folder, "serve").manifest == unchecked


@pytest.mark.parametrize("function", ["spread", "sprad"])
def test_custom_metrics_are_imported_from_the_users_file(build, tmp_path, monkeypatch, function):
    monkeypatch.delitem(sys.modules, "judging_early", raising=False)
    (tmp_path / "judging_early.py").write_text(OWN)
    given = {
        "metrics": [{"metric": f"judging_early:{function}", "better": "lower"}],
        "code": UserCode(str(tmp_path / "judging_early.py"), sha256_of_bytes(OWN.encode())),
    }
    arrays = {"image": images(8), "labels": CLASSES}
    if function == "spread":
        build(IMAGE, arrays, label="labels", **given)
        return
    with pytest.raises(InputError, match="the module `judging_early` has no function `sprad`"):
        build(IMAGE, arrays, label="labels", **given)
