"""Batch sizes of a model that contradict `model.batch`."""

from collections.abc import Iterator, Mapping

from quantgate.domain.batch import DYNAMIC, FREE, ONE
from quantgate.errors import KeyPath
from quantgate.records.tasks import TensorFacts
from quantgate.spec.problems.findings import Finding

_ALLOWED = {ONE: (FREE, 1), DYNAMIC: (FREE,)}
_WAY_OUT = {ONE: "None or 1", DYNAMIC: "None"}
_PATH: KeyPath = ("model", "batch")


def batch_sizes(key: str, inputs: Mapping[str, TensorFacts | None]) -> Iterator[tuple[str, int]]:
    """Yield each input of a signature and its batch size. Inputs without dimensions have none."""
    for name, tensor in inputs.items():
        if tensor and tensor.shape:
            yield f"input `{name}` of signature `{key}`", tensor.shape[0]


def contradictions(sizes: Mapping[str, int], batch: str) -> Iterator[str]:
    """Yield a sentence for each input with a fixed batch size that contradicts `model.batch`.

    Args:
        sizes: the batch size of each input, -1 if it is free.
        batch: `1`, `dynamic`, or another value, which nothing contradicts.
    """
    for place, size in sizes.items():
        if size not in _ALLOWED.get(batch, (size,)):
            said = f"the spec says `model.batch: {batch}`"
            yield f"{place} has the fixed batch size {size}, and {said}"


def way_out(batch: str) -> str:
    """Return what to do about a contradiction."""
    return f"Remove `model.batch`, or export the model with the batch size {_WAY_OUT[batch]}"


def batch_findings(sizes: Mapping[str, int], batch: str) -> Iterator[Finding]:
    """Yield the contradictions as findings about the spec."""
    for sentence in contradictions(sizes, batch):
        yield Finding(_PATH, sentence, f"{way_out(batch)}.")
