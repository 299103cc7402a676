"""A data set, as its manifest describes it."""

from typing import Annotated, Literal

from pydantic import Field

from quantgate.domain.warnings import Warned
from quantgate.records.base import Record


class ArrayFacts(Record):
    """One array of a data set: its file, its shape with the samples first, its dtype, its range.

    Text is stored as NumPy's `str` of fixed width, whose range is 0 to 0.
    """

    file: str
    shape: list[int]
    dtype: str
    minimum: float
    maximum: float


class Groups(Record):
    """The groups of an evaluation set's samples: their key and number.

    `effective` is the number of groups of equal size with as much evidence. It counts samples with
    equal inputs once.
    """

    key: str
    count: int
    effective: float


class PartFile(Record):
    """The hash and size of one array's file in a part of a data set."""

    sha256: str
    size_bytes: int


class DatasetPart(Record):
    """A part of a data set: the rows from `start` to before `stop`, stored elsewhere.

    `uri` is the folder with the arrays, and `files` has their names in it.
    """

    uri: str
    start: int
    stop: int
    files: dict[str, PartFile]


class Manifest(Record):
    """The contents of `manifest.json` in a data set folder: what is in it and how it was chosen.

    `content_sha256` covers names, shapes, dtypes and values, labels included. It is the same for
    the same samples, whether they were built at once or in parts. `samples` of
    `available` were taken, and `requested` is the number that the spec asks for, if it does.
    `distinct` of them have different inputs. `per_class` counts the labels if they are integers.
    `selections` has the rows that each variant of a calibration takes. The key "" is the one that
    `select` and `seed` describe. It is empty if there is no other. `synthetic` is true for random
    values. `fields` are further arrays by key, for metrics: what slices go by, the ground truth of
    boxes. `classes` names the classes, by number, if the source does. `unused` has the keys of the
    source's arrays that are neither inputs nor label. `warnings` are about files that were left out
    or may not be meant, and about images. `groups` are there if the spec names a key of groups.
    `parts` are the places of the arrays. They are empty if the arrays are beside the manifest.
    """

    purpose: Literal["calibration", "evaluation", "search"]
    source: str
    inputs: dict[str, ArrayFacts]
    label: ArrayFacts | None
    samples: int
    available: int
    select: str
    seed: int
    per_class: dict[str, int] | None
    content_sha256: str
    selections: dict[str, list[int]] = {}
    synthetic: bool = False
    fields: dict[str, ArrayFacts] = {}
    classes: list[str] = []
    unused: list[str] = []
    warnings: list[Warned] = []
    requested: int | None = None
    distinct: int | None = None
    groups: Groups | None = None
    parts: Annotated[list[DatasetPart], Field(exclude_if=lambda parts: not parts)] = []


class DatasetShard(Record):
    """A part of an evaluation set and its place among all parts: the contents of `part.json`.

    `source_sha256` is the hash of the source's listing. `manifest` is that of the part's samples,
    and None if it has none. `layout` has the role, name, dtype and shape of a row of each array,
    and `group` the key of the groups. `files` are those of the arrays. `values` are the distinct
    values of the arrays in which the spec names values. `warnings` are about all files of the
    source, and only in the first part.
    """

    number: int
    count: int
    source_sha256: str
    manifest: Manifest | None
    layout: list[list[str | list[int]]] = []
    group: str = ""
    files: dict[str, PartFile] = {}
    values: dict[str, list[str]] = {}
    warnings: list[Warned] = []
