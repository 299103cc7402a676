"""Outcomes and objectives keep their form in decision.json."""

import json

import pytest

from quantgate.records.choice import Objective
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome, VerdictOutcome

WORDS = [*CandidateStatus, *DecisionOutcome, *VerdictOutcome]


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_an_outcome_is_a_word_in_json_and_text(word):
    assert json.loads(json.dumps(word)) == word.value
    assert f"{word}" == str(word) == word.value
    assert word.description


def test_every_outcome_of_a_verdict_has_its_own_mark():
    assert [outcome.mark for outcome in VerdictOutcome] == ["✓", "✗", "?"]


@pytest.mark.parametrize(
    ("line", "figure", "direction"),
    [
        ({"minimize": "size_bytes", "within": 0.0}, "size_bytes", "minimize"),
        ({"maximize": "top1", "within": "5%"}, "top1", "maximize"),
        ({"minimize": "mse", "within": {"confidence": 0.95}}, "mse", "minimize"),
        ({"maximize": "top1", "within": 0.0, "weight": 2.0}, "top1", "maximize"),
    ],
)
def test_an_objective_has_the_form_of_the_spec(line, figure, direction):
    objective = Objective.model_validate(line)
    assert json.loads(objective.model_dump_json()) == line
    assert (objective.figure, objective.direction) == (figure, direction)
