"""The warnings of a decision, and those that make it doubtful."""

from collections.abc import Collection, Mapping, Sequence

from quantgate.decision.baseline_warnings import warnings_of_baseline, warnings_of_comparison
from quantgate.decision.choice import Alike
from quantgate.decision.data_warnings import warnings_about
from quantgate.decision.dynamic_tensors import warnings_of_dynamic_tensors
from quantgate.decision.evidence import Evidence
from quantgate.decision.power_warnings import warnings_of_power
from quantgate.decision.slice_verdicts import warnings_about_slices
from quantgate.decision.timing_warnings import warnings_of_timing
from quantgate.domain.rules import RULES
from quantgate.domain.warnings import BASELINE_VIOLATES_LIMIT, DOUBTS, Warned
from quantgate.records.entries import Entry
from quantgate.records.targets import warnings_of_targets
from quantgate.records.verdicts import Verdict
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.limit import Limit
from quantgate.wording.verdicts import miss_text


def warnings_of(
    evidence: Evidence,
    baseline: Entry,
    candidates: Sequence[Entry],
    limits: Mapping[str, Limit],
    choose: Sequence[Objective],
    alike: Alike,
) -> list[Warned]:
    """Return all warnings about a run.

    Args:
        evidence: the results of the run's tasks.
        baseline: the float model.
        candidates: all candidates, checked against the limits.
        limits: the spec's `gate`, by figure.
        choose: the spec's objectives.
        alike: tells whether two candidates are tied in an objective.
    """
    return [
        *warnings_of_comparison(evidence.comparison),
        *warnings_about(evidence.calibration_sets, evidence.evaluation_sets, evidence.search_sets),
        *warnings_of_baseline(
            baseline.measurements,
            evidence.metrics,
            evidence.baseline.measurement.guesses,
            evidence.calibration_sets,
            evidence.evaluation_sets,
        ),
        *warnings_of_power(
            limits,
            baseline.measurements,
            evidence.metrics,
            evidence.baseline.measurement.samples,
            evidence.units,
        ),
        *warnings_about_slices(
            limits, baseline.measurements, evidence.metrics, evidence.slices, evidence.units
        ),
        *warnings_of_timing(evidence.benchmark, baseline, candidates, limits, choose, alike),
        *warnings_of_targets(evidence.targets),
        *warnings_of_dynamic_tensors(evidence.attestations),
        *(
            BASELINE_VIOLATES_LIMIT.says(
                f"the float baseline itself violates a limit: {miss_text(verdict)}"
            )
            for verdict in baseline.verdicts
            if _is_missed_by_the_model_itself(verdict)
        ),
    ]


def doubts_among(warnings: Sequence[Warned], doubtful: Collection[str]) -> list[Warned]:
    """Return the warnings that make a run doubtful, and doubts that the spec allows.

    Args:
        warnings: all warnings about the run.
        doubtful: the ids of those that make it doubtful.
    """
    return [warning for warning in warnings if warning.id in {*DOUBTS, *doubtful}]


def _is_missed_by_the_model_itself(verdict: Verdict) -> bool:
    """Return whether a violated accuracy limit has nothing to do with quantization."""
    is_accuracy = verdict.metric is not None and not RULES[verdict.rule].compares
    return is_accuracy and verdict.value is not None and not verdict.passed
