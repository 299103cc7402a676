"""What a source of data is, by its name and by what lies at its path."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from quantgate.spec.model.data import DataSource

RANDOM = "random"
PYTHON = "python"
IMAGES = "images"
#: Formats that lie nowhere, so that nothing is imported for them.
MADE = (PYTHON, RANDOM)
#: Formats that only TensorFlow reads.
TENSORFLOW = ("tfrecord", "tf_data")
#: Formats whose labels the source itself makes.
SELF_LABELLED = (IMAGES, RANDOM)
#: Which formats take which section of options.
OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "features": ("tfrecord",),
        "images": (IMAGES, "tfrecord"),
        "columns": ("csv", "parquet"),
        "random": (RANDOM,),
    }
)
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
SAVED_DATASET = "dataset_spec.pb"

_CALLABLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".npz": "npz",
        ".tfrecord": "tfrecord",
        ".tfrecords": "tfrecord",
        ".csv": "csv",
        ".parquet": "parquet",
    }
)


def is_callable_name(source: str) -> bool:
    """Whether a source is written as `package.module:function`."""
    return _CALLABLE.fullmatch(source) is not None


def declared_format(data: DataSource) -> str | None:
    """The format that a spec names, or else the one that the source's name tells."""
    if data.format:
        return data.format
    if data.source == RANDOM:
        return RANDOM
    return PYTHON if is_callable_name(data.source) else _SUFFIXES.get(Path(data.source).suffix)


def has_location(data: DataSource) -> bool:
    """Whether a source lies at a path or URI."""
    return declared_format(data) not in MADE


def format_at(path: Path) -> str | None:
    """The format of what lies at a path, None where it is not known."""
    if path.is_dir():
        return _format_of_folder(path)
    if path.is_file() and zipfile.is_zipfile(path):
        return "npz"
    known = _SUFFIXES.get(path.suffix) if path.is_file() else None
    return None if known == "npz" else known


def _format_of_folder(folder: Path) -> str | None:
    if (folder / SAVED_DATASET).is_file():
        return "tf_data"
    suffixes = {path.suffix for path in folder.iterdir() if path.is_file()}
    if ".npy" in suffixes:
        return "npy"
    known = {_SUFFIXES[suffix] for suffix in suffixes & set(_SUFFIXES)} & {"tfrecord", "parquet"}
    if len(known) == 1:
        return known.pop()
    return IMAGES if image_files(folder) or class_folders(folder) else None


def image_files(folder: Path) -> list[Path]:
    """The images that lie directly in a folder, sorted by name."""
    found = (path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def class_folders(folder: Path) -> list[Path]:
    """The folders of images in a folder, sorted by name; each is a class."""
    # Empty ones do not count: object stores lose them, and a class's number must not depend on
    # where the data lies.
    inner = sorted(path for path in folder.iterdir() if path.is_dir())
    return [path for path in inner if any(_images_below(path))]


def images_of_class(folder: Path) -> list[Path]:
    """Every image below a class's folder, in one order."""
    return sorted(_images_below(folder))


def _images_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith("."):
            yield path
