"""The end of a run: what undecided candidates need."""

from pathlib import Path

import pytest

from quantgate.commands.common.conclude import undecided_text
from quantgate.records.decision import Decision
from quantgate.records.outcomes import CandidateStatus, VerdictOutcome

DECISIONS = Path(__file__).parents[1] / "report" / "decisions"


def with_undecided(needs: list[int | None]) -> Decision:
    """Return a decision with a winner, whose first candidates lack samples for one limit."""
    decision = Decision.read(DECISIONS / "winner.json")
    others = [entry for entry in decision.candidates if entry.name != decision.winner]
    winner = [entry for entry in decision.candidates if entry.name == decision.winner]
    undecided = [
        entry.model_copy(
            update={
                "name": f"candidate_{number}",
                "verdicts": [
                    winner[0]
                    .verdicts[0]
                    .model_copy(
                        update={
                            "outcome": VerdictOutcome.UNDECIDED,
                            "passed": False,
                            "samples_needed": needed,
                        }
                    )
                ],
            }
        )
        for number, (entry, needed) in enumerate(zip(others, needs, strict=False))
    ]
    return decision.model_copy(update={"candidates": [*winner, *undecided]})


@pytest.mark.parametrize(
    ("needs", "text"),
    [
        ([], ""),
        ([1593], "candidate_0 (about 1,593 samples would decide)"),
        (
            [100, None, 200, 300, 400],
            "candidate_0 (about 100 samples would decide), candidate_1 (needs a wider limit), "
            "candidate_2 (about 200 samples would decide) and 2 more",
        ),
    ],
)
def test_undecided_candidates_are_named_with_what_they_need(
    needs: list[int | None], text: str
) -> None:
    assert undecided_text(with_undecided(needs)) == text


def test_without_a_winner_the_advice_says_it() -> None:
    assert undecided_text(Decision.read(DECISIONS / "none_qualified.json")) == ""


def test_a_candidate_that_was_not_measured_does_not_lack_samples() -> None:
    decision = with_undecided([100])
    winner, undecided = decision.candidates
    unmeasured = undecided.model_copy(update={"status": CandidateStatus.UNCHANGED})
    assert undecided_text(decision.model_copy(update={"candidates": [winner, unmeasured]})) == ""
