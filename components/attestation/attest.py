"""Attest a converted model: check it against the promises of its mode or recipe."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from quantgate.components.attestation.attempt import Attempt, try_out, with_reference_kernels
from quantgate.components.attestation.demand import Demand
from quantgate.components.attestation.promises import (
    Case,
    Finding,
    broken_promises,
    left_round_trips,
    titled,
    without_kernel,
)
from quantgate.components.attestation.samples import Samples, samples_for_trial
from quantgate.components.attestation.trial import defects, trial_of
from quantgate.components.conversion.failure import essence, sentence
from quantgate.components.litert.agreement import disagreements
from quantgate.components.litert.flatbuffer import (
    Contents,
    contents_of,
    mapped,
    parse,
)
from quantgate.components.litert.normalization import parse_normalized
from quantgate.components.litert.reading import delivered
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.domain.flex_ops import tensorflow_ops
from quantgate.errors import InputError
from quantgate.records.attestation import Trial
from quantgate.records.outcomes import AttestationStatus

NARROW_DTYPES = ("int2", "int4", "uint4", "int8", "uint8", "int16", "float16")


def attest(case: Case) -> dict[str, Any]:
    """Read a .tflite, run it, and return the fields of its `Attestation` by name.

    Raises:
        InputError: the data set is damaged, or the float model does not run on it.
    """
    content = mapped(case.model)
    model = parse(content)
    contents, described = contents_of(model), delivered(content, model)
    # Weights in float16 are stored in float32 before a recipe is applied.
    source = parse_normalized(mapped(case.baseline))
    unchanged = _is_unchanged(contents, contents_of(source))
    # If nothing was quantized, all other shortcomings follow from that.
    promised = broken_promises(described, contents, source, case)
    read = _unchanged(case.demand) if unchanged else promised
    narrowed = left_round_trips(model) if case.demand.excludes else ()
    trial, tried = _try_out(case, sum(described.macs.values()))
    findings = [*read, *narrowed, *tried, *without_kernel(described, trial)]
    rejections = [finding.sentence for finding in findings if finding.rejects]
    return {
        **dict(described),
        "status": AttestationStatus.REJECTED if rejections else AttestationStatus.CONVERTED,
        "reasons": [finding.sentence for finding in findings],
        "rejections": rejections,
        "inputs": list(titled("inputs", contents, case.facts)),
        "outputs": list(titled("outputs", contents, case.facts)),
        "unchanged": unchanged,
        "trial": trial,
    }


def _is_unchanged(contents: Contents, baseline: Contents) -> bool:
    # A float model of quantization-aware training has many narrow tensors between float ops.
    taken = sum(baseline.float_ops.values()) - sum(contents.float_ops.values())
    return taken <= 0 and _narrow(contents) <= _narrow(baseline)


def _narrow(contents: Contents) -> int:
    return sum(contents.dtypes.get(dtype, 0) for dtype in NARROW_DTYPES)


def _unchanged(demand: Demand) -> Iterator[Finding]:
    yield Finding(f"quantization changed nothing: {demand.why_unchanged}", rejects=True)


def _try_out(case: Case, macs: int) -> tuple[Trial | None, list[Finding]]:
    samples = samples_for_trial(case.facts, case.dataset)
    try:
        beside = _tried(case.baseline, samples, case, 0)
    except IsolatedFailure as failure:
        return _without_float_model(failure, case)
    made_up = case.dataset is None
    try:
        attempt = with_reference_kernels(partial(_tried, case.model, samples, case), macs)
    except IsolatedFailure as failure:
        problem = sentence("running the model", failure)
        trial = Trial(samples=0, made_up=made_up, problem=problem)
        return trial, [Finding(problem, rejects=True)]
    trial = trial_of(attempt, beside, made_up=made_up)
    broken = [
        Finding(defect, rejects=True) for defect in defects(trial, attempt.outputs, beside.outputs)
    ]
    return trial, [*broken, *(Finding(text, rejects=False) for text in disagreements(trial))]


def _without_float_model(
    failure: IsolatedFailure, case: Case
) -> tuple[Trial | None, list[Finding]]:
    if tensorflow_ops(case.facts.ops):
        problem = essence(str(failure))
        trial = Trial(samples=0, made_up=case.dataset is None, problem=problem)
        return trial, [Finding(problem, rejects=False)]
    if case.dataset is None:
        return None, []
    raise InputError(
        f"{case.baseline}: {sentence('running the float model', failure)}. "
        "No candidate can be compared with it"
    ) from failure


def _tried(model: str, samples: Samples, case: Case, reference: int) -> Attempt:
    limits = ResourceLimits(case.timeout_s)
    return run_isolated(try_out, model, case.facts, samples, reference, limits=limits)
