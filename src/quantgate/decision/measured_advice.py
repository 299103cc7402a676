"""Advice from the errors of ops and from edits that were tried in the run."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from quantgate.domain.methods import METHODS
from quantgate.domain.recipes import RECIPES
from quantgate.domain.recovery import LAYERS, LEAST_GAIN_DB
from quantgate.records.attestation import Attestation
from quantgate.records.entries import Entry
from quantgate.records.outcomes import AttestationStatus, RecoveryStatus
from quantgate.records.recovery import Edit, Recovery, Tried
from quantgate.records.sensitivity import OpError
from quantgate.wording.recovery import change_text, kept_text

#: Tries edits of a candidate. Returns None if nothing could be tried.
TryEdits = Callable[[Attestation], Tried | None]
#: Ops that join values, which then share one scale.
_JOINING = frozenset({"CONCATENATION", "PACK"})
#: The error above which it is worth exporting the parts of a joined output.
_MUCH = 0.05
_INTEGERS = ("int8", "int16")
#: The advice if no edit helps.
TRAIN = "use quantization-aware training, the remaining option"
_WIDE = "{recipe: static_wi8_ai16, inputs: float32, outputs: float32}"
_UNROLL = "unroll the recurrent layers (`unroll=True` in Keras)"
#: Rewrites for ops that 16-bit activations do not support.
_REWRITES: Mapping[str, str] = MappingProxyType(
    {
        "LSTM": _UNROLL,
        "RNN": _UNROLL,
        "SVDF": _UNROLL,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": _UNROLL,
        "UNIDIRECTIONAL_SEQUENCE_RNN": _UNROLL,
        "BIDIRECTIONAL_SEQUENCE_LSTM": _UNROLL,
        "BIDIRECTIONAL_SEQUENCE_RNN": _UNROLL,
        "WHILE": _UNROLL,
        "SQUARED_DIFFERENCE": "write the squared difference as a product, `d = a - b` and `d * d`",
        "DEPTH_TO_SPACE": f"write `--set 'quantize.recipes=[{_WIDE}]'` to leave it in float",
    }
)


def no_edits(attestation: Attestation) -> Tried | None:
    """Try nothing."""
    return None


def advice_on_edits(tried: Tried) -> Iterator[str]:
    """Yield what the edits that were tried for advice gain and cost."""
    recovery = tried.recovery
    if recovery.kept:
        yield _recover(recovery)
    else:
        yield f"{_nothing_helps(recovery)}: {TRAIN}"
    gain = (tried.wide_db or 0.0) - (recovery.after_db or 0.0)
    if tried.wide_bytes is not None and gain >= LEAST_GAIN_DB:
        yield (
            "try activations in 16 bits, if the target runs them: `--set 'quantize.recipes="
            f"[{_WIDE}]'`. The agreement with the float model is {tried.wide_db:.1f} dB instead of "
            f"{recovery.after_db or 0.0:.1f} dB, with {tried.wide_bytes:,} bytes. Its latency was "
            "not measured"
        )


def advice_on_recovered(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the advice that remains after the recovery that the spec asks for."""
    for entry in entries:
        recovery = entry.recovery
        if recovery and recovery.status is RecoveryStatus.UNCHANGED:
            yield f"{_nothing_helps(recovery)}: {TRAIN}"
        elif recovery and recovery.status is RecoveryStatus.RECOVERED:
            yield (
                f"{entry.name} still misses its limits with {kept_text(recovery.kept)}, although "
                f"{change_text(recovery)}: {TRAIN}"
            )


def advice_on_ops(losers: Sequence[Entry]) -> Iterator[str]:
    """Yield how to change the op that adds most, for the first candidate that is compared."""
    errors = next((each.sensitivity for each in losers if each.sensitivity), None)
    worst = errors.worst[:1] if errors else []
    for each in worst:
        if errors and each.op in _JOINING and each.added >= _MUCH:
            yield (
                f"export the parts of `{each.layer}` as outputs of their own, such as boxes and "
                f"scores: {_adds(each)} on {errors.samples} {errors.data} samples, because one "
                "scale is too coarse for all parts"
            )


def advice_on_weights(losers: Sequence[Entry]) -> Iterator[str]:
    """Yield the worst op to leave in float, for a candidate that quantizes only weights."""
    for entry in losers:
        is_weights_only = entry.mode in RECIPES and METHODS[entry.mode].activations not in _INTEGERS
        worst = entry.sensitivity.worst[:1] if entry.sensitivity and is_weights_only else []
        for each in worst:
            rule = f"{{regex: '^{each.layer}', recipe: float32}}"
            yield (
                f"leave `{each.layer}` of {entry.name} in float, for {3 * each.float_bytes // 4:,} "
                f"bytes: {_adds(each)}. Write `{{recipe: {entry.mode}, rules: [{rule}]}}`"
            )
            return


def advice_on_wide_conversions(
    attestations: Iterable[Attestation], ops: Iterable[str]
) -> Iterator[str]:
    """Yield the rewrite that helps, for ops that 16-bit activations do not support."""
    names, failed = [*ops], [each for each in attestations if _failed_wide(each)]
    advised = {
        name: each.candidate
        for each in failed
        for name in names
        if name in _REWRITES and any(name in reason for reason in each.reasons)
    }
    for name, candidate in advised.items():
        yield f"{_REWRITES[name]}: {candidate} does not support {name}"


def _failed_wide(attestation: Attestation) -> bool:
    is_wide = METHODS[attestation.mode].activations == "int16"
    return is_wide and attestation.status != AttestationStatus.CONVERTED


def _recover(recovery: Recovery) -> str:
    size = recovery.kept[-1].added_bytes or 0
    cost = f"{size:,} more bytes" if size > 0 else "no more bytes"
    return (
        f"recover {recovery.recovers}: `--set quantize.recover=true`. In this run, "
        f"{change_text(recovery)} with {kept_text(recovery.kept)}, for {cost} and "
        f"{recovery.used:.3g} runs of the calibration set{_hint(recovery.kept)}"
    )


def _hint(kept: Sequence[Edit]) -> str:
    """Return a note on ops that do not run on hardware without floating point."""
    in_float = any(edit.technique == LAYERS and "in float" in edit.edit for edit in kept)
    return ". The target has to run float ops" if in_float else ""


def _nothing_helps(recovery: Recovery) -> str:
    tried = ", ".join(f"{edit.edit} ({edit.reason})" for edit in recovery.edits)
    return f"no edit helps {recovery.recovers}. In this run, recovery tried {tried}"


def _adds(error: OpError) -> str:
    return f"{error.op} adds an error of {100 * error.added:.3g} %"
