"""Labels that name their classes, from any format."""

import json
import sys

import numpy as np
import pytest

INPUTS = {"x": ("float32", [-1, 2])}
X = np.arange(8, dtype=np.float32).reshape(4, 2)
ANIMALS = ["cat", "ant", "cat", "bee"]
CLASSES = ["cat", "bee", "ant"]
NUMBERS = [0, 2, 0, 1]
OPTIONS = {"classes": CLASSES}


def as_npz(folder, labels):
    np.savez(folder / "data.npz", x=X, y=np.array(labels))
    return folder / "data.npz"


def as_npz_of_bytes(folder, labels):
    return as_npz(folder, np.array(labels, "S"))


def as_npy(folder, labels):
    np.save(folder / "x.npy", X)
    np.save(folder / "y.npy", np.array(labels)[:, np.newaxis])
    return folder


def as_csv(folder, labels):
    rows = [f"{a},{b},{label}" for (a, b), label in zip(X, labels, strict=True)]
    (folder / "data.csv").write_text("\n".join(["a,b,y", *rows]))
    return folder / "data.csv"


def as_parquet(folder, labels):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"a": X[:, 0], "b": X[:, 1], "y": labels}), folder / "data.parquet")
    return folder / "data.parquet"


def as_categories(folder, labels):
    pa = pytest.importorskip("pyarrow")
    return as_parquet(folder, pa.array(labels).dictionary_encode())


def as_partitions(folder, labels):
    for number, label in enumerate(labels):
        (folder / f"y={label}").mkdir(exist_ok=True)
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        row = pa.table({"a": X[number : number + 1, 0], "b": X[number : number + 1, 1]})
        pq.write_table(row, folder / f"y={label}" / f"{number}.parquet")
    return folder


def as_function(folder, labels):
    (folder / "animals.py").write_text(
        f"import numpy as np\n\ndef samples():\n    for number, label in enumerate({labels}):\n"
        "        yield {'x': np.float32([2 * number, 2 * number + 1]), 'y': label}\n"
    )
    return "animals:samples"


WRITERS = [
    as_npz,
    as_npz_of_bytes,
    as_npy,
    as_csv,
    as_parquet,
    as_categories,
    as_partitions,
    as_function,
]


@pytest.fixture
def named(tmp_path, monkeypatch):
    """Write labels in a format. Return the source, and the options to read it with."""

    def write(writer, labels, **options):
        folder = tmp_path / "source"
        folder.mkdir()
        source = writer(folder, labels)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, "animals", raising=False)
        columns = {} if writer in WRITERS[:3] or writer is as_function else {"x": ["a", "b"]}
        return source, {**options, **({"columns": columns} if columns else {})}

    return write


@pytest.mark.parametrize("writer", WRITERS)
def test_labels_become_the_numbers_of_their_classes(build, named, writer):
    source, options = named(writer, ANIMALS, **OPTIONS)
    dataset = build(source, INPUTS, label="y", options=options)
    rows = np.argsort(dataset.inputs["x"][:, 0])
    assert dataset.label.reshape(-1)[rows].tolist() == NUMBERS
    assert dataset.label.dtype == np.int64
    assert dataset.manifest.classes == CLASSES
    assert dataset.manifest.per_class == {"0": 2, "1": 1, "2": 1}


@pytest.mark.parametrize("writer", WRITERS)
def test_an_unknown_name_is_refused_with_the_nearest_class(refusal, named, writer):
    source, options = named(writer, ["cat", "ant", "cats", "dog"], **OPTIONS)
    message = refusal(source, INPUTS, label="y", options=options)
    assert message.startswith(f"{source}: label `y` of sample ")
    assert ", which `classes` does not list, and 1 more names are unknown. " in message
    if writer is not as_partitions:
        assert " of sample 2 is `cats`," in message
        assert message.endswith("Did you mean `cat`?")


def test_a_name_that_is_like_no_class_is_refused_with_all_of_them(refusal, named):
    source, options = named(as_npz, ["cat", "ant", "zebra", "cat"], **OPTIONS)
    assert refusal(source, INPUTS, label="y", options=options) == (
        f"{source}: label `y` of sample 2 is `zebra`, which `classes` does not list. It lists "
        "`cat`, `bee`, `ant`"
    )


@pytest.mark.parametrize(
    ("writer", "hint"),
    [
        (as_npz, "or list the names of text labels as `classes`"),
        (as_parquet, "numbers can be fed. List the names of the classes as `classes`"),
        (as_csv, "is `cat`, which is not a number. List the names of the classes as `classes`"),
    ],
)
def test_text_without_classes_is_refused_with_a_fix(refusal, named, writer, hint):
    source, options = named(writer, ANIMALS)
    assert refusal(source, INPUTS, label="y", options=options).endswith(hint)


@pytest.mark.parametrize("writer", [as_npz, as_csv, as_parquet])
def test_numbers_are_class_numbers(build, named, writer):
    source, options = named(writer, NUMBERS, **OPTIONS)
    dataset = build(source, INPUTS, label="y", options=options)
    assert dataset.label.tolist() == NUMBERS
    assert dataset.manifest.classes == CLASSES


@pytest.mark.parametrize("writer", [as_npz, as_csv, as_parquet])
def test_numbers_are_names_if_a_class_has_a_number_as_its_name(build, named, writer):
    source, options = named(writer, [7, 3, 7, 5], classes=["7", "5", "3"])
    assert build(source, INPUTS, label="y", options=options).label.tolist() == NUMBERS


@pytest.mark.parametrize("writer", [as_npz, as_csv, as_parquet, as_function])
def test_slices_by_the_label_have_the_names_of_the_classes(build, named, writer):
    source, options = named(writer, ANIMALS, **OPTIONS)
    fields = json.dumps({"y": ["cat"]})
    dataset = build(source, INPUTS, label="y", options=options, fields=fields)
    assert dataset.fields["y"].tolist() == ANIMALS
    assert dataset.label.tolist() == NUMBERS


def test_calibration_samples_are_stratified_by_names(build, named):
    source, options = named(as_npz, ANIMALS, **OPTIONS)
    calibration = {"purpose": "calibration", "label": "y", "select": "stratified", "samples": 3}
    dataset = build(source, INPUTS, options=options, **calibration)
    assert dataset.manifest.per_class == {"0": 1, "1": 1, "2": 1}


def test_a_number_of_classes_that_differs_from_the_outputs_is_refused(refusal, named):
    source, options = named(as_npz, ANIMALS, classes=[*CLASSES, "dog"])
    metrics = [{"metric": "top1"}]
    assert refusal(source, INPUTS, label="y", options=options, metrics=metrics) == (
        "metric `top1`: the evaluation data has 4 classes (`cat`, `bee`, `ant`, `dog`), but output "
        "`y` has 3. List a name for each one in the order of the outputs as `classes`, or as "
        "`images.classes` for folders. A class may lack samples"
    )
