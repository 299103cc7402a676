"""Checks that the keys of a data source fit together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.spec import load
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import declared_format

SPECS = sorted((Path(__file__).parents[3] / "specs").glob("*.yaml"))
OLD = "evaluation: {source: test.npz, label: y}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("train.npz", "npz"),
        ("a/b.csv", "csv"),
        ("a/b.parquet", "parquet"),
        ("gs://bucket/a.tfrecord", "tfrecord"),
        ("gs://bucket/a.tfrecord-00000-of-00002", "tfrecord"),
        ("a-00000-of-00002.tfrec", "tfrecord"),
        ("a.tfrecord.gz", "tfrecord"),
        ("a.TFRecord-00000-of-00002.gz", "tfrecord"),
        ("train-00000-of-00002-0123456789abcdef.parquet", "parquet"),
        ("a.csv.gz", None),
        ("a.gz", None),
        ("train-00000-of-01024", None),
        ("my.data:samples", "python"),
        ("random", "random"),
        ("./random", None),
        ("gs://bucket/folder", None),
        ("s3:x/y", None),
    ],
)
def test_the_name_of_a_source_shows_its_format(source: str, expected: str | None):
    assert declared_format(DataSource(source=source)) == expected
    assert declared_format(DataSource(source=source, format="images")) == "images"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "{source: test.npz, label: y, images: {scale: 0.1}}",
            "6:44 `data.evaluation.images` is not for the format npz -> It is for `images` or "
            "`tfrecord`. Remove it, or set another `format`.",
        ),
        (
            "{source: test.csv, label: y, features: {x: {}}}",
            "6:44 `data.evaluation.features` is not for the format csv -> It is for `tfrecord`. "
            "Remove it, or set another `format`.",
        ),
        (
            "{source: test.tfrecord, label: y}",
            "6:3 `data.evaluation` needs the key `features` -> A TFRecord file has no "
            "shapes. Write for example `features: {image: {shape: [28, 28, 1]}}`.",
        ),
        (
            "{source: test, format: images, label: y}",
            "6:46 `data.evaluation.label` is not for the format images -> The labels are the "
            "folders. Remove it.",
        ),
        (
            "{source: random, samples: 5, label: y}",
            "6:44 `data.evaluation.label` is not for the format random -> The labels are random, "
            "too. Remove it.",
        ),
        (
            "{source: random, samples: 5, group: speaker}",
            "6:44 `data.evaluation.group` is not for the format random -> It has no keys. Remove "
            "`group`.",
        ),
        (
            "{source: test, format: images, group: speaker}",
            "6:53 `data.evaluation.group` needs one pair of parentheses around the name of the "
            "group, and has 0 -> For images it is a pattern of file names. Write for example "
            "`^([^_]+)_`.",
        ),
        (
            "{source: test, format: images, group: '(('}",
            "6:53 `data.evaluation.group` is not a regular expression: missing ), unterminated "
            "subpattern at position 1 -> For images it is a pattern of file names. Write for "
            "example `^([^_]+)_`.",
        ),
        (
            "{source: random}",
            "6:3 `data.evaluation` needs the key `samples` -> Set it to the number of random "
            "samples.",
        ),
        (
            "{source: test}",
            "6:3 `data.evaluation` needs the key `label` -> `label`: Key of the labels or targets. "
            "For images in one folder per class, write `format: images` instead.",
        ),
        (
            "{source: test.npz}",
            "6:3 `data.evaluation` needs the key `label` -> `label`: Key of the labels or targets.",
        ),
        (
            "{source: test.py, format: python, label: y}",
            "6:24 `data.evaluation.source` is not a Python function: test.py -> Write "
            "`module:function`.",
        ),
        (
            "{source: test, format: images, images: {size: [3]}}",
            "6:61 `data.evaluation.images.size` must be two numbers, not 1 -> Write "
            "`[height, width]`.",
        ),
        (
            "{source: test, format: images, images: {classes: [cat, dog, cat]}}",
            "6:64 `data.evaluation.images.classes` has `cat` more than once -> A class is one "
            "output of the model.",
        ),
        (
            "{source: test.npz, label: y, classes: [cat, dog, cat]}",
            "6:53 `data.evaluation.classes` has `cat` more than once -> A class is one output of "
            "the model.",
        ),
        (
            "{source: test, format: images, classes: [cat, dog]}",
            "6:46 `data.evaluation.classes` is not for the format images -> For one folder per "
            "class, write `images: {classes: [..]}`.",
        ),
        (
            "{source: test, format: images, images: {classes: [0]}}",
            "6:65 `data.evaluation.images.classes.0` must be text, not 0 -> Put it in quotes.",
        ),
        (
            "{source: test.tfrecord, label: y, features: {x: {}}, images: {classes: [a]}}",
            "6:77 `data.evaluation.images.classes` is not for the format tfrecord -> It is for "
            "`images`. Remove it, or set another `format`.",
        ),
        (
            "{source: random, samples: 5, random: {range: [1, 0]}}",
            "6:60 `data.evaluation.random.range` must be two numbers, the smaller first -> Write "
            "for example `[0, 1]`.",
        ),
        (
            "{source: test.csv, label: y, columns: 5}",
            "6:53 `data.evaluation.columns` must be a mapping, not 5 -> Its keys are names of "
            "features or inputs.",
        ),
    ],
)
def test_keys_that_do_not_fit_together_are_refused(
    mistaken: Callable[[str, str], list[str]], entry: str, expected: str
):
    assert mistaken(OLD, f"evaluation: {entry}") == [expected]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_example_specs_are_valid(path: Path):
    assert load(path).spec.name == path.stem
