"""The work of `build_dataset`: check a source against the model, choose samples, store them."""

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.fit import listed, structure_problems
from quantgate.components.build_dataset.selection import SELECTIONS
from quantgate.components.build_dataset.sources import SourceArray, open_source
from quantgate.components.build_dataset.writing import array_facts, file_name, write_array
from quantgate.components.dataset import MANIFEST
from quantgate.errors import InputError
from quantgate.records import ArrayFacts, Manifest, ModelFacts

Purpose = Literal["calibration", "evaluation"]
Indices = NDArray[np.int64]
STRATIFIED = "stratified"
#: What LiteRT's guide to post-training quantization advises for calibration.
ADVISED_SAMPLES = (100, 500)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A source with its label told apart from its inputs."""

    path: str
    arrays: dict[str, SourceArray]
    label: SourceArray | None

    @property
    def available(self) -> int:
        """Samples in the source."""
        return next(iter(self.arrays.values())).shape[0]


def build_dataset(
    source: str,
    *,
    facts_path: str,
    purpose: str,
    label: str | None,
    samples: int | None,
    select: str,
    seed: int,
    dataset_path: str,
) -> None:
    """Select samples from a source, check them against the model's signature, and store them.

    Args:
        source: an .npz file or a folder of .npy files; keys are the signature's input names.
        facts_path: `ModelFacts` of the model that the data is for.
        purpose: "calibration" or "evaluation"; calibration does without labels unless the choice
            is stratified.
        label: key of the labels; None where there are none.
        samples: how many to take; None takes all.
        select: "first", "random" or "stratified".
        seed: seed of the choice.
        dataset_path: folder to write one .npy per array and `manifest.json` to.

    Raises:
        InputError: the source does not fit the model, with everything found wrong.
    """
    used_for = _purpose(purpose)
    signature = ModelFacts.read(facts_path).signature
    opened = _open(source, label, required=purpose == "evaluation" or select == STRATIFIED)
    _refuse(opened, purpose, structure_problems(opened.arrays, opened.label, signature))
    labels = _class_labels(opened, required=select == STRATIFIED)
    indices = _choose(opened, samples, select, seed, labels)
    if purpose == "calibration":
        _warn_of_unusual_size(len(indices))
    folder = Path(dataset_path)
    folder.mkdir(parents=True, exist_ok=True)
    writer = _Writer(folder, indices, used_for)
    manifest = Manifest(
        purpose=used_for,
        source=Path(source).name,
        inputs={
            name: writer.input(name, opened.arrays[name], np.dtype(facts.dtype))
            for name, facts in signature.inputs.items()
        },
        label=writer.label(opened.label) if opened.label else None,
        samples=len(indices),
        available=opened.available,
        select=select,
        seed=seed,
        per_class=None if labels is None else _counts(labels[indices]),
        content_sha256=writer.digest.hexdigest(),
    )
    _refuse(opened, purpose, writer.problems)
    manifest.write(folder / MANIFEST)


def _purpose(purpose: str) -> Purpose:
    if purpose not in get_args(Purpose):
        raise InputError(f"purpose is `{purpose}`; choose one of {listed(get_args(Purpose))}")
    return cast(Purpose, purpose)


def _open(path: str, label: str | None, required: bool) -> Source:
    arrays = open_source(path)
    if label and required and label not in arrays:
        raise InputError(f"{path} has no label `{label}`; it has {listed(list(arrays))}")
    found = arrays.pop(label, None) if label else None
    if not arrays:
        raise InputError(f"{path} holds nothing but the label `{label}`; give the inputs too")
    return Source(path, arrays, found)


def _refuse(source: Source, purpose: str, problems: list[str]) -> None:
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise InputError(f"{source.path} cannot serve as {purpose} data:{lines}")


def _class_labels(source: Source, required: bool) -> NDArray[Any] | None:
    label = source.label
    if label and label.dtype.kind in "iub" and label.shape[1:] in ((), (1,)):
        return np.concatenate(list(label.rows(np.arange(label.shape[0])))).reshape(-1)
    if required:
        given = f"`{label.key}` is {label.dtype} {list(label.shape)}" if label else "there are none"
        raise InputError(
            f"{source.path}: a stratified choice needs one integer label per sample, and {given}; "
            "name such a label, or choose `random`"
        )
    return None


def _choose(
    source: Source, samples: int | None, select: str, seed: int, labels: NDArray[Any] | None
) -> Indices:
    if select not in SELECTIONS:
        raise InputError(f"select is `{select}`; choose one of {listed(list(SELECTIONS))}")
    available = source.available
    if samples is not None and samples > available:
        log.warning(
            "%s: %d samples asked for, it has %d: all taken", source.path, samples, available
        )
    size = min(samples or available, available)
    return SELECTIONS[select](available, size, seed, labels)


def _warn_of_unusual_size(samples: int) -> None:
    least, most = ADVISED_SAMPLES
    if samples < least:
        log.warning(
            "calibrating on %d samples: LiteRT's guide advises %d to %d, fewer may miss parts of "
            "the tensors' ranges",
            *(samples, least, most),
        )
    elif samples > most:
        log.warning(
            "calibrating on %d samples: LiteRT's guide advises %d to %d, more cost time and "
            "outliers among them widen the ranges",
            *(samples, least, most),
        )


@dataclass
class _Writer:
    """Writes arrays to a folder; gathers their facts, their flaws and the content's hash."""

    folder: Path
    indices: Indices
    purpose: Purpose
    problems: list[str] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)

    def input(self, name: str, array: SourceArray, dtype: np.dtype[Any]) -> ArrayFacts:
        facts = self._write("input", name, array, dtype)
        if self.purpose == "calibration" and facts.minimum == facts.maximum == 0:
            self.problems.append(
                f"input `{name}`: every value is 0, which leaves no range to calibrate on"
            )
        return facts

    def label(self, array: SourceArray) -> ArrayFacts:
        return self._write("label", array.key, array, array.dtype.newbyteorder("="))

    def _write(self, role: str, name: str, array: SourceArray, dtype: np.dtype[Any]) -> ArrayFacts:
        path = self.folder / file_name(name)
        self.digest.update(f"{role}:{len(name)}:{name}:".encode())
        values = write_array(path, array, self.indices, dtype, self.digest.update)
        self.problems += values.problems(f"{role} `{name}`")
        return array_facts(path, array, len(self.indices), values)


def _counts(labels: NDArray[Any]) -> dict[str, int]:
    classes, counts = np.unique(labels, return_counts=True)
    return {str(value): int(count) for value, count in zip(classes, counts, strict=True)}
