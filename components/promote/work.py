"""The work of `promote`: publish a version in a folder or bucket, then let `latest` name it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quantgate.components.promote.folder_shelf import FolderShelf
from quantgate.components.promote.fsspec_shelf import FsspecShelf
from quantgate.components.promote.latest import Latest
from quantgate.components.promote.shelf import Shelf, publishing_in
from quantgate.components.promote.versions import (
    MODEL,
    Promotion,
    contents_of,
    intact,
    publish_objects,
    version_of,
)
from quantgate.domain.targets import SHIPPED
from quantgate.errors import Doubtful, InputError, NothingQualified, UsageError
from quantgate.foundation.credentials import refuse_credentials
from quantgate.foundation.hashing import sha256_of_file
from quantgate.foundation.storage.operation import requiring_google_client
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.records.outcomes import DecisionOutcome
from quantgate.records.published import LATEST, OTHER_TARGET, belongs_to, owner

log = logging.getLogger(__name__)


def promote(
    decision_path: str,
    *,
    winner_path: str,
    to: str,
    manifest_path: str,
    compiled_path: str | None = None,
) -> None:
    """Publish the model that a decision promotes as `<to>/<version>/`, named in `<to>/latest`.

    A version appears whole or not at all. `latest` is replaced last, in one step, unless another
    promotion has changed it in the meantime. A version that is already published is left unchanged,
    with its first decision. Only files that have changed since are published again.

    Args:
        decision_path: `Decision` as JSON.
        winner_path: the .tflite that it promotes: the winner, or the kept baseline.
        to: folder to publish in, made if it does not exist, or a URI in storage.
        manifest_path: file to write the version's `Promotion` to.
        compiled_path: folder with the files for targets: models that compilers made of the winner,
            and C++ sources. They are published with it.

    Raises:
        NothingQualified: there is no winner, and the baseline is not kept.
        Doubtful: the run is doubtful.
        InputError: the model is not the promoted one, `to` holds another spec's versions or cannot
            be written, or another promotion was faster.
        StorageError: the storage of `to` cannot be reached, or refuses access.
    """
    decision = Decision.read(decision_path)
    _check_model(_promoted(decision), winner_path)
    model, decided = Path(winner_path).read_bytes(), Path(decision_path).read_bytes()
    compiled = _compiled(compiled_path)
    with _writable(to):
        shelf = _shelf(to)
        latest = Latest.of(shelf)
        _check_owner(shelf, decision.name)
        promotion = _published(shelf, model, decided, compiled)
        latest.move(shelf, promotion.version)
    promotion.write(manifest_path)


def roll_back(to: str) -> tuple[str, str]:
    """Let `<to>/latest` name its previous version.

    Returns:
        The version that `latest` named until now, and the one that it names now.

    Raises:
        InputError: there is no previous version, or `latest` cannot be written.
        StorageError: the storage of `to` cannot be reached, or refuses access.
    """
    with _writable(to):
        if "://" not in to and not Path(to).is_dir():
            raise InputError(f"{to} is not a folder, so nothing was published in it")
        shelf = _shelf(to)
        latest = Latest.of(shelf)
        if latest.version is None:
            raise InputError(f"nothing was published in {to}: it has no `{LATEST}`")
        return latest.version, latest.move_back(shelf)


def _promoted(decision: Decision) -> Entry:
    if decision.outcome is DecisionOutcome.DOUBTFUL:
        reasons = "".join(f"\n  - {doubt}" for doubt in decision.doubts)
        raise Doubtful(
            f"{decision.name}: nothing is promoted, because the run is doubtful:{reasons}"
        )
    if decision.promoted is None:
        raise NothingQualified(_why_nothing(decision))
    return decision.promoted


def _why_nothing(decision: Decision) -> str:
    start = f"{decision.name}: nothing is promoted, because no candidate meets the limits"
    if decision.closest is None:
        return f"{start}, and none could be measured. The report says why"
    missed = "; ".join(decision.closest.missed)
    return f"{start}. The closest is `{decision.closest.name}`, which violates: {missed}"


def _check_model(promoted: Entry, path: str) -> None:
    sha256 = sha256_of_file(path)
    if sha256 != promoted.model_sha256:
        raise InputError(
            f"{path} is not the model that won: its SHA-256 is {sha256}, the decision measured "
            f"`{promoted.name}` as {promoted.model_sha256}. Run the gate again"
        )


def _check_owner(shelf: Shelf, ours: str) -> None:
    def read(name: str) -> bytes | None:
        stored = shelf.read(name)
        return stored.content if stored else None

    theirs = owner(read)
    if theirs not in (None, ours):
        raise InputError(
            f"cannot publish `{ours}` in {shelf.to}: {belongs_to(theirs)}. {OTHER_TARGET}"
        )


def _shelf(to: str) -> Shelf:
    if to.startswith("gs://"):
        return _gcs_shelf(to)
    if "://" in to:
        return FsspecShelf(to)
    folder = Path(to)
    folder.mkdir(parents=True, exist_ok=True)
    _check_latest(folder / LATEST, to)
    return FolderShelf(to)


def _gcs_shelf(to: str) -> Shelf:
    with requiring_google_client(publishing_in(to)):
        from quantgate.components.promote.gcs_shelf import GcsShelf
    return GcsShelf(to)


def _check_latest(latest: Path, to: str) -> None:
    if latest.is_symlink() or latest.is_dir():
        raise InputError(
            f"cannot publish in {to}: its `{LATEST}` is a folder or a link, as in a folder of "
            "runs. Choose a folder that nothing else writes to"
        )


def _compiled(folder: str | None) -> dict[str, bytes]:
    paths = sorted(Path(folder).iterdir()) if folder else []
    shipped = (path for path in paths if path.suffix in SHIPPED and path.name != MODEL)
    return {path.name: path.read_bytes() for path in shipped}


def _published(
    shelf: Shelf, model: bytes, decision: bytes, compiled: dict[str, bytes]
) -> Promotion:
    """Publish a version if it is not on the shelf already, and return its manifest."""
    version = version_of(model, compiled)
    earlier = intact(shelf, version)
    if earlier:
        log.info("%s/%s is already published and intact", shelf.to, version)
        return earlier
    if isinstance(shelf, FolderShelf):
        shelf.place(version, contents_of(model, decision, compiled))
    return publish_objects(shelf, model, decision, compiled)


@contextmanager
def _writable(to: str) -> Iterator[None]:
    if not to.strip():
        raise UsageError("the folder to publish in has no name. Give a folder or a URI")
    refuse_credentials(to)
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot publish in {to}: {reason}. Choose a folder that can be written"
        raise InputError(message) from error
