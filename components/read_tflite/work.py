"""The work of `read_tflite`: check a float .tflite, and describe it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from quantgate.components.litert.float_model import read_float_model
from quantgate.components.processes.sandbox import gaps
from quantgate.errors import InputError
from quantgate.foundation.copies import copy_file
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts, Signature


def read_tflite(
    model_path: str,
    signatures: Sequence[str],
    *,
    baseline_path: str,
    facts_path: str,
) -> None:
    """Write the baseline and its `ModelFacts`.

    Args:
        model_path: the float .tflite.
        signatures: keys of the signatures to measure.
        baseline_path: the .tflite to write, with the same bytes.
        facts_path: the JSON to write.

    Raises:
        InputError: the file cannot be quantized, or lacks a signature.
    """
    model = read_float_model(Path(model_path))
    copy_file(model_path, baseline_path)
    sha256 = sha256_of_file(baseline_path)
    ModelFacts(
        source_sha256=sha256,
        baseline_sha256=sha256,
        size_bytes=Path(baseline_path).stat().st_size,
        signatures=[_signature(model_path, model.signatures, key) for key in signatures],
        ops=dict(model.ops),
        sandbox_gaps=gaps(),
    ).write(facts_path)


def _signature(path: str, known: Mapping[str, Signature], key: str) -> Signature:
    if key not in known:
        listed = ", ".join(f"`{each}`" for each in known)
        raise InputError(
            f"{path} has no signature `{key}`. Set `model.signatures` in the spec to those that it "
            f"has: {listed}"
        )
    return known[key]
