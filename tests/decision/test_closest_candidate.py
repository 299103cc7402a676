"""The candidate that misses its limits by least, if none qualifies."""

from quantgate.records.decision import Closest

KEEP_TOP1 = {"top1": {"max_drop": 0.01}}


HALVE_SIZE = {"size_bytes": {"max_ratio": 0.5}}


def entry(decision, name):
    return next(entry for entry in decision.candidates if entry.name == name)


def test_the_closest_candidate_misses_least_and_says_by_how_much(run):
    run.add("dynamic_range", "dynamic_range", 300, lost=100)
    run.add("float16", "float16", 550)
    run.add("int16x8", "int16x8", 600, lost=100)
    decision = run.decide({**KEEP_TOP1, **HALVE_SIZE})
    assert decision.outcome == "none_qualified"
    assert decision.winner is None
    assert decision.closest == Closest(
        name="float16",
        missed=["size_bytes ratio of 0.550 exceeds 0.5 by 0.050"],
        limits={"size_bytes": {"max_ratio": 0.55}},
    )
    assert entry(decision, "int16x8").reasons == [
        "top1 drop of 0.1000 exceeds 0.01 by 0.0900",
        "size_bytes ratio of 0.600 exceeds 0.5 by 0.100",
    ]
    assert decision.summary == (
        "no candidate qualifies: float16 comes closest, but size_bytes ratio of 0.550 exceeds 0.5 "
        "by 0.050"
    )


def test_the_summary_counts_further_violated_limits_of_the_closest_candidate(run):
    run.add("float16", "float16", 550, lost=100)
    assert run.decide({**KEEP_TOP1, **HALVE_SIZE}).summary == (
        "no candidate qualifies: float16 comes closest, but top1 drop of 0.1000 exceeds 0.01 by "
        "0.0900 (and 1 more)"
    )


def test_a_miss_of_a_limit_of_0_is_measured_by_the_value(run):
    run.add("dynamic_range", "dynamic_range", 300, lost=20)
    run.add("float16", "float16", 550, lost=10)
    assert run.decide({"top1": {"max_drop": 0}}).closest.name == "float16"


def test_equal_worst_misses_are_ordered_by_the_next_ones(run):
    run.add("dynamic_range", "dynamic_range", 550, lost=100)
    run.add("float16", "float16", 540, lost=100)
    assert run.decide({**KEEP_TOP1, **HALVE_SIZE}).closest.name == "float16"


def test_a_slow_candidate_is_closer_than_one_that_was_not_timed(run):
    run.add("dynamic_range", "dynamic_range", 300)
    run.add("float16", "float16", 550)
    run.time("float16", 50.0)
    assert run.decide({"latency_p50_ms": {"max": 1}}).closest.name == "float16"
