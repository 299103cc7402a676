"""What a conversion delivered, held against what its mode promises."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.components.conversion_failure import sentence
from quantgate.components.converter import Recipe
from quantgate.components.flatbuffer import Contents, SignatureTensors, read_contents
from quantgate.components.isolation import IsolatedFailure, run_isolated
from quantgate.components.trial import Arrays, Outputs, defects, outputs_of, samples_for_trial
from quantgate.errors import InputError
from quantgate.hashing import sha256_of_file
from quantgate.modes import FLOAT32, Mode
from quantgate.records import ModelFacts, TensorAttest, TensorFacts

NARROW_DTYPES = ("int4", "int8", "uint8", "int16", "float16")
NO_SIGNATURE = SignatureTensors(inputs=[], outputs=[])


@dataclass(frozen=True)
class Finding:
    """Something that falls short, as a sentence; where it rejects, the model is of no use."""

    sentence: str
    rejects: bool


@dataclass(frozen=True)
class Case:
    """A model to attest, and what to hold it against.

    Attributes:
        model: path of the quantized .tflite.
        baseline: path of the float .tflite.
        facts: of the float model.
        recipe: what was asked for.
        dataset: folder of samples to run; without one they are made up, and prove nothing where
            the float model cannot run on them either.
        timeout_s: seconds that each model may take for the samples.
    """

    model: str
    baseline: str
    facts: ModelFacts
    recipe: Recipe
    dataset: str | None
    timeout_s: float


def attest(case: Case) -> dict[str, Any]:
    """Read a .tflite, run it, and say what it is.

    Returns:
        The fields of an `Attestation` that speak of the model, by name.

    Raises:
        InputError: the float model does not run on the data set, or that is damaged.
    """
    delivered = read_contents(Path(case.model).read_bytes())
    baseline = read_contents(Path(case.baseline).read_bytes())
    unchanged = _narrow(delivered) <= _narrow(baseline)
    signature = delivered.signatures.get(case.facts.signature.key, NO_SIGNATURE)
    # Where nothing was quantized, everything else that falls short follows from that.
    read = _unchanged(case.recipe.mode) if unchanged else _read(delivered, signature, case)
    findings = [*read, *_try_out(case)]
    return {
        "status": "rejected" if any(finding.rejects for finding in findings) else "converted",
        "reasons": [finding.sentence for finding in findings],
        "model_sha256": sha256_of_file(case.model),
        "size_bytes": Path(case.model).stat().st_size,
        "inputs": signature.inputs,
        "outputs": signature.outputs,
        "ops": delivered.ops,
        "float_ops": delivered.float_ops,
        "unchanged": unchanged,
    }


def _narrow(contents: Contents) -> int:
    return sum(contents.dtypes.get(dtype, 0) for dtype in NARROW_DTYPES)


def _unchanged(mode: Mode) -> Iterator[Finding]:
    why = (
        "calibration gave no tensor a range"
        if mode.calibrated
        else "the converter leaves weights of fewer than 1,024 elements as they are"
    )
    yield Finding(f"quantization changed nothing: {why}", rejects=True)


def _read(delivered: Contents, signature: SignatureTensors, case: Case) -> Iterator[Finding]:
    yield from _float_ops(delivered, case.recipe.mode)
    yield from _ends(signature, case)


def _float_ops(delivered: Contents, mode: Mode) -> Iterator[Finding]:
    if mode.calibrated and delivered.float_ops:
        listed = ", ".join(f"{name} ({count})" for name, count in delivered.float_ops.items())
        promise = ", in a mode that promises none" if mode.integer_only else ""
        yield Finding(f"ops left in float{promise}: {listed}", rejects=mode.integer_only)


def _ends(signature: SignatureTensors, case: Case) -> Iterator[Finding]:
    wanted, recipe = case.facts.signature, case.recipe
    yield from _mismatches("input", signature.inputs, wanted.inputs, recipe.input_type)
    yield from _mismatches("output", signature.outputs, wanted.outputs, recipe.output_type)


def _mismatches(
    role: str, delivered: list[TensorAttest], wanted: dict[str, TensorFacts], float_as: str
) -> Iterator[Finding]:
    dtypes = {tensor.name: tensor.dtype for tensor in delivered}
    for name, tensor in wanted.items():
        # Only float32 is quantized; integers at a model's ends stay what they are.
        expected = float_as if tensor.dtype == FLOAT32 else tensor.dtype
        found = dtypes.get(name, "missing")
        if found != expected:
            yield Finding(f"{role} `{name}` is {found}, not {expected}", rejects=True)


def _try_out(case: Case) -> Iterator[Finding]:
    samples = samples_for_trial(case.facts, case.dataset)
    expected = _expected_outputs(samples, case)
    if expected is None:
        return
    try:
        outputs = _outputs(case.model, samples, case)
    except IsolatedFailure as failure:
        yield Finding(sentence("running the model", failure), rejects=True)
        return
    for defect in defects(outputs, expected):
        yield Finding(defect, rejects=True)


def _expected_outputs(samples: Arrays, case: Case) -> Outputs | None:
    try:
        return _outputs(case.baseline, samples, case)
    except IsolatedFailure as failure:
        if case.dataset is None:
            return None
        raise InputError(
            f"{case.baseline}: {sentence('running the float model', failure)}; "
            "no candidate can be compared with it"
        ) from failure


def _outputs(model: str, samples: Arrays, case: Case) -> Outputs:
    return run_isolated(outputs_of, model, case.facts, samples, timeout_s=case.timeout_s)
