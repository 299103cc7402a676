"""The batch size of the converted models, and signatures that contradict it."""

from collections.abc import Mapping, Sequence

from quantgate.domain.batch import FREE, ONE, ONE_IF_FREE
from quantgate.errors import InputError
from quantgate.records.tasks import Signature
from quantgate.spec.preflight.batch import batch_sizes, contradictions, way_out


def takes_one_sample(folder: str, declared: Sequence[Signature], batch: str) -> bool:
    """Return whether to fix free batch sizes at 1.

    Args:
        folder: of the SavedModel.
        declared: its signatures to convert.
        batch: `1`, `dynamic`, `1 if free`, or empty to leave it as it is.

    Raises:
        InputError: a signature has a fixed batch size that contradicts `batch`.
    """
    sizes = _sizes(declared)
    for sentence in contradictions(sizes, batch):
        raise InputError(f"{folder}: {sentence}. {way_out(batch)}")
    return batch in (ONE, ONE_IF_FREE) and FREE in sizes.values()


def require_one_sample(folder: str, delivered: Sequence[Signature]) -> None:
    """Raise an error if an input of the converted model still has a free batch size.

    Raises:
        InputError: it names the input.
    """
    for place, size in _sizes(delivered).items():
        if size == FREE:
            raise InputError(
                f"{folder}: {place} keeps its free batch size in the conversion, and the spec says "
                "`model.batch: 1`. Export the signature with a batch size of 1, or write "
                "`model.batch: dynamic`"
            )


def _sizes(signatures: Sequence[Signature]) -> Mapping[str, int]:
    return dict(size for each in signatures for size in batch_sizes(each.key, each.inputs))
