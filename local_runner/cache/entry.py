"""An entry of the cache: a folder with a task's outputs.

<key>/entry.json   {"sha256": hash of the body, "body": `Body`}
<key>/outputs/     the output artifacts, by name
<key>/log          the task's log, or the end of a long one
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from quantgate.foundation.copies import LINKED_BYTES, link_or_copy
from quantgate.foundation.files import empty_folder, sync_tree
from quantgate.foundation.hashing import CHUNK_BYTES, files_below, sha256_of_file, sha256_of_json
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.records.results import Artifact

DOCUMENT = "entry.json"
OUTPUTS = "outputs"
LOG = "log"

#: Later runs get no more than the end of a log.
LOG_BYTES = 1 << 20


class Damaged(Exception):
    """An entry has changed since it was written. `str(error)` says where."""


class NotKept(Exception):
    """Outputs that cannot be kept. `str(error)` says why."""


@dataclass(frozen=True)
class Body:
    """The description of an entry.

    Attributes:
        key: the entry's name.
        title: the task's name for people.
        seconds: how long the task ran.
        created: when it ended, in ISO 8601.
        parameters: the output parameters.
        artifacts: the output artifacts, without their URIs.
        folders: the names of artifacts that are folders.
        files: the SHA-256 of every file, by its path below the entry.
    """

    key: str
    title: str
    seconds: float
    created: str
    parameters: dict[str, Any]
    artifacts: dict[str, dict[str, Any]]
    folders: list[str]
    files: dict[str, str]


def write_entry(body: Body, outputs: Values, source: Path, log: Path, target: Path) -> None:
    """Write an entry to a temporary folder. It counts once that is renamed to the final one.

    Args:
        body: the description, still without outputs.
        outputs: outputs of the task, with its artifacts in `source`.
        source: folder of the task's outputs.
        log: the task's log. It may be missing.
        target: the folder to make.

    Raises:
        NotKept: an output is elsewhere, so its content is not the task's own.
        OSError: a file cannot be written.
    """
    artifacts = {name: _plain(name, value, source) for name, value in outputs.artifacts.items()}
    kept = target / OUTPUTS
    kept.mkdir(parents=True)
    folders = [name for name in artifacts if (source / name).is_dir()]
    files = {name: source / name for name in _files(source, artifacts)}
    hashes = {f"{OUTPUTS}/{name}": _kept(path, kept / name) for name, path in files.items()}
    if log.is_file():
        hashes[LOG] = _copy(log, target / LOG, skipped=max(0, log.stat().st_size - LOG_BYTES))
    whole = replace(
        body, parameters=outputs.parameters, artifacts=artifacts, folders=folders, files=hashes
    )
    document = {"sha256": sha256_of_json(asdict(whole)), "body": asdict(whole)}
    with (target / DOCUMENT).open("w", encoding="utf-8") as stream:
        json.dump(document, stream)
    sync_tree(target)


def _plain(name: str, value: Artifact | list[Artifact], source: Path) -> dict[str, Any]:
    if isinstance(value, list) or Path(value.uri) != source / name:
        raise NotKept(f"the output `{name}` is not at the path that the runner chose for it")
    return {
        "name": value.name,
        "type": value.type,
        "schema_version": value.schema_version,
        "metadata": dict(value.metadata),
    }


def _files(source: Path, names: dict[str, Any]) -> Iterator[str]:
    for name in names:
        path = source / name
        if path.is_dir():
            yield from (f"{name}/{inside}" for inside in files_below(path))
        elif path.is_file():
            yield name


def _kept(source: Path, target: Path) -> str:
    """Copy a file, or link a large one, and return its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.stat().st_size < LINKED_BYTES:
        return _copy(source, target)
    link_or_copy(source, target)
    return sha256_of_file(target)


def _copy(source: Path, target: Path, skipped: int = 0) -> str:
    """Copy a file without its first bytes, and return the SHA-256 of the copy."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        reading.seek(skipped)
        while chunk := reading.read(CHUNK_BYTES):
            digest.update(chunk)
            writing.write(chunk)
    return digest.hexdigest()


def read_body(entry: Path) -> Body | None:
    """Read the description of an entry. Return None if there is no entry.

    Raises:
        Damaged: the description has changed since it was written.
    """
    try:
        document = json.loads((entry / DOCUMENT).read_text("utf-8"))
        body = Body(**document["body"])
        is_whole = document["sha256"] == sha256_of_json(document["body"])
    except (FileNotFoundError, NotADirectoryError):
        if entry.is_dir():
            raise Damaged(f"{DOCUMENT} is missing") from None
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Damaged(f"{DOCUMENT} cannot be read") from error
    if not is_whole or body.key != entry.name:
        raise Damaged(f"{DOCUMENT} was changed")
    return body


def check_files(entry: Path, body: Body) -> None:
    """Compare every file of an entry with its recorded hash.

    Raises:
        Damaged: a file differs. The message names the first one.
    """
    for name, expected in body.files.items():
        try:
            actual = sha256_of_file(entry / name)
        except OSError as error:
            raise Damaged(f"{name} cannot be read") from error
        if actual != expected:
            raise Damaged(f"{name} was changed")


def copy_outputs(entry: Path, body: Body, target: Path) -> None:
    """Copy the outputs of an entry into a task's folder, and replace what is there.

    Large files are linked and read-only. Others are copies, so that later tasks cannot change the
    cache.

    Raises:
        OSError: a file cannot be copied.
    """
    empty_folder(target)
    for name in body.folders:
        (target / name).mkdir()
    for file in body.files:
        if file != LOG:
            place = target / Path(file).relative_to(OUTPUTS)
            place.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(entry / file, place)


def values_in(folder: Path, body: Body) -> Values:
    """Return the outputs of an entry, with its artifacts in `folder`."""
    return Values(
        dict(body.parameters),
        {name: Artifact(uri=str(folder / name), **plain) for name, plain in body.artifacts.items()},
    )
