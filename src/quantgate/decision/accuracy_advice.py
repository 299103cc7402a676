"""Advice on candidates that lose accuracy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quantgate.decision.evidence import Evidence
from quantgate.decision.measured_advice import (
    advice_on_edits,
    advice_on_ops,
    advice_on_recovered,
    advice_on_weights,
    advice_on_wide_conversions,
)
from quantgate.decision.sensitivity import rule_of
from quantgate.decision.verdicts import misses_outright
from quantgate.domain.method import Method
from quantgate.domain.methods import METHODS
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.domain.recipes import RECIPES
from quantgate.records.attestation import Attestation
from quantgate.records.entries import Entry
from quantgate.records.outcomes import CandidateStatus
from quantgate.records.recovery import Tried
from quantgate.records.verdicts import Verdict
from quantgate.wording.verdicts import rule_text

#: LiteRT's guide to post-training quantization: "around 100-500 samples".
LEAST_CALIBRATION_SAMPLES, MOST_CALIBRATION_SAMPLES = 100, 500


@dataclass(frozen=True)
class Losses:
    """The candidates of a run, and the accuracy that they lose to quantization.

    Attributes:
        baseline: the baseline.
        candidates: all candidates.
    """

    baseline: Entry
    candidates: Sequence[Entry]

    @property
    def measured(self) -> list[Entry]:
        """The candidates that were measured."""
        return [entry for entry in self.candidates if entry.status is CandidateStatus.MEASURED]

    @property
    def recovered(self) -> list[Entry]:
        """The recovered candidates that lose accuracy, or for which nothing better was found."""
        return [
            entry
            for entry in self.candidates
            if entry.recovery and (entry not in self.measured or self.loses(entry))
        ]

    @property
    def hopeless(self) -> list[Verdict]:
        """The accuracy limits that the float model violates itself."""
        return _violated(self.baseline)

    def loses(self, entry: Entry) -> bool:
        """Return whether a value violates an accuracy limit that the float model meets."""
        hopeless = set(map(rule_of, self.hopeless))
        return any(rule_of(verdict) not in hopeless for verdict in _violated(entry))


def advice_on_accuracy(losses: Losses, evidence: Evidence, tried: Tried | None) -> list[str]:
    """Return the sentences that apply to candidates of which none qualified."""
    losers = [entry for entry in losses.measured if losses.loses(entry)]
    on_edits = [
        *(advice_on_edits(tried) if tried else ()),
        *advice_on_recovered(losses.recovered),
    ]
    return [
        *_improve_the_float_model(losses),
        *_calibrate_on_real_samples(losses, evidence),
        *on_edits,
        *advice_on_ops(losers),
        *([] if tried else advice_on_weights(losers)),
        *_widen_activations(losses, evidence, tried),
        *_calibrate_on_more(losses, evidence),
        *([] if on_edits else _train(losses, evidence)),
    ]


def to_try_edits_on(losses: Losses, closest: str) -> Entry | None:
    """Return the candidate whose loss edits may reduce, None if the spec recovers some itself.

    It is the closest candidate, if that has 8-bit activations and loses accuracy.
    """
    if any(entry.recovery for entry in losses.candidates):
        return None
    losers = filter(losses.loses, _with_activations(losses.measured, "int8"))
    return min(losers, key=lambda entry: entry.name != closest, default=None)


def _violated(entry: Entry) -> list[Verdict]:
    return [verdict for verdict in entry.verdicts if verdict.metric and misses_outright(verdict)]


def _improve_the_float_model(losses: Losses) -> list[str]:
    rules = [rule_text(verdict) for verdict in losses.hopeless]
    if not rules or not losses.measured:
        return []
    return [
        f"improve the float model, or relax {' and '.join(rules)}: the float model violates "
        f"{'it' if len(rules) == 1 else 'them'} itself"
    ]


def _calibrate_on_real_samples(losses: Losses, evidence: Evidence) -> list[str]:
    if "calibration" not in evidence.random_data or not _counts_of_losers(losses, evidence):
        return []
    return ["calibrate on real samples: the ranges of random numbers are not those of the data"]


def _calibrate_on_more(losses: Losses, evidence: Evidence) -> list[str]:
    counts = _counts_of_losers(losses, evidence)
    if not counts or max(counts) >= LEAST_CALIBRATION_SAMPLES or min(counts) == 0:
        return []
    if "calibration" in evidence.random_data:
        return []
    used = " to ".join(f"{count:,}" for count in sorted({min(counts), max(counts)}))
    return [
        f"calibrate on more and broader data: {used} samples were used, and LiteRT's guide "
        f"recommends {LEAST_CALIBRATION_SAMPLES} to {MOST_CALIBRATION_SAMPLES} that are typical of "
        "the model's inputs"
    ]


def _counts_of_losers(losses: Losses, evidence: Evidence) -> set[int]:
    """Return the numbers of samples on which candidates that lose accuracy were calibrated."""
    losers = {entry.name for entry in losses.measured if losses.loses(entry)}
    return {
        _calibration_samples(attestation, evidence)
        for attestation in evidence.attestations
        if attestation.candidate in losers and METHODS[attestation.mode].calibrated
    }


def _calibration_samples(attestation: Attestation, evidence: Evidence) -> int:
    """Return the number of samples that a candidate was calibrated on, 0 if it is not known."""
    settings = attestation.settings.get("representative_dataset")
    if isinstance(settings, dict) and isinstance(count := settings.get("samples"), int):
        return count
    return evidence.calibration.samples if evidence.calibration else 0


def _widen_activations(losses: Losses, evidence: Evidence, tried: Tried | None) -> list[str]:
    int8 = _with_activations(losses.measured, "int8")
    if not int8 or not all(map(losses.loses, int8)):
        return []
    rewrites = [*advice_on_wide_conversions(evidence.attestations, evidence.facts.ops)]
    if rewrites or (tried and tried.wide_db is not None):
        return rewrites
    if not _with_activations(losses.candidates, "int16"):
        are_recipes = all(entry.mode in RECIPES for entry in int8)
        known: Mapping[str, Method] = RECIPES if are_recipes else QUANTIZED_MODES
        wider = next(name for name, method in known.items() if method.activations == "int16")
        return [
            f"try {wider}{_if_it_runs('16-bit models', losses)}: with activations in 16 bits a "
            "model often keeps the accuracy that it loses with int8, at nearly the same size"
        ]
    return [
        f"{entry.name} meets the accuracy limits that int8 violates: check whether the limits "
        "that it violates can be relaxed"
        for entry in _with_activations(losses.measured, "int16")
        if all(verdict.passed for verdict in entry.verdicts if verdict.metric)
    ][:1]


def _if_it_runs(kind: str, losses: Losses) -> str:
    """Return a condition if only modes for hardware without floating point were tried."""
    if all(METHODS[entry.mode].integer_only for entry in losses.candidates):
        return f", if the target runs {kind}"
    return ""


def _train(losses: Losses, evidence: Evidence) -> list[str]:
    measured = losses.measured
    is_trained = _is_trained(evidence.attestations)
    if not measured or not all(map(losses.loses, measured)) or is_trained:
        return []
    return [
        "every measured candidate violates an accuracy limit: use quantization-aware training, "
        "which usually recovers what post-training quantization loses"
    ]


def _is_trained(attestations: Iterable[Attestation]) -> bool:
    """Return whether the float model has ranges of its own, as after that training."""
    return any(
        attestation.macs.get("int8") and not METHODS[attestation.mode].calibrated
        for attestation in attestations
    )


def _with_activations(entries: Iterable[Entry], dtype: str) -> list[Entry]:
    return [entry for entry in entries if METHODS[entry.mode].activations == dtype]
