"""Searched candidates are decided on as all others, and the card has their bits."""

import pytest

from quantgate.records.outcomes import SearchStatus
from quantgate.records.search import LayerBits, Search
from quantgate.report.card import render

SEARCH = Search(
    candidate="search-1",
    status=SearchStatus.MIXED,
    layers=[LayerBits(layer="dense", bits=4, recipe="dynamic_wi4_afp32")],
    db=20.0,
    eight_bit_db=30.0,
    samples=100,
    held_back=33,
    dataset_sha256="c" * 64,
    budget=10.0,
)


def test_a_searched_candidate_wins_if_it_is_smallest(run):
    run.add("dynamic_wi8_afp32", "dynamic_wi8_afp32", 400)
    run.attest("search-1", "dynamic_wi8_afp32", 300, search=SEARCH)
    run.evaluate("search-1", {"top1": run.baseline.samples["top1"].copy()})
    decision = run.decide({"top1": {"max_drop": 0.01}})
    assert (decision.winner, decision.entry("search-1").search) == ("search-1", SEARCH)
    assert decision.entry("dynamic_wi8_afp32").search is None
    assert "4 bits in 1 of 1 layers (dense)" in render(decision)


@pytest.mark.parametrize("status", SearchStatus)
def test_each_outcome_of_the_search_has_a_description(status):
    assert status.description
