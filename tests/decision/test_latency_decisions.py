"""Limits and choices on latency depend only on distinguishable differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgate.decision.choice import choose_winner, pareto_front
from quantgate.records.tasks import Conditions, Interval
from quantgate.report.explain import explain
from quantgate.report.overview import provenance_items
from quantgate.report.table import figures_shown, rows
from quantgate.spec.model.choice import Objective

QUIET = Interval(confidence=0.95, low=0.99, high=1.01)
CONDITIONS = Conditions(
    governor="powersave",
    cores=4,
    load=1.5,
    others=0.25,
    stolen=0.02,
    preempted=7,
    invocations=400,
)
ROUNDS = 100


def rounds(median: float, spread: float = 0.05, seed: int = 0, number: int = ROUNDS) -> np.ndarray:
    return median * np.random.default_rng(seed).lognormal(0, spread, number)


@pytest.fixture
def timed(run):
    """The baseline at 1 ms, `float16` at 0.99, `full_integer` at 0.7, `int16x8` at 20 ms."""
    run.itself, run.conditions = QUIET, CONDITIONS
    run.time_rounds("float32", rounds(1))
    for name, size, median in [
        ("float16", 500, 0.99),
        ("full_integer", 300, 0.7),
        ("int16x8", 320, 20),
    ]:
        run.add(name, name, size)
        run.time_rounds(name, rounds(median, seed=size))
    return run


def verdicts_on(decision, figure):
    return {
        entry.name: verdict
        for entry in decision.candidates
        for verdict in entry.verdicts
        if verdict.name == figure
    }


def test_a_limit_on_latency_applies_to_its_bound(timed):
    limits = {"latency_p50_ms": {"max": 21, "max_ratio": 0.985, "confidence": 0.95}}
    entries = {entry.name: entry for entry in timed.decide(limits).candidates}
    least, ratio = entries["float16"].verdicts
    assert (least.rule, least.passed) == ("max", True)
    assert least.value < least.bound < 1.02
    assert (ratio.rule, ratio.confidence) == ("max_ratio", 0.95)
    assert ratio.value == pytest.approx(0.99, abs=0.02)
    assert ratio.bound > 0.985
    assert ratio.outcome == "undecided"
    assert ratio.samples_needed > ROUNDS
    assert entries["int16x8"].verdicts[1].outcome == "fail"
    assert entries["float16"].reasons == [
        f"latency_p50_ms ratio of {ratio.value:.3f} ({ratio.interval.low:.3f} to "
        f"{ratio.interval.high:.3f} at 95 % confidence) leaves at most 0.985 undecided: about "
        f"{ratio.samples_needed:,} runs would decide it"
    ]
    assert entries["full_integer"].qualified
    assert entries["full_integer"].verdicts[1].bound == pytest.approx(0.7, abs=0.03)


def test_without_a_confidence_the_measurement_alone_counts(timed):
    verdict = verdicts_on(timed.decide({"latency_p50_ms": {"max_ratio": 1.5}}), "latency_p50_ms")[
        "float16"
    ]
    assert (verdict.bound, verdict.confidence, verdict.passed) == (None, None, True)


def test_too_few_runs_violate_a_limit_and_give_a_warning(timed):
    decision = timed.decide({"latency_p99_ms": {"max_ratio": 2, "confidence": 0.95}})
    verdict = verdicts_on(decision, "latency_p99_ms")["full_integer"]
    assert (verdict.bound, verdict.outcome, verdict.samples_needed) == (None, "undecided", 299)
    assert verdict.passed is False
    assert decision.candidates[0].reasons[0].endswith("is based on too few runs to show it")
    assert decision.outcome == "none_qualified"
    assert (
        "100 runs cannot show a limit on latency_p99_ms at 95 % confidence: at least 299 are "
        "needed, set `measure.latency.runs`"
    ) in decision.warnings


def test_latencies_without_single_rounds_have_no_bound(run):
    run.add("float16", "float16", 500)
    run.time("float16", 0.5)
    run.time("float32", 1.0)
    decision = run.decide({"latency_p50_ms": {"max": 2, "confidence": 0.95}})
    assert decision.candidates[0].verdicts[0].margin is None
    assert decision.warnings == []


def test_candidates_slower_than_float_are_named_with_the_processor(timed):
    (warning,) = timed.decide({"size_bytes": {"max": 900}}).warnings
    assert warning.startswith(
        "slower than float32 on this processor (Cortex-A76, 1 thread): int16x8 "
    )
    assert "times as long (1" in warning
    assert "full_integer" not in warning
    assert "float16" not in warning


def test_a_warning_of_a_noisy_machine_names_the_disturbances(timed):
    timed.itself = Interval(confidence=0.95, low=0.9, high=1.04)
    warning = timed.decide({"size_bytes": {"max": 900}}).warnings[0]
    assert warning == (
        "this machine was too noisy to distinguish models whose latencies differ by less than "
        "11 %. The baseline's ratio to its own copy was 0.90 to 1.04 (4 cores, governor "
        "powersave, load 1.50 before, 25 % of the cores' time taken by others and 2 % by the "
        "hypervisor, 7 of 400 invocations interrupted). Time on a quiet machine, with "
        "`--no-cache`, as the cache keeps these timings too, or with more `runs`"
    )


def test_indistinguishable_latencies_count_as_equal(timed):
    timed.add("dynamic_range", "dynamic_range", 290)
    timed.time_rounds("dynamic_range", rounds(0.703, seed=290))
    fastest = [{"minimize": "latency_p50_ms"}, {"minimize": "size_bytes"}]
    decision = timed.decide({"size_bytes": {"max": 900}}, fastest)
    assert decision.winner == "dynamic_range"
    figures = {entry.name: entry.measurements["latency_p50_ms"] for entry in decision.candidates}
    first, second = sorted(("dynamic_range", "full_integer"), key=figures.get)
    assert (
        f"{first}, {second} are indistinguishable by latency_p50_ms on this machine, so they count "
        "as equal in the choice, whatever `within` says"
    ) in decision.warnings


def test_indistinguishable_latencies_count_as_equal_in_a_weighted_sum(timed):
    timed.add("dynamic_range", "dynamic_range", 290)
    timed.time_rounds("dynamic_range", rounds(0.703, seed=290))
    weights = [
        {"minimize": "latency_p50_ms", "weight": 1.0},
        {"minimize": "size_bytes", "weight": 0.01},
    ]
    decision = timed.decide({"size_bytes": {"max": 900}}, weights)
    entries = {entry.name: entry for entry in decision.candidates}
    first, second = sorted(("dynamic_range", "full_integer"), key=lambda one: entries[one].score)
    assert decision.winner == "dynamic_range"
    assert entries["full_integer"].score != entries["dynamic_range"].score
    assert (
        f"{first}, {second} are indistinguishable by latency_p50_ms on this machine, so they count "
        "as equal in the weighted sum"
    ) in decision.warnings
    assert (decision.choice[0].best, decision.choice[0].left) == (first, ["dynamic_range"])
    assert first == "full_integer"
    assert dict(explain(decision, entries[first]))["choice"].endswith(
        "It is the lowest. The lowest with indistinguishable latencies taken as equal: "
        "`dynamic_range`"
    )


def test_a_warning_names_no_more_than_a_dozen(timed):
    for number in range(20):
        timed.add(f"c{number:02d}", "float16", 400)
        timed.time_rounds(f"c{number:02d}", rounds(0.7, 0.001, seed=number))
    fastest = [{"minimize": "latency_p50_ms"}]
    (warning,) = [
        told
        for told in timed.decide({"size_bytes": {"max": 900}}, fastest).warnings
        if "indistinguishable" in told
    ]
    assert warning.count("c") > 10
    assert " and 9 more are indistinguishable by latency_p50_ms on this" in warning


def test_distinguishable_latencies_do_not_count_as_equal(timed):
    fastest = [{"minimize": "latency_p50_ms"}, {"minimize": "size_bytes"}]
    decision = timed.decide({"size_bytes": {"max": 900}}, fastest)
    assert decision.winner == "full_integer"
    assert not any("indistinguishable" in warning for warning in decision.warnings)


def test_slow_models_that_ran_less_often_are_named(timed):
    slow = rounds(20)
    slow[10:] = np.nan
    timed.time_rounds("int16x8", slow)
    decision = timed.decide({"size_bytes": {"max": 900}})
    assert decision.warnings[0] == (
        "slow models were timed less often than 100 times, to stay within 10 s each "
        "(`measure.latency.budget_s`): int16x8 10"
    )
    assert decision.candidates[-1].ratios["latency_p50_ms"].low > 15


def test_the_report_shows_intervals_and_the_machine(timed):
    decision = timed.decide({"size_bytes": {"max": 900}})
    cells = {row.name: row.cells[-1] for row in rows(decision)}
    interval = decision.candidates[-1].ratios["latency_p50_ms"]
    assert cells["int16x8"].interval == f"{interval.low:.2f} to {interval.high:.2f}"
    assert cells["float32"].interval == ""
    items = dict(provenance_items(decision))
    assert items["timing"] == "100 runs (warm-up: 1), 1 thread"
    assert items["noise floor (baseline vs. baseline)"] == "0.99 to 1.01"
    assert items["machine"].startswith("4 cores, governor powersave, load 1.50 before, 25 % ")


def test_memory_and_load_time_can_be_limited_and_chosen_by(timed):
    for place, figures in enumerate(timed.latencies.values()):
        figures |= {"load_ms": 1.0 + place, "memory_peak_bytes": 4096.0 * (4 - place)}
    decision = timed.decide(
        {"memory_peak_bytes": {"max_ratio": 0.8}, "load_ms": {"max": 3.5}},
        [{"minimize": "memory_peak_bytes"}],
    )
    assert decision.winner == "full_integer"
    assert figures_shown(decision) == [
        *("size_bytes", "top1", "latency_p50_ms"),
        *("load_ms", "memory_peak_bytes"),
    ]
    cells = {row.name: row.cells[-2:] for row in rows(decision)}
    assert [cell.value for cell in cells["full_integer"]] == ["3.00 ms", "8,192 bytes"]
    assert cells["full_integer"][1].beside == ("8.0 KiB", "0.50x")
    assert "memory 8,192 bytes (0.50 of the baseline)" in decision.summary


@given(
    st.dictionaries(
        st.sampled_from("abcdef"),
        st.fixed_dictionaries({"latency_p50_ms": st.integers(1, 5), "top1": st.integers(1, 5)}),
        min_size=1,
    ),
    st.sets(st.frozensets(st.sampled_from("abcdef"), min_size=2, max_size=2)),
)
def test_no_dominated_candidate_wins_whatever_is_tied(figures, pairs):
    objectives = [Objective(minimize="latency_p50_ms"), Objective(maximize="top1")]
    choice = choose_winner(figures, objectives, lambda name, *pair: frozenset(pair) in pairs)
    assert choice.winner in pareto_front(figures, objectives)


def test_a_warning_of_a_noisy_machine_without_known_conditions(timed):
    timed.itself, timed.conditions = Interval(confidence=0.95, low=0.9, high=1.04), None
    warning = timed.decide({"size_bytes": {"max": 900}}).warnings[0]
    assert "ratio to its own copy was 0.90 to 1.04. Time on a quiet machine" in warning


def test_models_that_xnnpack_refuses_are_named(timed):
    timed.refuse("float32")
    timed.refuse("int16x8")
    assert timed.decide({}).warnings[0] == (
        "XNNPACK refuses float32, int16x8: latency and memory are those of LiteRT's built-in "
        "kernels, on which such models run without default delegates"
    )
