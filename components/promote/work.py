"""The work of `promote`: the winning model, its decision and a manifest, in a folder."""

import logging
import shutil
from pathlib import Path

from quantgate.components.promote.publish import LATEST, holds, publish_folder, publish_text
from quantgate.decision import Decision, Entry
from quantgate.errors import InputError, NothingQualified
from quantgate.hashing import sha256_of_file
from quantgate.records import Record

MODEL, DECISION, MANIFEST = "model.tflite", "decision.json", "manifest.json"
VERSION_DIGITS = 16

log = logging.getLogger(__name__)


class PublishedFile(Record):
    """One file of a version."""

    sha256: str
    size_bytes: int


class Promotion(Record):
    """`manifest.json` of a published version.

    `version` is the first 16 hex digits of the model's SHA-256, and the name of its folder.
    """

    version: str
    name: str
    candidate: str
    files: dict[str, PublishedFile]
    model_sha256: str
    decision_sha256: str


def promote(decision_path: str, *, winner_path: str, to: str, manifest_path: str) -> None:
    """Publish the winning model as `<to>/<version>/` and name it in `<to>/latest`.

    A version appears whole or not at all, and `latest` is replaced last, in one step. A version
    that was published before stays as it is, with the decision it was published with; one whose
    files have changed since is published anew.

    Args:
        decision_path: `Decision` as JSON.
        winner_path: the winning .tflite.
        to: folder to publish in; made where it is missing.
        manifest_path: where the version's `Promotion` is written too.

    Raises:
        NothingQualified: there is no winner.
        InputError: the model is not the one that won, or the folder cannot be written.
    """
    decision = Decision.read(decision_path)
    winner = _winner(decision)
    _check_model(winner, winner_path)
    promotion = _promotion(decision, winner, {MODEL: winner_path, DECISION: decision_path})
    folder = _target(to) / promotion.version
    _check_latest(folder.with_name(LATEST), to)
    try:
        promotion = _published(folder, promotion, winner_path, decision_path)
        publish_text(folder.with_name(LATEST), f"{promotion.version}\n")
    except OSError as error:
        raise _not_writable(to, error) from error
    promotion.write(manifest_path)


def _winner(decision: Decision) -> Entry:
    if decision.winner is None:
        raise NothingQualified(_why_nothing(decision))
    for entry in decision.candidates:
        if entry.name == decision.winner:
            return entry
    raise InputError(f"the decision's winner `{decision.winner}` is not among its candidates")


def _why_nothing(decision: Decision) -> str:
    start = f"{decision.name}: nothing is promoted, for no candidate keeps the limits"
    if decision.closest is None:
        return f"{start}, and none could be measured; the report says why"
    missed = "; ".join(decision.closest.missed)
    return f"{start}; the closest is `{decision.closest.name}`, which missed: {missed}"


def _check_model(winner: Entry, path: str) -> None:
    found = sha256_of_file(path)
    if found != winner.model_sha256:
        raise InputError(
            f"{path} is not the model that won: its SHA-256 is {found}, the decision measured "
            f"`{winner.name}` as {winner.model_sha256}; run the gate again"
        )


def _promotion(decision: Decision, winner: Entry, paths: dict[str, str]) -> Promotion:
    files = {
        name: PublishedFile(sha256=sha256_of_file(path), size_bytes=Path(path).stat().st_size)
        for name, path in paths.items()
    }
    return Promotion(
        version=files[MODEL].sha256[:VERSION_DIGITS],
        name=decision.name,
        candidate=winner.name,
        files=files,
        model_sha256=files[MODEL].sha256,
        decision_sha256=files[DECISION].sha256,
    )


def _target(to: str) -> Path:
    if "://" in to:
        raise InputError(
            f"cannot publish in {to}: only folders can be published in; mount the bucket and give "
            "its folder"
        )
    target = Path(to)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(to, error) from error
    return target


def _check_latest(latest: Path, to: str) -> None:
    if latest.is_symlink() or latest.is_dir():
        raise InputError(
            f"cannot publish in {to}: its `{LATEST}` is a folder or a link, as in a folder of "
            "runs; give a folder that nothing else writes to"
        )


def _published(folder: Path, new: Promotion, winner_path: str, decision_path: str) -> Promotion:
    """The promotion that stands in the folder, be it an earlier one or the new one."""
    if earlier := _earlier(folder, new):
        log.info("%s was published before and is intact", folder)
        return earlier

    def write(incoming: Path) -> None:
        shutil.copyfile(winner_path, incoming / MODEL)
        shutil.copyfile(decision_path, incoming / DECISION)
        new.write(incoming / MANIFEST)

    if folder.exists():
        log.warning("%s is damaged and is published anew", folder)
    publish_folder(folder, write)
    return new


def _earlier(folder: Path, new: Promotion) -> Promotion | None:
    try:
        earlier = Promotion.read(folder / MANIFEST)
    except InputError:
        return None
    files = {name: file.sha256 for name, file in earlier.files.items()}
    same_model = earlier.model_sha256 == new.model_sha256 == files.get(MODEL)
    return earlier if same_model and holds(folder, files) else None


def _not_writable(to: str, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(f"cannot publish in {to}: {reason}; give a folder that can be written")
