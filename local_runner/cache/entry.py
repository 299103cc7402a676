"""One entry of the cache: a folder with a task's outputs.

<key>/entry.json   {"sha256": hash of the body, "body": `Body`}
<key>/outputs/     the output artifacts, by name
<key>/log          what the task printed, of a long log the end
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from quantgate.foundation.files import empty_folder, sync_tree
from quantgate.foundation.hashing import CHUNK_BYTES, files_below, sha256_of_file, sha256_of_json
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.records.results import Artifact

DOCUMENT = "entry.json"
OUTPUTS = "outputs"
LOG = "log"

#: A log is whole in the run that made it; later runs get the end of it.
LOG_BYTES = 1 << 20


class Damaged(Exception):
    """An entry is not what was written; `str(error)` says in what."""


class NotKept(Exception):
    """Outputs that cannot be kept; `str(error)` says why."""


@dataclass(frozen=True)
class Body:
    """What an entry says of itself: `files` holds a SHA-256 by path, `folders` output folders.

    `seconds` is how long the task ran, `created` when it ended, in ISO 8601.
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
    """Write an entry aside; it counts once its folder is renamed to its place.

    Args:
        body: without outputs.
        outputs: of the task, with its artifacts in `source`.
        source: folder of the task's outputs.
        log: the task's log; need not exist.
        target: a folder to make.

    Raises:
        NotKept: an output lies elsewhere, so that its content is not the task's own.
        OSError: it cannot be written.
    """
    artifacts = {name: _plain(name, value, source) for name, value in outputs.artifacts.items()}
    kept = target / OUTPUTS
    kept.mkdir(parents=True)
    folders = [name for name in artifacts if (source / name).is_dir()]
    files = {name: source / name for name in _files(source, artifacts)}
    hashes = {f"{OUTPUTS}/{name}": _copy(path, kept / name) for name, path in files.items()}
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
        raise NotKept(f"the output `{name}` does not lie where the runner asked for it")
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


def _copy(source: Path, target: Path, skipped: int = 0) -> str:
    """Copy a file from a byte on, and return the SHA-256 of the copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        reading.seek(skipped)
        while chunk := reading.read(CHUNK_BYTES):
            digest.update(chunk)
            writing.write(chunk)
    return digest.hexdigest()


def read_body(entry: Path) -> Body | None:
    """Read what an entry says of itself; None where there is no entry.

    Raises:
        Damaged: it is not what was written.
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
    """Compare every file of an entry with the hash that was written down.

    Raises:
        Damaged: names the first file that differs.
    """
    for name, expected in body.files.items():
        try:
            found = sha256_of_file(entry / name)
        except OSError as error:
            raise Damaged(f"{name} cannot be read") from error
        if found != expected:
            raise Damaged(f"{name} was changed")


def copy_outputs(entry: Path, body: Body, target: Path) -> None:
    """Copy the outputs of an entry into a task's folder, in place of what lies there.

    They are copies, not links: what a later task does to its inputs must not reach the cache.

    Raises:
        OSError: they cannot be copied.
    """
    empty_folder(target)
    for name in body.folders:
        (target / name).mkdir()
    for file in body.files:
        if file != LOG:
            place = target / Path(file).relative_to(OUTPUTS)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(entry / file, place)


def values_in(folder: Path, body: Body) -> Values:
    """Return the outputs of an entry, with its artifacts in `folder`."""
    return Values(
        dict(body.parameters),
        {name: Artifact(uri=str(folder / name), **plain) for name, plain in body.artifacts.items()},
    )
