"""Versions on a shelf: their manifests, and how they are published whole."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType

from pydantic import ValidationError

from quantgate.components.promote.shelf import Overtaken, Shelf
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_json
from quantgate.records.base import Record
from quantgate.records.decision import Decision
from quantgate.records.published import MANIFEST
from quantgate.report import card

MODEL, DECISION = "model.tflite", "decision.json"
CARD = "README.md"
VERSION_DIGITS = 16
COMPILED_DIGITS = 8
_ATTEMPTS = 5
_NONE: Mapping[str, bytes] = MappingProxyType({})

log = logging.getLogger(__name__)


class PublishedFile(Record):
    """One file of a version."""

    sha256: str
    size_bytes: int


class Promotion(Record):
    """`manifest.json` of a published version.

    Attributes:
        version: the folder's name: the beginning of the model's SHA-256, and a hash of the models
            that compilers made of it, if there are any.
        name: the spec's name.
        candidate: the promoted candidate.
        files: the files of the version, by name.
        model_sha256: hash of the model.
        decision_sha256: hash of the decision.
        kept_baseline: whether this is the float baseline, because no candidate qualified.
    """

    version: str
    name: str
    candidate: str
    files: dict[str, PublishedFile]
    model_sha256: str
    decision_sha256: str
    kept_baseline: bool = False


def promotion_of(model: bytes, decision: bytes, compiled: Mapping[str, bytes] = _NONE) -> Promotion:
    """Make the manifest of a version from its contents.

    Raises:
        ValidationError: the decision is not a `Decision`.
        InputError: the decision does not promote this model.
    """
    decided = Decision.model_validate_json(decision)
    contents = {MODEL: model, DECISION: decision, CARD: card_of(decision), **compiled}
    files = {
        name: PublishedFile(sha256=sha256_of_bytes(content), size_bytes=len(content))
        for name, content in contents.items()
    }
    sha256 = files[MODEL].sha256
    promoted = decided.promoted
    if promoted is None or promoted.model_sha256 != sha256:
        raise InputError(f"the decision does not promote the model {sha256}")
    return Promotion(
        version=version_of(model, compiled),
        name=decided.name,
        candidate=promoted.name,
        files=files,
        model_sha256=sha256,
        decision_sha256=files[DECISION].sha256,
        kept_baseline=decided.winner is None,
    )


def version_of(model: bytes, compiled: Mapping[str, bytes]) -> str:
    """Return the name of a version. Other compiled models make another version."""
    version = sha256_of_bytes(model)[:VERSION_DIGITS]
    if not compiled:
        return version
    hashes = {name: sha256_of_bytes(content) for name, content in compiled.items()}
    return f"{version}-{sha256_of_json(hashes)[:COMPILED_DIGITS]}"


def contents_of(model: bytes, decision: bytes, compiled: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a version, the manifest last."""
    contents = {MODEL: model, DECISION: decision, CARD: card_of(decision), **compiled}
    manifest = promotion_of(model, decision, compiled).model_dump_json(indent=2) + "\n"
    return {**contents, MANIFEST: manifest.encode()}


def card_of(decision: bytes) -> bytes:
    """Return the model card of a decision."""
    return card.render(Decision.model_validate_json(decision)).encode()


def intact(shelf: Shelf, version: str) -> Promotion | None:
    """Return the manifest of a version, or None if any of its files differs from it."""
    manifest = shelf.read(f"{version}/{MANIFEST}")
    try:
        promotion = Promotion.model_validate_json(manifest.content if manifest else b"")
    except ValidationError:
        return None
    for name, file in promotion.files.items():
        stored = shelf.read(f"{version}/{name}")
        if stored is None or sha256_of_bytes(stored.content) != file.sha256:
            return None
    model = promotion.files.get(MODEL)
    is_whole = model is not None and model.sha256 == promotion.model_sha256
    return promotion if is_whole and promotion.version == version else None


def publish_objects(
    shelf: Shelf, model: bytes, decision: bytes, compiled: Mapping[str, bytes] = _NONE
) -> Promotion:
    """Publish a version file by file, the manifest last. It counts once it has a manifest.

    Sound files are not overwritten. A second promotion, or one after a kill, completes the version
    with the decision that is already there. So no version mixes two promotions.

    Raises:
        InputError: it cannot be published.
    """
    version = version_of(model, compiled)
    _settle(shelf, f"{version}/{MODEL}", model, model.__eq__)
    settled = _settle(shelf, f"{version}/{DECISION}", decision, partial(_is_about, model))
    contents = contents_of(model, settled, compiled)
    for name in (CARD, *compiled, MANIFEST):
        _settle(shelf, f"{version}/{name}", contents[name], contents[name].__eq__)
    return promotion_of(model, settled, compiled)


def _settle(shelf: Shelf, name: str, content: bytes, is_sound: Callable[[bytes], bool]) -> bytes:
    """Return the sound content of a name. Write ours if there is none."""
    for _ in range(_ATTEMPTS):
        with suppress(Overtaken):
            stored = shelf.read(name)
            if stored and is_sound(stored.content):
                return stored.content
            if stored:
                log.warning("%s/%s is damaged and is published again", shelf.to, name)
            shelf.write(name, content, stored)
            return content
    raise InputError(
        f"cannot publish in {shelf.to}: {name} changed at each of {_ATTEMPTS} attempts "
        "to write it. Let nothing else write there"
    )


def _is_about(model: bytes, decision: bytes) -> bool:
    try:
        promotion_of(model, decision)
    except (ValidationError, InputError):
        return False
    return True
