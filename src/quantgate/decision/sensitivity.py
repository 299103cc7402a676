"""The candidates whose ops are compared with the float model's."""

from collections.abc import Callable, Mapping, Sequence

from quantgate.decision.verdicts import misses_outright
from quantgate.records.entries import Entry
from quantgate.records.outcomes import CandidateStatus
from quantgate.records.sensitivity import Sensitivity
from quantgate.records.verdicts import Verdict

#: Measures the errors of candidates' ops. Returns them by name, without those that failed.
MeasureOps = Callable[[Sequence[Entry]], Mapping[str, Sensitivity]]


def no_ops(candidates: Sequence[Entry]) -> Mapping[str, Sensitivity]:
    """Measure nothing."""
    return {}


def with_op_errors(
    candidates: list[Entry], baseline: Entry, measure_ops: MeasureOps
) -> list[Entry]:
    """Add the errors of ops to the candidates that miss an accuracy limit.

    A limit that the float model violates itself does not count.
    """
    hopeless = {rule_of(each) for each in baseline.verdicts if misses_outright(each)}
    losers = [each for each in candidates if _loses(each, hopeless)]
    measured = measure_ops(losers) if losers else {}
    return [
        each.model_copy(update={"sensitivity": measured[each.name]})
        if each.name in measured
        else each
        for each in candidates
    ]


def rule_of(verdict: Verdict) -> tuple[str, str]:
    """Return the figure of the spec and the rule of a verdict."""
    return verdict.worst_of or verdict.name, verdict.rule


def _loses(entry: Entry, hopeless: set[tuple[str, str]]) -> bool:
    missed = (each for each in entry.verdicts if each.metric and not each.passed)
    is_measured = entry.status is CandidateStatus.MEASURED
    return is_measured and any(rule_of(verdict) not in hopeless for verdict in missed)
