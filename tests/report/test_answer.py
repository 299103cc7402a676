"""The opening of a report: what the model costs, also against limits without a confidence."""

from quantgate.records.decision import Decision
from quantgate.records.provenance import DataSource
from quantgate.report.answer import answers


def costs(decision: Decision) -> dict[str, str]:
    return {label: text for label, text in answers(decision) if label not in ("size", "time")}


def unbounded(decision: Decision, **changes: object) -> Decision:
    """Return a decision whose winner has its first verdict only, without a bound."""
    winner = decision.entry(decision.winner or "")
    assert winner is not None
    verdict = winner.verdicts[0].model_copy(update={"bound": None, **changes})
    name, value = verdict.name, verdict.figure
    measurements = {**winner.measurements, name: value}
    changed = winner.model_copy(update={"verdicts": [verdict], "measurements": measurements})
    return decision.model_copy(update={"candidates": [changed]})


def test_a_loss_against_a_limit_without_a_confidence_says_so(winner: Decision) -> None:
    shown = costs(unbounded(winner, value=0.0031, limit=0.01))
    assert shown["top1"] == "drop of 0.0031. The limit is at most 0.01, without a confidence"


def test_measurements_on_a_target_are_shown_with_their_limits(winner: Decision) -> None:
    arena = {"name": "mcu_arena_bytes", "rule": "max", "limit": 32768.0}
    shown = costs(unbounded(winner, figure=7872.0, value=7872.0, **arena))
    assert shown["mcu_arena"] == "value of 7,872 bytes. The limit is at most 32,768 bytes"


def test_checks_of_a_target_are_no_costs(winner: Decision) -> None:
    runs = {"name": "mcu_runs", "rule": "min", "limit": 1.0, "figure": 1.0, "value": 1.0}
    assert "mcu_runs" not in costs(unbounded(winner, **runs))


def test_data_of_several_signatures_is_distinguished(winner: Decision) -> None:
    sources = [
        DataSource(
            purpose="evaluation",
            signature=key,
            source="data.npz",
            samples=count,
            available=count,
            select="first",
            seed=0,
            synthetic=False,
            content_sha256="d" * 64,
        )
        for key, count in (("digit", 600), ("parity", 1200))
    ]
    provenance = winner.provenance.model_copy(update={"data": sources})
    shown = dict(answers(winner.model_copy(update={"provenance": provenance})))
    assert shown["evaluated for digit on"] == "600 samples of data.npz"
    assert shown["evaluated for parity on"] == "1,200 samples of data.npz"
