"""Formats of data sources, recognized by name and by content."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from quantgate.spec.model.data import (
    CalibrationSamples,
    DataSource,
    EvaluationSamples,
    SearchSamples,
)
from quantgate.spec.model.file_names import named_format

RANDOM = "random"
PYTHON = "python"
IMAGES = "images"
#: Formats without a file, so that nothing is imported for them.
MADE = (PYTHON, RANDOM)
#: Formats that need TensorFlow.
TENSORFLOW = ("tfrecord", "tf_data")
#: Formats that include their labels.
SELF_LABELLED = (IMAGES, RANDOM)
#: Formats whose files or rows can be shared by tasks.
SHARED = (IMAGES, "tfrecord", "parquet", "npy", "npz")
#: Those of them whose files are read one after another, as they do not tell where a sample is.
IN_SEQUENCE = ("tfrecord", "parquet")
#: The formats that each section of options, or a key of one, is for.
OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "features": ("tfrecord",),
        "images": (IMAGES, "tfrecord"),
        "images.classes": (IMAGES,),
        "columns": ("csv", "parquet"),
        "random": (RANDOM,),
        "classes": ("npz", "npy", "tfrecord", "csv", "parquet", "tf_data", PYTHON),
    }
)
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
SAVED_DATASET = "dataset_spec.pb"

_CALLABLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def is_callable_name(source: str) -> bool:
    """Return whether a source is written as `package.module:function`."""
    return _CALLABLE.fullmatch(source) is not None


def declared_format(data: DataSource) -> str | None:
    """Return the format that a spec names, or else the one that the source's name shows."""
    if data.format:
        return data.format
    if data.source == RANDOM:
        return RANDOM
    return PYTHON if is_callable_name(data.source) else named_format(Path(data.source).name)


def with_classes(
    data: CalibrationSamples | EvaluationSamples | SearchSamples, evaluation: EvaluationSamples
) -> CalibrationSamples | EvaluationSamples | SearchSamples:
    """Return data with the classes of the evaluation data, if it has the same label."""
    is_other = data.classes or data.label not in (None, evaluation.label)
    if is_other or declared_format(data) not in OPTIONS["classes"]:
        return data
    return data.model_copy(update={"classes": evaluation.classes})


def has_location(data: DataSource) -> bool:
    """Return whether a source has a path or URI."""
    return declared_format(data) not in MADE


def given_options(data: DataSource) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the options that a source has, with the formats that each one is for."""
    for option, formats in OPTIONS.items():
        value: object = data
        for key in option.split("."):
            value = getattr(value, key, None)
        if value is not None:
            yield option, formats


def format_at(path: Path) -> str | None:
    """Return the format of a file or folder, None if it is unknown."""
    if path.is_dir():
        return _format_of_folder(path)
    if path.is_file() and zipfile.is_zipfile(path):
        return "npz"
    known = named_format(path.name) if path.is_file() else None
    return None if known == "npz" else known


def _format_of_folder(folder: Path) -> str | None:
    if (folder / SAVED_DATASET).is_file():
        return "tf_data"
    names = [path.name for path in folder.iterdir() if path.is_file()]
    if any(name.endswith(".npy") for name in names):
        return "npy"
    known = {each for each in map(named_format, names) if each in ("tfrecord", "parquet")}
    if len(known) == 1:
        return known.pop()
    if image_files(folder) or class_folders(folder):
        return IMAGES
    return "parquet" if any(folder.glob("*=*/**/*.parquet")) else None


def image_files(folder: Path) -> list[Path]:
    """Return the images directly in a folder, sorted by name."""
    images = (path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    return sorted(path for path in images if path.is_file() and not _is_hidden(path.name))


def class_folders(folder: Path) -> list[Path]:
    """Return the folders in a folder of images, one for each class, sorted by name.

    As in Keras, a folder without images is a class, and a hidden one is not. There are no classes
    if no folder has images.
    """
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and not _is_hidden(path.name))
    return inner if any(any(_images_below(path)) for path in inner) else []


def unknown_folders(folder: Path, classes: Sequence[str]) -> list[str]:
    """Return the names of class folders that are none of the given classes."""
    return [path.name for path in class_folders(folder) if path.name not in classes]


def images_of_class(folder: Path) -> list[Path]:
    """Return all images below a class's folder, sorted by path."""
    return sorted(_images_below(folder))


def _images_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        names = path.relative_to(folder).parts
        if path.suffix.lower() in IMAGE_SUFFIXES and not any(map(_is_hidden, names)):
            yield path


def _is_hidden(name: str) -> bool:
    return name.startswith(".")
