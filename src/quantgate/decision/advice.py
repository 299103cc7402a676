"""Advice on what to try next when nothing qualified."""

import math
from collections.abc import Iterable, Sequence

from quantgate.decision.evidence import Evidence
from quantgate.decision.verdicts import is_unproven, misses_outright
from quantgate.domain.figures import LATENCIES
from quantgate.domain.flex_ops import tensorflow_ops
from quantgate.domain.modes import MODES
from quantgate.records.decision import Entry, Verdict
from quantgate.records.outcomes import CandidateStatus
from quantgate.records.tasks import Calibration
from quantgate.wording.verdicts import rule_text

# LiteRT's guide to post-training quantization: "around 100-500 samples".
MOST_CALIBRATION_SAMPLES = 500
# The range or curvature of their values suits 256 equal steps badly. LiteRT's guide to the
# quantization debugger leaves such layers in float one by one.
DELICATE_OPS = frozenset(
    {
        "DIV",
        "EXP",
        "GELU",
        "HARD_SWISH",
        "L2_NORMALIZATION",
        "LOG",
        "LOGISTIC",
        "POW",
        "RSQRT",
        "SOFTMAX",
        "SQRT",
        "SQUARED_DIFFERENCE",
        "TANH",
    }
)


def advice_for(candidates: Sequence[Entry], evidence: Evidence) -> list[str]:
    """Return the sentences that apply to candidates of which none qualified."""
    measured = [entry for entry in candidates if entry.status is CandidateStatus.MEASURED]
    samples = evidence.baseline.measurement.samples
    return [
        *_replace_tensorflow_ops(evidence.facts.ops),
        *_calibrate_on_more(measured, evidence.calibration),
        *_leave_in_float(measured, evidence),
        *_widen_activations(measured, candidates),
        *_train_for_quantization(measured),
        *_evaluate_on_more(measured, samples),
    ]


def _replace_tensorflow_ops(ops: Iterable[str]) -> list[str]:
    names = ", ".join(tensorflow_ops(ops))
    if not names:
        return []
    return [
        f"express {names} through ops of LiteRT, as listed at "
        "https://ai.google.dev/edge/litert/models/ops_compatibility, and export the model again: "
        "a model that cannot run here cannot be measured, and so does not qualify"
    ]


def _calibrate_on_more(measured: Iterable[Entry], calibration: Calibration | None) -> list[str]:
    loses = any(MODES[entry.mode].calibrated and _loses_accuracy(entry) for entry in measured)
    if not loses or calibration is None or calibration.samples >= MOST_CALIBRATION_SAMPLES:
        return []
    return [
        f"calibrate on more and broader data: {calibration.samples:,} samples were used, and "
        f"LiteRT's guide recommends 100 to {MOST_CALIBRATION_SAMPLES} that are typical of the "
        "model's inputs"
    ]


def _leave_in_float(measured: Sequence[Entry], evidence: Evidence) -> list[str]:
    """Name the ops to leave in float, if int8 loses accuracy and none has been left out."""
    delicate = sorted(DELICATE_OPS & evidence.facts.ops.keys())
    tried = any(
        attestation.settings.get("exclude_ops") or attestation.settings.get("exclude_nodes")
        for attestation in evidence.attestations
    )
    loses = any(_loses_accuracy(entry) for entry in _with_activations(measured, "int8"))
    if not delicate or tried or not loses:
        return []
    return [
        f"leave {' and '.join(delicate)} in float, which 8 bits often represent badly: write for "
        "example `{name: full_integer_with_float, mode: full_integer, exclude: {ops: "
        f"[{', '.join(delicate)}]}}}}`"
    ]


def _widen_activations(measured: Sequence[Entry], candidates: Sequence[Entry]) -> list[str]:
    int8 = _with_activations(measured, "int8")
    if not int8 or not all(_loses_accuracy(entry) for entry in int8):
        return []
    if not _with_activations(candidates, "int16"):
        return [
            "try int16x8: with activations in 16 bits a model often keeps the accuracy that it "
            "loses with int8, at nearly the same size"
        ]
    return [
        f"{entry.name} meets the accuracy limits that int8 violates: check whether the limits "
        "that it violates can be relaxed"
        for entry in _with_activations(measured, "int16")
        if all(verdict.passed for verdict in entry.verdicts if verdict.metric)
    ][:1]


def _train_for_quantization(measured: Sequence[Entry]) -> list[str]:
    if not measured or not all(_loses_accuracy(entry) for entry in measured):
        return []
    return [
        "every measured candidate violates an accuracy limit: use quantization-aware training, "
        "which usually recovers what post-training quantization loses"
    ]


def _evaluate_on_more(measured: Iterable[Entry], samples: int) -> list[str]:
    """Name the candidate that needs fewest samples, if it violates confidence bounds only."""
    unproven = {entry.name: _unproven(entry) for entry in measured}
    needed = {
        name: max(verdict.samples_needed or math.inf for verdict in verdicts)
        for name, verdicts in unproven.items()
        if verdicts
    }
    name = min(needed, key=lambda name: (needed[name], name), default="")
    if not name or math.isinf(needed[name]):
        return []
    rules = " and ".join(rule_text(verdict) for verdict in unproven[name])
    return [
        f"evaluate on more samples: about {needed[name]:,.0f} instead of {samples:,} would show "
        f"for {name} {rules}, if its figures stay as they are"
    ]


def _unproven(entry: Entry) -> list[Verdict]:
    """Return the violated limits if the figures meet them all and only the bounds do not."""
    missed = [verdict for verdict in entry.verdicts if not verdict.passed]
    return missed if all(map(_wants_samples, missed)) else []


def _wants_samples(verdict: Verdict) -> bool:
    return is_unproven(verdict) and verdict.name not in LATENCIES


def _with_activations(entries: Iterable[Entry], dtype: str) -> list[Entry]:
    return [entry for entry in entries if MODES[entry.mode].activations == dtype]


def _loses_accuracy(entry: Entry) -> bool:
    """Return whether the figure itself violates an accuracy limit, not only its bound."""
    return any(verdict.metric and misses_outright(verdict) for verdict in entry.verdicts)
