"""Tell the format of a source."""

from pathlib import Path

from quantgate.errors import InputError
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import MADE, declared_format, format_at, given_options
from quantgate.spec.model.source_files import COMPLETE_SHARDS, shard_problem


def format_of(data: DataSource) -> str:
    """Return the format that a source is read in.

    Raises:
        InputError: the format is unknown or does not take the source's options, or a shard of the
            source is missing.
    """
    name = _format(data)
    _refuse_stray_options(data, name)
    _refuse_missing_shards(data.source, name)
    return name


def _format(data: DataSource) -> str:
    declared = declared_format(data)
    if data.format or declared in MADE:
        return str(declared)
    path = Path(data.source)
    detected = format_at(path)
    if detected:
        return detected
    if not path.exists():
        raise InputError(f"{path} does not exist")
    raise InputError(
        f"{path} has an unknown format. Give an .npz file, a folder of .npy files, or another "
        "format that the spec's `source` takes, and name it with `format`"
    )


def _refuse_stray_options(data: DataSource, name: str) -> None:
    for option, formats in given_options(data):
        if name not in formats:
            raise InputError(
                f"{data.source} is read as {name}, which takes no `{option}`. Remove it, or name "
                "another `format`"
            )


def _refuse_missing_shards(source: str, name: str) -> None:
    if problem := shard_problem(Path(source), name):
        raise InputError(f"{problem}. {COMPLETE_SHARDS}")
