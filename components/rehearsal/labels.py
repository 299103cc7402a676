"""The labels and further arrays that metrics would be computed from."""

import numpy as np

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.build_dataset.fields import TEXT, text_of
from quantgate.components.build_dataset.opening import Opened
from quantgate.components.build_dataset.sampling import Chosen
from quantgate.components.build_dataset.sources import Array, Indices, SourceArray, row_bytes
from quantgate.records.datasets import ArrayFacts, Manifest

#: Larger arrays, such as masks, are left to the run.
MOST_BYTES = 64 << 20


def labels_of(opened: Opened, chosen: Chosen) -> DatasetFolder | None:
    """Return an evaluation set without inputs, or None if it is large or has invalid labels."""
    arrays = {**opened.fields, **({"": opened.label} if opened.label else {})}
    rows = len(chosen.indices)
    if sum(rows * row_bytes(array.shape, array.dtype) for array in arrays.values()) > MOST_BYTES:
        return None
    values = {key: _values(array, chosen.indices) for key, array in arrays.items()}
    facts = {key: _facts(each) for key, each in values.items()}
    if not all(np.isfinite((each.minimum, each.maximum)).all() for each in facts.values()):
        return None
    label, label_facts = values.pop("", None), facts.pop("", None)
    manifest = Manifest(
        purpose="evaluation",
        source=opened.path,
        inputs={},
        label=label_facts,
        samples=rows,
        available=opened.available,
        select="",
        seed=0,
        per_class=None,
        content_sha256="",
        fields=facts,
        classes=opened.classes,
    )
    return DatasetFolder(manifest, {"": np.empty((0, 0))}, label, values)


def _values(array: SourceArray, indices: Indices) -> Array:
    if array.dtype.kind in TEXT:
        return text_of(array, indices)
    return np.concatenate(list(array.rows(indices)))


def _facts(values: Array) -> ArrayFacts:
    has_range = values.dtype.kind not in TEXT and values.size
    return ArrayFacts(
        file="",
        shape=list(values.shape),
        dtype=values.dtype.name,
        minimum=float(values.min()) if has_range else 0,
        maximum=float(values.max()) if has_range else 0,
    )
