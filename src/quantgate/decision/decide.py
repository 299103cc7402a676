"""The decision: which candidates qualify, which one wins, or which one came closest."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantgate.decision.accuracy_advice import Losses, to_try_edits_on
from quantgate.decision.advice import advice_for
from quantgate.decision.choice import Choice
from quantgate.decision.evidence import Evidence
from quantgate.decision.judging import Judged, judge_all
from quantgate.decision.measured_advice import TryEdits, no_edits
from quantgate.decision.near_miss import closest_of
from quantgate.decision.provenance import Host, provenance_of, timing_of
from quantgate.decision.ranking import choice_among, with_pareto_fronts, with_ranks
from quantgate.decision.sensitivity import MeasureOps, no_ops, with_op_errors
from quantgate.decision.summary import doubtful_summary, summarize
from quantgate.decision.terms import Terms
from quantgate.decision.timing_warnings import few_of
from quantgate.decision.warnings import doubts_among, warnings_of
from quantgate.domain.targets import TARGET_OF
from quantgate.domain.warnings import Warned
from quantgate.records.decision import Closest, Decision
from quantgate.records.entries import Entry
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome
from quantgate.records.recovery import Tried

EVALUATION = "evaluation"


def decide(
    evidence: Evidence,
    terms: Terms,
    *,
    host: Host,
    created: str,
    measure_ops: MeasureOps = no_ops,
    try_edits: TryEdits = no_edits,
) -> Decision:
    """Check every candidate against the limits, and choose among those that meet them all.

    A candidate qualifies if its conversion succeeded, it was measured, it meets every limit, and it
    has every figure that the choice uses. With random data that is not allowed, none qualifies. In
    a doubtful run, none qualifies and nothing is promoted.

    Args:
        evidence: the results of the run's tasks. The order of its lists does not matter.
        terms: the requirements.
        host: the machine that this runs on. Its processor counts if nothing was timed.
        created: the time, ISO 8601 in UTC.
        measure_ops: measures the errors of ops. It is called with the candidates that miss an
            accuracy limit.
        try_edits: tries edits of a candidate. It is called if no candidate qualifies.

    Raises:
        InputError: the evidence does not belong together, or the baseline was not measured.
    """
    judged = judge_all(evidence, terms)
    ranked = with_ranks(judged.candidates, terms.rank_recovered)
    warnings = warnings_of(
        evidence, judged.baseline, ranked, terms.limits, terms.choose, judged.alike
    )
    doubts = doubts_among(warnings, terms.doubtful)
    ending = _ending(judged, _is_doubtful(doubts, terms), evidence, terms, measure_ops)
    winner = ending.choice.winner if ending.choice else None
    losses = Losses(judged.baseline, ending.candidates)
    tried = _tried(losses, ending, evidence, try_edits) if ending.is_open else None
    return Decision(
        name=terms.name,
        created=created,
        outcome=_outcome(ending.choice, ending.is_doubtful),
        winner=winner,
        promotes=winner or (judged.baseline.name if ending.keeps_baseline else None),
        doubts=[doubt.message for doubt in doubts],
        summary=_summary(judged, ending, doubts, evidence, terms),
        baseline=judged.baseline,
        candidates=ending.candidates,
        closest=ending.closest,
        family=judged.family,
        metrics=dict(evidence.metrics),
        slices=dict(evidence.slices),
        advice=advice_for(losses, evidence, tried) if ending.is_open else [],
        tried=tried,
        warnings=[warning.message for warning in warnings],
        warning_ids=[warning.id for warning in warnings],
        limits={name: limit.model_dump(exclude_none=True) for name, limit in terms.limits.items()},
        choose=[objective.model_dump(exclude_none=True) for objective in terms.choose],
        choice=ending.choice.steps if ending.choice else [],
        provenance=provenance_of(evidence, terms.spec_sha256, terms.code_sha256, host),
        timing=timing_of(evidence.benchmark),
    )


@dataclass(frozen=True)
class _Ending:
    """The end of a decision.

    Attributes:
        candidates: the candidates' entries, none of them qualified in a doubtful run.
        is_doubtful: whether a warning makes the run doubtful.
        choice: the choice among the qualified candidates, None if there are none.
        is_open: whether other candidates or limits could give a winner.
        closest: the candidate that comes closest, if the decision is open.
        lacks_winner: whether the baseline is to be kept, because there is no winner.
        obstacle: why the baseline cannot be kept, None if it can.
    """

    candidates: list[Entry]
    is_doubtful: bool
    choice: Choice | None
    is_open: bool
    closest: Closest | None
    lacks_winner: bool
    obstacle: str | None

    @property
    def keeps_baseline(self) -> bool:
        """True if the baseline is promoted."""
        return self.lacks_winner and self.obstacle is None


def _tried(
    losses: Losses, ending: _Ending, evidence: Evidence, try_edits: TryEdits
) -> Tried | None:
    loser = to_try_edits_on(losses, ending.closest.name if ending.closest else "")
    attested = (each for each in evidence.attestations if loser and each.candidate == loser.name)
    return next(map(try_edits, attested), None)


def _is_doubtful(doubts: Sequence[Warned], terms: Terms) -> bool:
    return any(doubt.id in terms.doubtful for doubt in doubts)


def _ending(
    judged: Judged,
    is_doubtful: bool,
    evidence: Evidence,
    terms: Terms,
    measure_ops: MeasureOps,
) -> _Ending:
    if is_doubtful:
        settled = [each.model_copy(update={"qualified": False}) for each in judged.candidates]
    else:
        settled = with_ranks(judged.candidates, terms.rank_recovered)
    fronts = with_pareto_fronts(settled, terms.choose, evidence.metrics)
    candidates = with_op_errors(fronts, judged.baseline, measure_ops)
    choice = choice_among(candidates, terms.choose, judged.baseline, judged.alike)
    is_open = not (choice or judged.refusal or is_doubtful)
    lacks_winner = terms.keep_baseline and not (choice or is_doubtful)
    return _Ending(
        candidates,
        is_doubtful,
        choice,
        is_open,
        closest_of(candidates, judged.misses) if is_open else None,
        lacks_winner,
        _obstacle_to_keeping(judged.baseline, evidence, terms),
    )


def _summary(
    judged: Judged, ending: _Ending, doubts: Sequence[Warned], evidence: Evidence, terms: Terms
) -> str:
    clause = _baseline_clause(judged.baseline, ending.obstacle) if ending.lacks_winner else ""
    summary = summarize(
        judged.baseline,
        ending.candidates,
        ending.choice.winner if ending.choice else None,
        ending.closest,
        [*(objective.figure for objective in terms.choose), *terms.limits],
        evidence.metrics,
        refusal=judged.refusal,
        baseline_clause=clause,
    )
    if not doubts:
        return summary
    return doubtful_summary(doubts, None if ending.is_doubtful else summary)


def _outcome(choice: Choice | None, is_doubtful: bool) -> DecisionOutcome:
    if is_doubtful:
        return DecisionOutcome.DOUBTFUL
    return DecisionOutcome.WINNER if choice else DecisionOutcome.NONE_QUALIFIED


def _obstacle_to_keeping(baseline: Entry, evidence: Evidence, terms: Terms) -> str | None:
    """Return why the baseline is not promoted, None if it was measured in everything named."""
    named = dict.fromkeys([*terms.limits, *(objective.figure for objective in terms.choose)])
    missing = [each for each in named if each not in {*baseline.measurements, *TARGET_OF}]
    if not terms.allow_random and EVALUATION in evidence.random_data:
        return "it was measured on random data"
    if baseline.status is not CandidateStatus.MEASURED:
        return "its measurements are incomplete"
    return f"it was not measured in {few_of(missing)}" if missing else None


def _baseline_clause(baseline: Entry, obstacle: str | None) -> str:
    if obstacle is None:
        return f", and {baseline.name}, the baseline, is kept"
    return f", and {baseline.name}, the baseline, is not kept, as {obstacle}"
