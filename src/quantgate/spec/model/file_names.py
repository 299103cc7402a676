"""Names of data files: the format that they show, and the set of shards that they belong to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType

TFRECORD = "tfrecord"
GZIP_SUFFIXES = (".gz", ".gzip")
SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".npz": "npz",
        ".tfrecord": TFRECORD,
        ".tfrecords": TFRECORD,
        ".tfrec": TFRECORD,
        ".csv": "csv",
        ".parquet": "parquet",
    }
)

# The hexadecimal number is that of files from the Hugging Face Hub.
_SHARD = re.compile(
    r"(?P<stem>.*?)-?(?P<number>\d{1,6})-of-(?P<count>\d{1,6})(-[0-9a-f]{8,})?(?P<end>(\.\w+)*)"
)


@dataclass(frozen=True)
class Shard:
    """A part of a data set that is stored in several files.

    Attributes:
        of: name of the whole set, such as `train.tfrecord`.
        number: of the shard, from 0.
        count: number of shards in the set.
    """

    of: str
    number: int
    count: int


def shard_named(name: str) -> Shard | None:
    """Return the shard of a name such as `train.tfrecord-00000-of-00002`, None for other names."""
    match = _SHARD.fullmatch(name)
    if match is None:
        return None
    whole = _without_gzip(match["stem"] + match["end"])
    return Shard(whole, int(match["number"]), int(match["count"]))


def named_format(name: str) -> str | None:
    """Return the format that the name of a file shows, None if it shows none."""
    plain = _plain(name)
    format_name = SUFFIXES.get(PurePath(plain).suffix.lower())
    return format_name if format_name == TFRECORD or not _is_gzip(name) else None


def may_be_records(name: str) -> bool:
    """Return whether a file in a folder of TFRecords is one of them.

    Shards and gzip files need no suffix of TFRecords, as in `train-00000-of-01024`.
    """
    bare = (shard_named(name) or _is_gzip(name)) and not PurePath(_plain(name)).suffix
    return named_format(name) == TFRECORD or bool(bare)


def _plain(name: str) -> str:
    shard = shard_named(name)
    return shard.of if shard else _without_gzip(name)


def _is_gzip(name: str) -> bool:
    return PurePath(name).suffix.lower().startswith(GZIP_SUFFIXES)


def _without_gzip(name: str) -> str:
    return PurePath(name).stem if PurePath(name).suffix.lower() in GZIP_SUFFIXES else name
