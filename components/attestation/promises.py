"""The promises of a mode or recipe that a converted model breaks."""

from collections.abc import Iterator
from dataclasses import dataclass

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.attestation.demand import Demand
from quantgate.components.attestation.weights import unmet
from quantgate.components.conversion.round_trips import round_trips
from quantgate.components.litert.flatbuffer import Contents, SignatureTensors
from quantgate.domain.flex_ops import tensorflow_ops
from quantgate.domain.method import FLOAT32
from quantgate.records.attestation import Delivered, TensorAttest, Trial
from quantgate.records.tasks import ModelFacts, TensorFacts

MOST_SHORTFALLS = 3


SPECIFICATION = "LiteRT's quantization specification"


ONLY_XNNPACK = (
    "it has weights in blocks, with which only XNNPACK computes correctly: LiteRT's reference "
    "kernels give wrong results"
)


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


def titled(role: str, contents: Contents, facts: ModelFacts) -> Iterator[TensorAttest]:
    """Yield the inputs or outputs of all signatures, each with its name among them."""
    for key in facts.keys:
        for tensor in getattr(contents.signatures.get(key, NO_SIGNATURE), role):
            yield tensor.model_copy(update={"name": facts.title(key, tensor.name)})


def broken_promises(
    described: Delivered, contents: Contents, source: ModelT, case: Case
) -> Iterator[Finding]:
    """Yield the promises that the model breaks, as far as its file shows them.

    Args:
        described: the model.
        contents: of the model.
        source: the float model, normalized.
        case: the model with the demand on it.
    """
    yield from _tensorflow_ops(described)
    yield from _trained_quantization(described, case.demand)
    yield from _float_ops(described, case.demand)
    yield from _weights(described, source, case.demand)
    yield from _ends(contents, case)
    for shortfall in described.shortfalls[:MOST_SHORTFALLS]:
        yield Finding(f"{shortfall} ({SPECIFICATION})", rejects=False)
    further = len(described.shortfalls) - MOST_SHORTFALLS
    if further > 0:
        yield Finding(f"and {further} more deviations from {SPECIFICATION}", rejects=False)


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


def _weights(described: Delivered, source: ModelT, demand: Demand) -> Iterator[Finding]:
    if demand.request is None:
        return
    for shortfall in unmet(source, demand.request, described.weights):
        yield Finding(shortfall, rejects=False)
    if _has_blocks(described):
        yield Finding(ONLY_XNNPACK, rejects=False)


def left_round_trips(model: ModelT) -> Iterator[Finding]:
    """Yield a finding for each excluded tensor that is quantized and dequantized on its way."""
    for name in round_trips(model):
        yield Finding(
            f"`{name}` is in float, as `exclude` asks, but went through 8 bits before: a QUANTIZE "
            "and a DEQUANTIZE are left",
            rejects=True,
        )


def _has_blocks(described: Delivered) -> bool:
    return any(weight.granularity == "blockwise" for weight in described.weights)


def without_kernel(described: Delivered, trial: Trial | None) -> Iterator[Finding]:
    """Yield a finding if no kernel computes correctly with the weights of the model."""
    if trial and trial.refusal and _has_blocks(described):
        yield Finding(
            "no kernel computes correctly with its weights in blocks, because XNNPACK refuses it",
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
        delivered = list(titled(role, contents, facts))
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
