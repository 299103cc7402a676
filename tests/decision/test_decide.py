"""Decisions from evidence: their content, their order, and evidence that is refused."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantgate import __version__
from quantgate.errors import InputError
from quantgate.records.choice import Objective
from quantgate.records.decision import Decision
from quantgate.records.provenance import Provenance

KEEP_TOP1 = {"top1": {"max_drop": 0.01}}


HALVE_SIZE = {"size_bytes": {"max_ratio": 0.5}}


def entry(decision, name):
    return next(entry for entry in decision.candidates if entry.name == name)


def test_a_decision_has_everything_about_its_winner(run):
    run.add("integer_only_int8", "integer_only_int8", 305, lost=4, won=6)
    run.add("float16", "float16", 600)
    run.time("float32", 2.0)
    run.time("integer_only_int8", 0.5)
    run.calibrate(200)
    decision = run.decide({**KEEP_TOP1, "latency_p50_ms": {"max": 1}})
    assert decision.outcome == "winner"
    assert decision.winner == "integer_only_int8"
    assert decision.summary == (
        "integer_only_int8 wins: 305 bytes (0.30 of the baseline), top1 0.9020 (+0.0020), "
        "p50 0.500 ms (0.25 of the baseline)"
    )
    assert decision.baseline.measurements == {
        "top1": 0.9,
        "size_bytes": 1000,
        "latency_p50_ms": 2.0,
    }
    assert (decision.baseline.name, decision.baseline.status) == ("float32", "measured")
    winner = entry(decision, "integer_only_int8")
    assert winner.measurements == {"top1": 0.902, "size_bytes": 305, "latency_p50_ms": 0.5}
    assert (winner.qualified, winner.pareto, winner.reasons) == (True, True, [])
    assert [verdict.passed for verdict in winner.verdicts] == [True, True]
    assert (decision.closest, decision.advice) == (None, [])
    assert decision.limits == {"top1": {"max_drop": 0.01}, "latency_p50_ms": {"max": 1}}
    assert decision.choose == [Objective(minimize="size_bytes", within=0)]
    assert decision.created == "2026-01-02T03:04:05+00:00"
    assert decision.provenance == Provenance(
        quantgate=__version__,
        tensorflow="2.21.0",
        litert="2.3.1",
        kfp="2.17.0",
        python="3.11.9",
        platform="Linux",
        processor="Cortex-A76",
        spec_sha256="e" * 64,
        saved_model_sha256="5" * 64,
        calibration_sha256="c" * 64,
        calibration_samples=200,
        evaluation_sha256="d" * 64,
        evaluation_samples=1000,
    )


def test_without_a_benchmark_the_processor_is_that_of_the_gate(run):
    run.add("float16", "float16", 600)
    provenance = run.decide(KEEP_TOP1).provenance
    assert (provenance.processor, provenance.litert) == ("x86_64", "2.3.0")
    assert provenance.calibration_sha256 is None


def test_candidates_are_ordered_by_mode_and_then_by_name(run):
    for name, mode in [
        ("z", "int16x8"),
        ("b", "float16"),
        ("y", "dynamic_range"),
        ("a", "float16"),
        ("x", "integer_only_uint8"),
    ]:
        run.add(name, mode, 500)
    assert [entry.name for entry in run.decide(KEEP_TOP1).candidates] == ["y", "a", "b", "x", "z"]


def test_candidates_with_the_same_bytes_share_one_measurement(run):
    run.add("int16x8", "int16x8", 400, lost=2)
    shared = run.attestations[0].model_sha256
    run.attest("int16x8_float_fallback", "int16x8_float_fallback", 400, model_sha256=shared)
    decision = run.decide(KEEP_TOP1)
    first, second = decision.candidates
    assert first.measurements == second.measurements
    assert (second.status, second.qualified) == ("measured", True)
    assert decision.winner == "int16x8"


def test_a_candidate_identical_to_the_baseline_loses_nothing(run):
    run.attest("float16", "float16", 1000, model_sha256=run.baseline.measurement.model_sha256)
    verdict = run.decide({"top1": {"max_drop": 0, "confidence": 0.99}}).candidates[0].verdicts[0]
    assert (verdict.value, verdict.bound, verdict.passed) == (0, 0, True)


def test_qualifying_and_measured_candidates_have_separate_pareto_fronts(run):
    run.add("dynamic_range", "dynamic_range", 400, lost=50)
    run.add("float16", "float16", 500)
    run.add("int16x8", "int16x8", 600, lost=1)
    choose = [{"minimize": "size_bytes"}, {"maximize": "top1"}]
    candidates = run.decide(KEEP_TOP1, choose).candidates
    assert [entry.name for entry in candidates if entry.pareto] == ["float16"]
    measured = [entry.name for entry in candidates if entry.pareto_measured]
    assert measured == ["dynamic_range", "float16"]


def test_measurements_of_another_model_are_refused(run):
    run.baseline = type(run.baseline)(
        run.baseline.measurement.model_copy(update={"model_sha256": "9" * 64}), {}
    )
    with pytest.raises(InputError) as caught:
        run.decide(KEEP_TOP1)
    ours = run.evidence().facts.baseline_sha256[:12]
    assert str(caught.value) == (
        f"the baseline's measurement is of model 999999999999, its model card of {ours}: pass "
        f"files of the same run"
    )


def test_a_baseline_measurement_without_a_model_is_refused(run):
    run.baseline = type(run.baseline)(
        run.baseline.measurement.model_copy(update={"model_sha256": None}), {}
    )
    with pytest.raises(InputError, match="measurement is of model unknown, its model card of"):
        run.decide(KEEP_TOP1)


def test_a_baseline_that_did_not_run_is_an_error(run):
    run.baseline = type(run.baseline)(
        run.baseline.measurement.model_copy(
            update={"status": "failed", "reasons": ["crashed with SIGSEGV", "twice"]}
        ),
        {},
    )
    with pytest.raises(InputError) as caught:
        run.decide(KEEP_TOP1)
    assert str(caught.value) == (
        "the float32 baseline could not be evaluated, and candidates are compared with it: crashed "
        "with SIGSEGV; twice"
    )


def test_measurements_on_different_data_are_refused(run):
    run.attest("float16", "float16", 500)
    run.evaluate("float16", {"top1": np.ones(1000)}, dataset_sha256="0" * 64)
    with pytest.raises(InputError) as caught:
        run.decide(KEEP_TOP1)
    ours = run.attestations[0].model_sha256[:12]
    assert str(caught.value) == (
        f"model {ours} was evaluated on data set 000000000000 and the baseline on dddddddddddd: "
        "figures from different data cannot be compared. Evaluate both on the same data set"
    )


def test_measurements_have_a_fixed_order_with_unknown_ones_last(run):
    run.attest("float16", "float16", 500)
    figures = {"zeta": 1.0, "top1": 1.0, "alpha": 2.0}
    run.evaluate("float16", {"top1": np.ones(1000)}, figures=figures)
    run.time("float16", 1.0)
    assert list(run.decide(KEEP_TOP1).candidates[0].measurements) == [
        "top1",
        "size_bytes",
        "latency_p50_ms",
        "alpha",
        "zeta",
    ]


def test_a_decision_is_the_same_after_writing_and_reading(run, tmp_path):
    run.add("float16", "float16", 500, lost=3)
    decision = run.decide({"top1": {"max_drop": 0.005, "confidence": 0.95}})
    decision.write(tmp_path / "decision.json")
    again = Decision.read(tmp_path / "decision.json")
    assert again.model_copy(update={"content_sha256": None}) == decision


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["dynamic_range", "float16", "integer_only_int8", "int16x8"]),
            st.integers(100, 1500),
            st.integers(0, 60),
            st.integers(0, 60),
            st.sampled_from(["converted", "rejected"]),
        ),
        max_size=6,
    ),
    st.floats(0, 0.05),
    st.sampled_from([None, 0.9]),
    st.sampled_from([0, "5%"]),
    st.randoms(),
)
def test_the_same_evidence_in_any_order_gives_the_same_bytes(
    new_run, candidates, drop, confidence, within, random
):
    run = new_run()
    for index, (mode, size, lost, won, status) in enumerate(candidates):
        run.add(f"c{index}", mode, size, lost, won)
        run.attestations[-1] = run.attestations[-1].model_copy(update={"status": status})
    limits = {"top1": {"max_drop": drop, "confidence": confidence}, **HALVE_SIZE}
    choose = [{"minimize": "size_bytes", "within": within}, {"maximize": "top1"}]
    decision = run.decide(limits, choose)
    random.shuffle(run.attestations)
    random.shuffle(run.evaluations)
    assert run.decide(limits, choose).model_dump_json() == decision.model_dump_json()
    if decision.outcome == "winner":
        assert entry(decision, decision.winner).qualified
    else:
        assert not any(entry.qualified for entry in decision.candidates)
    for candidate in decision.candidates:
        kept = all(verdict.passed for verdict in candidate.verdicts)
        assert candidate.qualified == (kept and candidate.status == "measured")
