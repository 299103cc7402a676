"""Files of a folder of samples: those that are read, and those that are left out."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from quantgate.domain.warnings import FILES_NOT_READ, SEVERAL_SETS, SINGLE_SHARD, Warned
from quantgate.spec.model.file_names import may_be_records, named_format, shard_named
from quantgate.spec.model.formats import IMAGE_SUFFIXES, class_folders
from quantgate.spec.problems.wording import few

#: Formats whose files may be shards of a set.
SHARDED = ("tfrecord", "parquet")
#: Suffixes of files that describe data, which are not samples.
DESCRIPTIONS = frozenset(
    (".crc", ".html", ".json", ".md", ".pbtxt", ".rst", ".txt", ".yaml", ".yml")
)
FEW = 3
COMPLETE_SHARDS = "Keep one file for each shard, or rename files that are not part of the set"
#: Returns whether a file is read, from its folders below the source and its name.
Reads = Callable[[tuple[str, ...], str], bool]


def data_files(source: Path, format_name: str) -> list[Path]:
    """Return the files of a source in the order in which they are read.

    A folder of Parquet files may have partitions, which are folders such as `year=2026`.
    """
    if not source.is_dir():
        return [source]
    reads = _READS[format_name]
    return sorted(
        source.joinpath(*folders, name)
        for folders, name in _names_below(source)
        if reads(folders, name)
    )


def shard_problem(source: Path, format_name: str | None) -> str | None:
    """Return a sentence about a folder's first incomplete set of shards, None if there is none."""
    if format_name not in SHARDED or not source.is_dir():
        return None
    for (folder, whole, count), numbers in _sets_of_shards(source, format_name).items():
        if missing := sorted(set(range(count)) - set(numbers)):
            names = [f"{number:05}-of-{count:05}" for number in missing]
            return f"{folder} lacks {few(names, FEW)} of the shards of `{whole}`"
        if len(numbers) > count:
            return f"{folder} has more than {count} files for the {count} shards of `{whole}`"
    return None


def warnings_about_files(source: Path, format_name: str) -> list[Warned]:
    """Return a warning for each doubt whether the right files of a source are read."""
    about = _about_folder if source.is_dir() else _about_file
    warnings = about(source, format_name)
    return [Warned(warning.id, readable_name(warning.message)) for warning in warnings]


def _about_folder(source: Path, format_name: str) -> list[Warned]:
    reads = _reads_images(source) if format_name == "images" else _READS.get(format_name)
    skipped = _skipped(source, reads, format_name) if reads else []
    return [*skipped, *_several_sets(source, format_name)]


def _about_file(source: Path, format_name: str) -> list[Warned]:
    shard = shard_named(source.name) if format_name in SHARDED else None
    if shard is None or shard.count == 1:
        return []
    return [
        SINGLE_SHARD.says(
            f"`{source.name}` is one of {shard.count} shards, and the others are not read. To "
            "read all, name their folder as the source"
        )
    ]


def _skipped(source: Path, reads: Reads, format_name: str) -> list[Warned]:
    skipped = sorted(
        "/".join((*folders, name))
        for folders, name in _names_below(source)
        if not reads(folders, name) and not _is_description(name)
    )
    if not skipped:
        return []
    files = "1 file is" if len(skipped) == 1 else f"{len(skipped):,} files are"
    return [
        FILES_NOT_READ.says(
            f"in `{source.name}`, {files} not read as {format_name}: {few(skipped, FEW)}. Move "
            "them out of the folder, or rename those that are samples"
        )
    ]


def _several_sets(source: Path, format_name: str) -> list[Warned]:
    sets = _sets_of_shards(source, format_name) if format_name in SHARDED else {}
    names = sorted({whole for _, whole, _ in sets})
    if len(names) < 2:
        return []
    return [
        SEVERAL_SETS.says(
            f"`{source.name}` has several sets of shards, which are all read: {few(names, FEW)}. "
            "Give each set a folder of its own if only one is meant"
        )
    ]


def _sets_of_shards(source: Path, format_name: str) -> Mapping[tuple[Path, str, int], list[int]]:
    sets: dict[tuple[Path, str, int], list[int]] = defaultdict(list)
    for file in data_files(source, format_name):
        if shard := shard_named(file.name):
            sets[file.parent, shard.of, shard.count].append(shard.number)
    return sets


def _names_below(folder: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the files below a folder, without hidden files and folders."""
    for path, folders, names in os.walk(folder, onerror=_refuse_partition, followlinks=True):
        folders[:] = [name for name in folders if _is_entered(Path(path, name))]
        parts = Path(path).relative_to(folder).parts
        yield from ((parts, name) for name in names if not name.startswith("."))


def _is_entered(folder: Path) -> bool:
    # Other links may lead out of the source, or back to it.
    hidden = folder.name.startswith(".")
    return not hidden and (_is_partition(folder.name) or not folder.is_symlink())


def _refuse_partition(error: OSError) -> None:
    if _is_partition(Path(error.filename).name):
        raise error


def _is_partition(folder: str) -> bool:
    return "=" in folder


def readable_name(name: str) -> str:
    """Return a name, or a sentence with one, as text for JSON. Invalid bytes are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def _is_description(name: str) -> bool:
    return name.startswith("_") or Path(name).suffix.lower() in DESCRIPTIONS


def _reads_images(source: Path) -> Reads:
    in_classes = bool(class_folders(source))
    return lambda folders, name: (
        Path(name).suffix.lower() in IMAGE_SUFFIXES and bool(folders) == in_classes
    )


def _reads_parquet(folders: tuple[str, ...], name: str) -> bool:
    return named_format(name) == "parquet" and all(map(_is_partition, folders))


_READS: Mapping[str, Reads] = MappingProxyType(
    {
        "tfrecord": lambda folders, name: not folders and may_be_records(name),
        "parquet": _reads_parquet,
        "npy": lambda folders, name: not folders and name.endswith(".npy"),
    }
)
