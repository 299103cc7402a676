"""The Pareto fronts and the choice among checked candidates."""

from collections.abc import Mapping, Sequence

from quantgate.decision.choice import Alike, Choice, choose_winner, has_all_figures, pareto_front
from quantgate.domain.recovery import ALWAYS
from quantgate.records.entries import Entry
from quantgate.records.outcomes import CandidateStatus
from quantgate.spec.model.choice import Objective, metrics_chosen_by
from quantgate.wording.recovery import not_ranked_text


def with_ranks(entries: Sequence[Entry], rank_recovered: str) -> list[Entry]:
    """Leave recovered candidates unranked if a plain one qualifies and they are not always ranked.

    Args:
        entries: the candidates after all limits were checked.
        rank_recovered: "none_qualifies" or "always".
    """
    plain = next((each.name for each in entries if each.qualified and not each.recovery), None)
    if plain is None or rank_recovered == ALWAYS:
        return list(entries)
    return [_unranked(entry, plain) if entry.recovery else entry for entry in entries]


def _unranked(entry: Entry, plain: str) -> Entry:
    reasons = [not_ranked_text(plain)] if entry.qualified else []
    return entry.model_copy(update={"ranked": False, "reasons": [*entry.reasons, *reasons]})


def with_pareto_fronts(
    candidates: Sequence[Entry], choose: Sequence[Objective], metrics: Mapping[str, str]
) -> list[Entry]:
    """Mark the candidates on the front of the qualified ones and on that of all measured ones.

    Leave out those that stopped early if their figures on a part of the samples would count.
    """
    on_metrics = bool(metrics_chosen_by(choose, metrics))
    measured = [
        entry
        for entry in candidates
        if entry.status is CandidateStatus.MEASURED
        and has_all_figures(entry.measurements, choose)
        and not (on_metrics and entry.steps and entry.steps.stopped)
    ]
    among_measured = _front(measured, choose)
    among_qualified = _front([entry for entry in measured if entry.competes], choose)
    return [
        entry.model_copy(
            update={
                "pareto": entry.name in among_qualified,
                "pareto_measured": entry.name in among_measured,
            }
        )
        for entry in candidates
    ]


def choice_among(
    candidates: Sequence[Entry], choose: Sequence[Objective], baseline: Entry, alike: Alike
) -> Choice | None:
    """Choose among the ranked candidates. Return None if there are none."""
    qualified = {entry.name: entry.measurements for entry in candidates if entry.competes}
    return choose_winner(qualified, choose, alike, baseline.measurements) if qualified else None


def _front(entries: Sequence[Entry], choose: Sequence[Objective]) -> set[str]:
    return pareto_front({entry.name: entry.measurements for entry in entries}, choose)
