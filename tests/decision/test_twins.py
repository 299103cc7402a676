"""Candidates that equal an earlier one say so."""

import numpy as np

from quantgate.decision.twins import twins_of
from quantgate.records.attestation import Attestation, Trial

RIGHT = np.repeat([1.0, 0.0], [900, 100])


def attested(name: str, model: str | None, outputs: str | None = None) -> Attestation:
    trial = Trial(samples=8, made_up=False, outputs_sha256=outputs) if outputs else None
    return Attestation(
        candidate=name,
        mode="static_wi8_ai8",
        status="converted",
        reasons=[],
        model_sha256=model,
        trial=trial,
        seconds=0.1,
    )


def test_the_same_file_is_said_rather_than_the_same_outputs() -> None:
    twins = twins_of([attested("one", "a", "x"), attested("two", "a", "x")])
    assert twins == {"two": "the same file as one"}


def test_the_same_outputs_of_another_file_are_said() -> None:
    models = [attested("one", "a", "x"), attested("two", "b", "x"), attested("three", "c", "y")]
    assert twins_of(models) == {"two": "the same outputs as one, on 8 samples"}


def test_candidates_without_a_model_or_trial_are_no_twins() -> None:
    assert twins_of([attested(name, None) for name in ("one", "two")]) == {}
    assert twins_of([attested("one", "a"), attested("two", "b")]) == {}


def test_a_decision_has_the_note_beside_other_reasons(run) -> None:
    trial = Trial(samples=8, made_up=False, outputs_sha256="x")
    run.attest("full_integer", "full_integer", 300, trial=trial)
    run.attest("static", "static_wi8_ai8", 310, trial=trial, reasons=["ops left in float"])
    for name in ("full_integer", "static"):
        run.evaluate(name, {"top1": RIGHT})
    first, second = run.decide({"top1": {"max_drop": 0.01}}).candidates
    assert first.reasons == []
    assert second.reasons == ["ops left in float", "the same outputs as full_integer, on 8 samples"]
