"""The search: edits in the order of their cost, kept if they gain, within the budget."""

from collections.abc import Callable
from typing import Any

import pytest

from quantgate.components.recover.search import Outcome, Settings, search
from quantgate.components.recover.subject import Subject, count_of
from quantgate.domain.recovery import LEAST_GAIN_DB, TECHNIQUES

Make = Callable[..., Any]


def found_in(subject: Subject, *techniques: str, budget: float = 10.0) -> Outcome:
    settings = Settings(techniques or tuple(TECHNIQUES), budget)
    return search(subject, settings, count_of(subject.samples.held_in))


def test_edits_are_kept_only_if_they_gain(uneven: Make) -> None:
    outcome = found_in(uneven().subject())
    best = outcome.before.db
    for edit in outcome.edits:
        if edit.db is not None:
            assert edit.gain_db == pytest.approx(edit.db - best, abs=0.02)
            assert edit.kept or edit.db - best < LEAST_GAIN_DB or "size" in edit.reason
        assert edit.kept == (edit.reason == "")
        best = edit.db if edit.kept and edit.db else best
    assert outcome.after.db == pytest.approx(best, abs=0.01)
    assert any(edit.kept and edit.technique == "equalize" for edit in outcome.edits)
    assert outcome.float_difference is not None
    assert outcome.float_difference < 1e-4


def test_the_same_edits_come_of_the_same_data(uneven: Make) -> None:
    first, second = (found_in(uneven().subject()) for _ in range(2))
    assert (first.edits, first.runs) == (second.edits, second.runs)
    assert first.made.content == second.made.content


def test_only_the_techniques_asked_for_are_tried(uneven: Make) -> None:
    outcome = found_in(uneven().subject(), "biases", "ranges")
    assert [edit.technique for edit in outcome.edits] == ["ranges", "ranges", "biases", "biases"]
    assert outcome.float_difference is None


def test_nothing_is_tried_once_the_budget_is_spent(uneven: Make) -> None:
    outcome = found_in(uneven().subject(), budget=1.5)
    reasons = [edit.reason for edit in outcome.edits]
    assert reasons[0] != "the budget is spent"
    assert reasons[2:] == ["the budget is spent"] * len(reasons[2:])
    assert outcome.runs <= 2.0 * 30


def test_the_op_with_the_largest_error_is_left_in_float(boxes: Any) -> None:
    outcome = found_in(boxes.subject())
    kept = [edit.edit for edit in outcome.edits if edit.kept]
    assert "the op with the largest error left in float: out" in kept
    assert outcome.after.db > outcome.before.db + 20


def test_it_is_left_in_16_bits_for_integer_hardware(boxes: Any) -> None:
    outcome = found_in(boxes.subject(integer_only=True), "layers")
    kept = [edit.edit for edit in outcome.edits if edit.kept]
    assert kept[0] == "the op with the largest error left in 16 bits: out"


def test_a_model_without_pairs_says_so(boxes: Any) -> None:
    (edit,) = found_in(boxes.subject(), "equalize").edits
    assert edit.reason == (
        "no two layers have only RELU, RELU6, padding, pooling or nothing between them"
    )


def test_a_model_of_one_op_has_none_to_leave_out(lopsided: Make) -> None:
    edits = found_in(lopsided(layers=1).subject(), "layers").edits
    assert {edit.reason for edit in edits} == {
        "the model has one op, and nothing would be quantized without it"
    }


def test_no_more_than_half_of_the_ops_are_left_out(uneven: Make) -> None:
    edits = found_in(uneven(1.0).subject(), "layers").edits
    assert "2 ops are more than half of the model" in [edit.reason for edit in edits]


def test_a_technique_that_makes_the_model_worse_is_left_out(uneven: Make) -> None:
    outcome = found_in(uneven(1.0).subject(), "ranges", "biases", "equalize")
    lost = [edit.reason for edit in outcome.edits if "loses" in edit.reason]
    assert lost
    assert outcome.after.db >= outcome.before.db
