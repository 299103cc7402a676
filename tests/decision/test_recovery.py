"""Recovered candidates: when they are ranked, and how their edits are told."""

import pytest

from quantgate.domain.recovery import ALWAYS, NONE_QUALIFIES
from quantgate.records.decision import Decision
from quantgate.records.outcomes import RecoveryStatus
from quantgate.records.recovery import Edit, Recovery
from quantgate.report.explain import explain
from quantgate.wording.recovery import edits_text

LIMITS = {"top1": {"max_drop": 0.01}}
PLAIN, RECOVERED = "static_wi8_ai8", "static_wi8_ai8+recovered"
RECOVERY = Recovery(
    recovers=PLAIN,
    status=RecoveryStatus.RECOVERED,
    edits=[
        Edit(technique="ranges", edit="ranges of 99.99 % of the values", db=12.0, reason="worse"),
        Edit(
            technique="equalize",
            edit="channels rescaled between layers",
            db=30.25,
            gain_db=17.5,
            kept=True,
        ),
        Edit(
            technique="biases",
            edit="biases corrected layer by layer",
            db=31.0,
            gain_db=0.75,
            kept=True,
        ),
    ],
    before_db=12.75,
    after_db=31.0,
    samples=100,
    held_back=33,
    dataset_sha256="c" * 64,
    budget=10.0,
    used=4.2,
    float_difference=3e-7,
)
NOT_RANKED = (
    "not ranked, because `static_wi8_ai8` qualifies without recovery, and `quantize.recover.when` "
    "is none_qualifies"
)


def decided(run, plain_lost: int, when: str = NONE_QUALIFIES) -> Decision:
    run.add(PLAIN, PLAIN, 400, lost=plain_lost)
    run.attest(RECOVERED, PLAIN, 300, recovery=RECOVERY)
    run.evaluate(RECOVERED, {"top1": run.baseline.samples["top1"].copy()})
    return run.decide(LIMITS, rank_recovered=when)


def test_a_recovered_candidate_wins_if_no_other_qualifies(run):
    decision = decided(run, plain_lost=200)
    assert decision.winner == RECOVERED
    assert decision.entry(RECOVERED).ranked


def test_a_plain_candidate_that_qualifies_goes_first(run):
    decision = decided(run, plain_lost=5)
    entry = decision.entry(RECOVERED)
    assert (decision.winner, entry.qualified, entry.ranked) == (PLAIN, True, False)
    assert NOT_RANKED in entry.reasons
    assert [entry.name for entry in decision.candidates if entry.pareto] == [PLAIN]
    told = dict(explain(decision, entry))
    assert told["outcome"] == "qualifies, but is not ranked"
    assert told["reason"] == NOT_RANKED
    assert "choice" not in told


def test_recovered_candidates_can_always_be_ranked(run):
    decision = decided(run, plain_lost=5, when=ALWAYS)
    assert decision.winner == RECOVERED
    assert all(entry.ranked for entry in decision.candidates)


def test_a_recovered_candidate_that_misses_a_limit_has_no_further_reason(run):
    run.add(PLAIN, PLAIN, 400)
    run.attest(RECOVERED, PLAIN, 300, recovery=RECOVERY)
    run.evaluate(RECOVERED, {"top1": run.baseline.samples["top1"] * 0.0})
    entry = run.decide(LIMITS).entry(RECOVERED)
    assert (entry.qualified, entry.ranked) == (False, False)
    assert not [reason for reason in entry.reasons if "not ranked" in reason]


def test_recovered_candidates_share_the_error_rate(run):
    run.add(PLAIN, PLAIN, 400, lost=200)
    run.attest(RECOVERED, PLAIN, 300, recovery=RECOVERY)
    run.evaluate(RECOVERED, {"top1": run.baseline.samples["top1"].copy()})
    run.evaluations[-1].samples["top1"][5] = 0.0
    family = run.decide({"top1": {"max_drop": 0.02, "confidence": 0.95}}).family
    assert family is not None
    assert family.candidates == 2


def test_the_edits_are_reported_with_what_they_gained_on_which_data():
    assert edits_text(RECOVERY) == (
        "the float model of `static_wi8_ai8` was edited before it was quantized: channels rescaled "
        "between layers (+17.5 dB), biases corrected layer by layer (+0.8 dB). The agreement with "
        "the float model rose from 12.8 to 31.0 dB on 33 held-back calibration samples. Rescaling "
        "changed the float model's outputs by at most 3e-07 of the largest"
    )
    assert "Rescaling" not in edits_text(RECOVERY.model_copy(update={"float_difference": None}))


@pytest.mark.parametrize("status", RecoveryStatus)
def test_each_outcome_of_recovery_has_a_description(status):
    assert status.description
