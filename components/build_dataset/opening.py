"""Open a source of any format as arrays."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from quantgate.components.build_dataset.class_names import numbered
from quantgate.components.build_dataset.csv_files import read_csv
from quantgate.components.build_dataset.image_folder import open_images
from quantgate.components.build_dataset.numpy_files import open_archive, open_folder
from quantgate.components.build_dataset.parquet_files import read_parquet
from quantgate.components.build_dataset.python_callable import read_callable
from quantgate.components.build_dataset.random_values import open_random
from quantgate.components.build_dataset.saved_dataset import read_saved_dataset
from quantgate.components.build_dataset.source_format import format_of
from quantgate.components.build_dataset.sources import (
    CLASS,
    FILE_NAME,
    LABELLED,
    MemoryArray,
    Purpose,
    Request,
    SourceArray,
)
from quantgate.components.build_dataset.spool import Stream, spooled
from quantgate.components.build_dataset.tfrecord import read_records
from quantgate.domain.warnings import Warned
from quantgate.errors import InputError
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import IMAGES, MADE, RANDOM, SELF_LABELLED
from quantgate.spec.model.source_files import warnings_about_files

#: Formats with random access to samples.
ARRAYS: Mapping[str, Callable[[Request], dict[str, SourceArray]]] = MappingProxyType(
    {
        "npz": open_archive,
        "npy": open_folder,
        "images": open_images,
        "random": open_random,
    }
)
#: The advice for data whose format has no keys.
NO_GROUP = "Remove `group`"
#: Formats of arrays that a file or folder names itself.
STORED = ("npz", "npy")
#: Formats that are read sequentially.
STREAMS: Mapping[str, Stream] = MappingProxyType(
    {
        "tfrecord": read_records,
        "csv": read_csv,
        "parquet": read_parquet,
        "tf_data": read_saved_dataset,
        "python": read_callable,
    }
)


@dataclass(frozen=True)
class Opened:
    """An opened source.

    Attributes:
        path: of the source, for messages.
        arrays: all arrays except for the label and `fields`, by key.
        label: the labels, if there are any.
        synthetic: whether the values are random.
        fields: further arrays that metrics need, by key. The label may be among them.
        unused: keys of the arrays that are ignored.
        warnings: about files and samples. Reading can add to them.
        classes: names of the label's classes by number, if they are known.
        group: the names of the samples' groups, if there are any. In evaluation data they are among
            the fields.
    """

    path: str
    arrays: dict[str, SourceArray]
    label: SourceArray | None
    synthetic: bool
    fields: dict[str, SourceArray]
    unused: list[str]
    warnings: list[Warned]
    classes: list[str]
    group: SourceArray | None = None

    @property
    def available(self) -> int:
        """Number of samples in the source, or of those that were read."""
        return next(iter(self.arrays.values())).shape[0]

    def refuse(self, purpose: Purpose, problems: Sequence[str]) -> None:
        """Raise an InputError that lists the problems of the source, if it has any."""
        if problems:
            lines = "".join(f"\n  - {problem}" for problem in problems)
            raise InputError(f"{self.path} cannot serve as {purpose} data:{lines}")


def open_source(request: Request, spool: Path, label_required: bool) -> Opened:
    """Open a source. A stream is first written to the folder `spool`.

    Raises:
        InputError: the source has an unknown format, is damaged, or lacks labels.
    """
    return open_as(format_of(request.data), request, spool, label_required)


def open_as(name: str, request: Request, spool: Path, label_required: bool) -> Opened:
    """Open a source of a known format, see `open_source`."""
    opened = open_parts(name, request, spool, label_required)
    if name not in MADE:
        opened.warnings.extend(warnings_about_files(Path(opened.path), name))
    return opened


def open_parts(name: str, request: Request, spool: Path, label_required: bool) -> Opened:
    """Open some files of a source, see `open_as`. Nothing is said about those that are absent."""
    arrays = ARRAYS[name](request) if name in ARRAYS else streamed(name, request, spool)
    return arranged(arrays, request, name, label_required)


def arranged(
    arrays: dict[str, SourceArray], request: Request, name: str, label_required: bool
) -> Opened:
    """Separate the inputs, the label and the further arrays of a source.

    Raises:
        InputError: the source lacks labels, inputs, or arrays that metrics need.
    """
    source = request.data.source
    key = CLASS if name in SELF_LABELLED else request.label
    if label_required and key and key not in arrays:
        raise InputError(_no_label(source, name, key, arrays))
    if name == IMAGES and request.group:
        request = replace(request, group=FILE_NAME)
    group = _group(request, arrays, name)
    fields = _fields(request, arrays) if request.purpose in LABELLED else {}
    label = numbered(_label(arrays, key, request, name), request.data.classes, source)
    arrays = {
        key: array
        for key, array in arrays.items()
        if key not in request.further or key in request.signature.inputs
    }
    if not arrays:
        raise InputError(f"{source} holds only the label `{key}`. Add the inputs")
    unused = _unused(arrays, request) if name in STORED else []
    for surplus in unused:
        del arrays[surplus]
    classes = _classes(label, request.data)
    return Opened(
        *(source, arrays, label, name == RANDOM, fields, unused, request.warnings, classes, group)
    )


def _classes(label: SourceArray | None, data: DataSource) -> list[str]:
    known = label.names if isinstance(label, MemoryArray) else ()
    return list(known or (label and data.classes) or ())


def streamed(name: str, request: Request, spool: Path) -> dict[str, SourceArray]:
    """Write the samples of a source that is read sequentially to a folder, see `spooled`."""
    stream = STREAMS[name]
    return spooled(stream, request, spool, own_code=stream is read_callable)


def _label(
    arrays: dict[str, SourceArray], key: str | None, request: Request, name: str
) -> SourceArray | None:
    """Return the labels. They stay among the arrays if an input is the label."""
    if key is None:
        return None
    if key in request.signature.inputs and name not in SELF_LABELLED:
        return arrays.get(key)
    return arrays.pop(key, None)


def _unused(arrays: Mapping[str, SourceArray], request: Request) -> list[str]:
    """Return the arrays that are not inputs. If an input is missing, one of them may be meant."""
    inputs = request.signature.inputs
    return sorted(arrays.keys() - inputs.keys()) if inputs.keys() <= arrays.keys() else []


def _group(request: Request, arrays: Mapping[str, SourceArray], name: str) -> SourceArray | None:
    """Return the names of groups. Only evaluation data has to have them."""
    key, source = request.group, request.data.source
    if key is None or request.purpose != "evaluation":
        return arrays.get(key or "")
    if name == RANDOM:
        raise InputError(f"{source} is read as {name}, which has no key to group by. {NO_GROUP}")
    if key not in arrays:
        raise InputError(f"{source} has no group `{key}`. It has {_names(arrays)}")
    return arrays[key]


def _fields(request: Request, arrays: Mapping[str, SourceArray]) -> dict[str, SourceArray]:
    missing = sorted(request.fields - arrays.keys())
    if missing:
        raise InputError(
            f"{request.data.source} has no {_names(missing)}, which `measure.metrics` names. It "
            f"has {_names(arrays)}"
        )
    return {key: arrays[key] for key in sorted(request.further & arrays.keys())}


def _names(keys: Iterable[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _no_label(source: str, name: str, key: str, arrays: Mapping[str, SourceArray]) -> str:
    if name in SELF_LABELLED:
        return f"{source} has no folder for each class, which evaluation data needs"
    return f"{source} has no label `{key}`. It has {_names(arrays)}"
