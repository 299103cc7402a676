"""Store the chosen samples: arrays, manifest and summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import (
    DISTINCT,
    MANIFEST,
    NAMES,
    ROWS,
    content_hash,
    folder_of,
)
from quantgate.components.artifacts.dataset_summary import write_summary
from quantgate.components.build_dataset.arrays import Arrays, Layout
from quantgate.components.build_dataset.fields import TEXT, missing_values
from quantgate.components.build_dataset.groups import group_problems, names_of, record_of
from quantgate.components.build_dataset.image_folder import ImageArray
from quantgate.components.build_dataset.inputs import Paths
from quantgate.components.build_dataset.opening import Opened
from quantgate.components.build_dataset.sampling import Chosen
from quantgate.components.build_dataset.sources import Indices, Request, SourceArray
from quantgate.components.build_dataset.variants import Choice
from quantgate.components.processes.progress import expect
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.records.tasks import Signature
from quantgate.spec.model.source_files import readable_name


class _Stored(NamedTuple):
    inputs: dict[str, ArrayFacts]
    label: ArrayFacts | None
    fields: dict[str, ArrayFacts]
    digests: NDArray[np.uint64]


@dataclass(frozen=True)
class Samples:
    """Written samples, before the facts that only all of them show.

    Attributes:
        manifest: without the numbers of distinct samples and of groups, and without a hash.
        layout: the role, name, dtype and shape of a row of each array.
        rows: int64 [samples], their rows in the source.
        digests: uint64 [samples, 2], over all arrays.
        inputs: uint64 [samples], digests over the inputs.
        groups: the name of each sample's group, None without groups.
        files: str [samples], the names of their files. Empty if they have none of their own.
        group: the key of the groups, empty without groups.
    """

    manifest: Manifest
    layout: Layout
    rows: Indices
    digests: NDArray[np.uint64]
    inputs: NDArray[np.uint64]
    groups: NDArray[Any] | None
    files: NDArray[np.str_]
    group: str = ""

    def at(self, rows: Indices) -> "Samples":
        """Return some of the samples, with the manifest of all."""
        return replace(
            self,
            rows=self.rows[rows],
            digests=self.digests[rows],
            inputs=self.inputs[rows],
            groups=None if self.groups is None else self.groups[rows],
            files=self.files[rows] if len(self.files) else self.files,
        )


def store(
    opened: Opened,
    request: Request,
    choice: Choice,
    chosen: Chosen,
    required_values: Mapping[str, Sequence[str]],
    paths: Paths,
) -> None:
    """Write the chosen samples of a source to the data set, and their digests to the summary.

    Args:
        opened: the source.
        request: the signature and the purpose of the data set.
        choice: the choice for all candidates.
        chosen: the samples.
        required_values: values that must occur in further arrays, by key.
        paths: the folders.

    Raises:
        InputError: the values of the samples do not serve the purpose.
    """
    folder = folder_of(paths.dataset, request.signature.key)
    missing = list(missing_values(opened.fields, chosen.indices, required_values))
    samples = write_samples(opened, request, choice, chosen, folder, missing)
    opened.refuse(request.purpose, [*group_problems(opened.group, chosen.indices, request.purpose)])
    conclude(samples, folder, Path(paths.summary), request.signature.key)


def write_samples(
    opened: Opened,
    request: Request,
    choice: Choice,
    chosen: Chosen,
    folder: Path,
    problems: Sequence[str] = (),
) -> Samples:
    """Write the arrays of the chosen samples to a folder.

    Raises:
        InputError: the values of the samples do not serve the purpose, or there are problems.
    """
    folder.mkdir(parents=True, exist_ok=True)
    expect(len(chosen.indices) * len(request.signature.inputs))
    arrays = Arrays(folder, chosen.indices, request.purpose)
    stored = _stored(arrays, opened, request.signature)
    opened.refuse(request.purpose, [*arrays.problems, *problems])
    group = opened.group
    manifest = Manifest(
        purpose=request.purpose,
        source=Path(opened.path).name,
        inputs=stored.inputs,
        label=stored.label,
        samples=len(chosen.indices),
        available=opened.available,
        select=choice.select,
        seed=choice.seed,
        per_class=chosen.per_class,
        content_sha256="",
        selections=chosen.selections if len(chosen.selections) > 1 else {},
        synthetic=opened.synthetic,
        fields=stored.fields,
        classes=opened.classes,
        unused=opened.unused,
        warnings=opened.warnings,
        requested=request.asked,
    )
    return Samples(
        manifest,
        arrays.layout,
        chosen.indices,
        arrays.samples.digests,
        stored.digests,
        names_of(group, chosen.indices) if group else None,
        np.array(_file_names(opened, chosen.indices), np.str_),
        group.key if group else "",
    )


def conclude(
    samples: Samples,
    folder: Path,
    summary: Path | None,
    signature: str,
    origins: Path | None = None,
) -> Manifest:
    """Write the manifest of samples, their origins, and the summary.

    Args:
        samples: the samples, whose arrays are written already.
        folder: of the signature in the data set.
        summary: folder of the summary, or None to write none.
        signature: its key.
        origins: folder of the signature for the origins, if it is another one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    distinct, numbers = np.unique(samples.inputs, return_inverse=True)
    if samples.manifest.purpose == "evaluation":
        (folder / DISTINCT).parent.mkdir(exist_ok=True)
        _store_origins(origins or folder, samples)
        if len(distinct) < len(numbers):
            np.save(folder / DISTINCT, numbers)
    names = np.array([], np.str_) if samples.groups is None else samples.groups
    manifest = samples.manifest.model_copy(
        update={
            "content_sha256": content_hash(samples.layout, [samples.digests]),
            "distinct": len(distinct),
            "groups": record_of(samples.group, names, numbers) if samples.group else None,
        }
    )
    manifest.write(folder / MANIFEST)
    if summary is not None:
        known = np.unique(names).astype(np.str_)
        write_summary(summary, signature, manifest, samples.inputs, known)
    return manifest


def _store_origins(folder: Path, samples: Samples) -> None:
    """Write the samples' rows in the source, and the names of their files if each has its own."""
    (folder / ROWS).parent.mkdir(parents=True, exist_ok=True)
    np.save(folder / ROWS, samples.rows)
    if len(samples.files):
        np.save(folder / NAMES, samples.files)


def _file_names(opened: Opened, indices: Indices) -> list[str]:
    """Return the paths of samples below the source, empty if samples have no files."""
    return [
        readable_name(array.files.name(index))
        for array in opened.arrays.values()
        if isinstance(array, ImageArray)
        for index in indices.tolist()
    ]


def _stored(arrays: Arrays, opened: Opened, signature: Signature) -> _Stored:
    inputs = {
        name: arrays.input(name, opened.arrays[name], np.dtype(facts.dtype))
        for name, facts in signature.inputs.items()
    }
    digests = arrays.samples.short()
    label = _label(arrays, opened.label, inputs)
    written = {**inputs, **({opened.label.key: label} if opened.label and label else {})}
    fields = {
        key: arrays.field(array) if array.dtype.kind in TEXT or key not in written else written[key]
        for key, array in opened.fields.items()
    }
    return _Stored(inputs, label, fields, digests)


def _label(
    arrays: Arrays, label: SourceArray | None, inputs: Mapping[str, ArrayFacts]
) -> ArrayFacts | None:
    if label is None:
        return None
    return arrays.input_as_label(label.key, inputs) if label.key in inputs else arrays.label(label)
