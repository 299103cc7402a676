"""Attest a converted model: check it against the promises of its mode or recipe."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.attestation.demand import Demand
from quantgate.components.attestation.trial import (
    Attempt,
    Samples,
    defects,
    samples_for_trial,
    trial_of,
    try_out,
    with_reference_kernels,
)
from quantgate.components.attestation.weights import unmet
from quantgate.components.conversion.failure import essence, sentence
from quantgate.components.conversion.round_trips import round_trips
from quantgate.components.litert.agreement import disagreements
from quantgate.components.litert.flatbuffer import (
    Contents,
    SignatureTensors,
    contents_of,
    parse,
    read_contents,
)
from quantgate.components.litert.normalization import normalized
from quantgate.components.litert.reading import delivered
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.domain.flex_ops import tensorflow_ops
from quantgate.domain.method import FLOAT32
from quantgate.errors import InputError
from quantgate.records.attestation import Delivered, TensorAttest, Trial
from quantgate.records.outcomes import AttestationStatus
from quantgate.records.tasks import ModelFacts, TensorFacts

MOST_SHORTFALLS = 3
SPECIFICATION = "LiteRT's quantization specification"
ONLY_XNNPACK = (
    "it has weights in blocks, with which only XNNPACK computes rightly: LiteRT's reference kernels"
    " give wrong results"
)
NARROW_DTYPES = ("int2", "int4", "uint4", "int8", "uint8", "int16", "float16")
NO_SIGNATURE = SignatureTensors(inputs=[], outputs=[])


@dataclass(frozen=True)
class Finding:
    """A shortcoming of a model.

    Attributes:
        sentence: description for people.
        rejects: whether the model is unusable.
    """

    sentence: str
    rejects: bool


@dataclass(frozen=True)
class Case:
    """A model to attest, and the inputs of the checks.

    Attributes:
        model: path of the quantized .tflite.
        baseline: path of the float .tflite.
        facts: of the float model.
        demand: the promises of its mode or recipe.
        dataset: folder of samples to run, or None to make them up. Made-up samples prove nothing
            if the float model cannot run on them.
        timeout_s: seconds that each model may take for the samples.
    """

    model: str
    baseline: str
    facts: ModelFacts
    demand: Demand
    dataset: str | None
    timeout_s: float


def attest(case: Case) -> dict[str, Any]:
    """Read a .tflite, run it, and return the fields of its `Attestation` by name.

    Raises:
        InputError: the data set is damaged, or the float model does not run on it.
    """
    content = Path(case.model).read_bytes()
    model = parse(content)
    contents, described = contents_of(model), delivered(content, model)
    # Weights in float16 are stored in float32 before a recipe is applied.
    source = normalized(Path(case.baseline).read_bytes())
    unchanged = _is_unchanged(contents, read_contents(source))
    # If nothing was quantized, all other shortcomings follow from that.
    read = _unchanged(case.demand) if unchanged else _read(described, contents, case)
    narrowed = _round_trips(model) if case.demand.excludes else ()
    trial, tried = _try_out(case, sum(described.macs.values()))
    findings = [*read, *narrowed, *tried, *_without_kernel(described, trial)]
    rejections = [finding.sentence for finding in findings if finding.rejects]
    return {
        **dict(described),
        "status": AttestationStatus.REJECTED if rejections else AttestationStatus.CONVERTED,
        "reasons": [finding.sentence for finding in findings],
        "rejections": rejections,
        "inputs": list(_titled("inputs", contents, case.facts)),
        "outputs": list(_titled("outputs", contents, case.facts)),
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


def _titled(role: str, contents: Contents, facts: ModelFacts) -> Iterator[TensorAttest]:
    for key in facts.keys:
        for tensor in getattr(contents.signatures.get(key, NO_SIGNATURE), role):
            yield tensor.model_copy(update={"name": facts.title(key, tensor.name)})


def _read(described: Delivered, contents: Contents, case: Case) -> Iterator[Finding]:
    yield from _tensorflow_ops(described)
    yield from _trained_quantization(described, case.demand)
    yield from _float_ops(described, case.demand)
    yield from _weights(described, case)
    yield from _ends(contents, case)
    for shortfall in described.shortfalls[:MOST_SHORTFALLS]:
        yield Finding(f"{shortfall} ({SPECIFICATION})", rejects=False)
    further = len(described.shortfalls) - MOST_SHORTFALLS
    if further > 0:
        yield Finding(f"and {further} more such shortfalls ({SPECIFICATION})", rejects=False)


def _float_ops(described: Delivered, demand: Demand) -> Iterator[Finding]:
    if (demand.calibrated or demand.integer_only) and described.float_ops:
        listed = ", ".join(f"{name} ({count})" for name, count in described.float_ops.items())
        yield Finding(
            f"ops left in float{_broken_promise(demand)}: {listed}", rejects=demand.integer_only
        )


def _broken_promise(demand: Demand) -> str:
    if not demand.integer_only:
        return ""
    return ", which the target cannot run" if demand.request else ", in a mode that promises none"


def _weights(described: Delivered, case: Case) -> Iterator[Finding]:
    if case.demand.request is None:
        return
    source = parse(normalized(Path(case.baseline).read_bytes()))
    for shortfall in unmet(source, case.demand.request, described.weights):
        yield Finding(shortfall, rejects=False)
    if _has_blocks(described):
        yield Finding(ONLY_XNNPACK, rejects=False)


def _round_trips(model: ModelT) -> Iterator[Finding]:
    for name in round_trips(model):
        yield Finding(
            f"`{name}` is in float, as `exclude` asks, but went through 8 bits before: a QUANTIZE "
            "and a DEQUANTIZE are left",
            rejects=True,
        )


def _has_blocks(described: Delivered) -> bool:
    return any(weight.granularity == "blockwise" for weight in described.weights)


def _without_kernel(described: Delivered, trial: Trial | None) -> Iterator[Finding]:
    if trial and trial.refusal and _has_blocks(described):
        yield Finding(
            "no kernel computes with its weights in blocks rightly, because XNNPACK refuses it",
            rejects=True,
        )


def _trained_quantization(described: Delivered, demand: Demand) -> Iterator[Finding]:
    # A model with its own ranges, from quantization-aware training, becomes int8 in any mode.
    if not demand.calibrated and described.macs.get("int8"):
        yield Finding(
            "it computes in int8, which this mode does not ask for: the model has ranges of its "
            "own (fake quantization), as after quantization-aware training",
            rejects=False,
        )


def _tensorflow_ops(described: Delivered) -> Iterator[Finding]:
    ops = tensorflow_ops(described.ops)
    if ops:
        needs = "it needs LiteRT with the Flex delegate wherever it runs"
        yield Finding(f"{needs}, for the TensorFlow ops {', '.join(ops)}", rejects=False)


def _ends(contents: Contents, case: Case) -> Iterator[Finding]:
    facts, demand = case.facts, case.demand
    for role, float_as in (("inputs", demand.input_type), ("outputs", demand.output_type)):
        delivered = list(_titled(role, contents, facts))
        wanted = {
            facts.title(signature.key, name): tensor
            for signature in facts.signatures
            for name, tensor in getattr(signature, role).items()
        }
        if float_as:
            yield from _mismatches(role[:-1], delivered, wanted, float_as)


def _mismatches(
    role: str, delivered: list[TensorAttest], wanted: dict[str, TensorFacts], float_as: str
) -> Iterator[Finding]:
    dtypes = {tensor.name: tensor.dtype for tensor in delivered}
    for name, tensor in wanted.items():
        # Only float32 is quantized. Integer inputs and outputs keep their dtype.
        expected = float_as if tensor.dtype == FLOAT32 else tensor.dtype
        actual = dtypes.get(name, "missing")
        if actual != expected:
            yield Finding(f"{role} `{name}` is {actual}, not {expected}", rejects=True)


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
