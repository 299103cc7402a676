"""Advice on what to try next when nothing qualified."""

import math
from collections.abc import Iterable

from quantgate.decision.accuracy_advice import Losses, advice_on_accuracy
from quantgate.decision.conversion_advice import advice_on_conversions
from quantgate.decision.evidence import Evidence
from quantgate.decision.verdicts import is_unproven
from quantgate.domain.figures import LATENCIES, is_slice, slice_of
from quantgate.domain.flex_ops import tensorflow_ops
from quantgate.records.entries import Entry
from quantgate.records.recovery import Tried
from quantgate.records.verdicts import Verdict
from quantgate.wording.verdicts import rule_text


def advice_for(losses: Losses, evidence: Evidence, tried: Tried | None) -> list[str]:
    """Return the sentences that apply to candidates of which none qualified.

    Args:
        losses: the candidates.
        evidence: the results of the run's tasks.
        tried: the edits that were tried for advice.
    """
    measured = losses.measured
    if ops := tensorflow_ops(evidence.facts.ops):
        conversions = [_replace(ops)]
    else:
        conversions = [] if measured else advice_on_conversions(evidence.attestations)
    return [
        *conversions,
        *advice_on_accuracy(losses, evidence, tried),
        *_evaluate_on_more(measured, evidence),
    ]


def _replace(ops: Iterable[str]) -> str:
    return (
        f"express {', '.join(ops)} through ops of LiteRT, as listed at "
        "https://ai.google.dev/edge/litert/models/ops_compatibility, and export the model again: "
        "a model that cannot run here cannot be measured, and so does not qualify"
    )


def _evaluate_on_more(measured: Iterable[Entry], evidence: Evidence) -> list[str]:
    """Name the candidate that needs fewest samples, if it violates confidence bounds only."""
    unproven = {entry.name: _unproven(entry) for entry in measured}
    hardest = {
        name: max(verdicts, key=_samples_needed) for name, verdicts in unproven.items() if verdicts
    }
    name = min(hardest, key=lambda name: (_samples_needed(hardest[name]), name), default="")
    if not name or math.isinf(needed := _samples_needed(hardest[name])):
        return []
    rules = " and ".join(rule_text(verdict) for verdict in unproven[name])
    return [
        f"evaluate on more samples: about {needed:,.0f} instead of "
        f"{_evaluated(hardest[name], evidence)} would show for {name} {rules}, if its measurements "
        "stay as they are"
    ]


def _unproven(entry: Entry) -> list[Verdict]:
    """Return the violated limits if the figures meet them all and only the bounds do not."""
    missed = [verdict for verdict in entry.verdicts if not verdict.passed]
    return missed if all(map(_wants_samples, missed)) else []


def _wants_samples(verdict: Verdict) -> bool:
    return is_unproven(verdict) and verdict.name not in LATENCIES


def _samples_needed(verdict: Verdict) -> float:
    return verdict.samples_needed or math.inf


def _evaluated(verdict: Verdict, evidence: Evidence) -> str:
    """Return the number of samples behind a verdict in words."""
    if is_slice(verdict.name):
        return f"{evidence.samples_behind(verdict.name):,} in the slice `{slice_of(verdict.name)}`"
    return f"{evidence.samples_behind(verdict.name):,}"
