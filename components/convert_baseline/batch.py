"""The batch size of the converted models, and signatures that contradict it."""

from collections.abc import Iterator, Sequence

from quantgate.components.conversion.batch import FREE
from quantgate.domain.batch import DYNAMIC, ONE, ONE_IF_FREE
from quantgate.errors import InputError
from quantgate.records.tasks import Signature


def takes_one_sample(folder: str, declared: Sequence[Signature], batch: str) -> bool:
    """Return whether to fix free batch sizes at 1.

    Args:
        folder: of the SavedModel.
        declared: its signatures to convert.
        batch: `1`, `dynamic`, `1 if free`, or empty to leave it as it is.

    Raises:
        InputError: a signature has a fixed batch size that contradicts `batch`.
    """
    sizes = list(_sizes(declared))
    allowed = {ONE: (FREE, 1), DYNAMIC: (FREE,)}.get(batch)
    for signature, name, size in sizes:
        if allowed and size not in allowed:
            raise InputError(_contradiction(folder, signature, name, size, batch))
    return batch in (ONE, ONE_IF_FREE) and any(size == FREE for _, _, size in sizes)


def require_one_sample(folder: str, delivered: Sequence[Signature]) -> None:
    """Raise an error if an input of the converted model still has a free batch size.

    Raises:
        InputError: it names the input.
    """
    for signature, name, size in _sizes(delivered):
        if size == FREE:
            raise InputError(
                f"{folder}: input `{name}` of signature `{signature}` keeps its free batch size in "
                "the conversion, and the spec says `model.batch: 1`. Export the signature with a "
                "batch size of 1, or write `model.batch: dynamic`"
            )


def _sizes(signatures: Sequence[Signature]) -> Iterator[tuple[str, str, int]]:
    """Yield signature, input and batch size. Inputs without dimensions have none."""
    for signature in signatures:
        for name, tensor in signature.inputs.items():
            if tensor.shape:
                yield signature.key, name, tensor.shape[0]


def _contradiction(folder: str, signature: str, name: str, size: int, batch: str) -> str:
    way_out = "None" if batch == DYNAMIC else "None or 1"
    return (
        f"{folder}: signature `{signature}` has the fixed batch size {size} in its input `{name}`, "
        f"and the spec says `model.batch: {batch}`. Remove `model.batch`, or export the signature "
        f"with the batch size {way_out}"
    )
