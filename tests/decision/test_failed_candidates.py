"""Candidates that failed, or that lack a measurement."""

import json
import math

import numpy as np
import pytest

from quantgate.records.attestation import Trial

KEEP_TOP1 = {"top1": {"max_drop": 0.01}}


HALVE_SIZE = {"size_bytes": {"max_ratio": 0.5}}


def entry(decision, name):
    return next(entry for entry in decision.candidates if entry.name == name)


def test_a_failed_conversion_is_listed_with_its_reason(run):
    run.attest("int16x8", "int16x8", status="failed", reasons=["op DIV is not supported"])
    run.add("float16", "float16", 600)
    failed = entry(run.decide({**KEEP_TOP1, **HALVE_SIZE}), "int16x8")
    assert (failed.status, failed.reasons) == ("failed", ["op DIV is not supported"])
    assert (failed.measurements, failed.model_sha256) == ({}, None)
    assert [(v.figure, v.value, v.margin, v.passed) for v in failed.verdicts] == [
        (None, None, None, False),
        (None, None, None, False),
    ]
    assert (failed.qualified, failed.pareto) == (False, False)


def test_a_failed_evaluation_leaves_the_size_and_the_reason(run):
    run.attest("int16x8", "int16x8", 400, reasons=["2 ops stay in float"])
    run.evaluate(
        "int16x8",
        {"top1": np.zeros(1)},
        status="failed",
        reasons=["crashed with SIGSEGV"],
        figures={},
    )
    failed = entry(run.decide(HALVE_SIZE), "int16x8")
    assert failed.status == "failed"
    assert failed.reasons == ["2 ops stay in float", "crashed with SIGSEGV"]
    assert failed.measurements == {"size_bytes": 400}
    assert failed.verdicts[0].passed
    assert not failed.qualified


def test_a_model_without_an_evaluation_fails(run):
    run.attest("int16x8", "int16x8", 400)
    failed = entry(run.decide(HALVE_SIZE), "int16x8")
    assert failed.status == "failed"
    assert failed.reasons == ["no measurement found for this model"]


def test_the_reason_why_a_model_does_not_run_is_given_once(run):
    run.attest(
        "int16x8",
        "int16x8",
        300,
        status="rejected",
        reasons=["running the model failed: SUB failed"],
        trial=Trial(samples=0, made_up=False, problem="running the model failed: SUB failed"),
    )
    run.evaluate(
        "int16x8",
        {"top1": np.zeros(1)},
        status="failed",
        reasons=["the model failed on sample 0: SUB failed"],
        figures={},
    )
    decision = run.decide({"size_bytes": {"max": 400}})
    assert entry(decision, "int16x8").reasons == ["running the model failed: SUB failed"]


def test_a_rejected_candidate_has_measurements_and_does_not_qualify(run):
    run.attest(
        "integer_only_int8",
        "integer_only_int8",
        300,
        status="rejected",
        reasons=["FLOOR_MOD stays in float"],
    )
    run.evaluate("integer_only_int8", {"top1": np.ones(1000)})
    decision = run.decide(KEEP_TOP1)
    rejected = entry(decision, "integer_only_int8")
    assert (rejected.status, rejected.reasons) == ("rejected", ["FLOOR_MOD stays in float"])
    assert rejected.measurements == {"top1": 1.0, "size_bytes": 300}
    assert rejected.verdicts[0].passed
    assert (rejected.qualified, rejected.pareto) == (False, False)
    assert decision.outcome == "none_qualified"
    assert decision.closest is None
    assert decision.summary == "no candidate qualifies: the only candidate could not be measured"


def test_a_measurement_that_failed_once_does_not_hide_one_that_succeeded(run):
    run.add("int16x8", "int16x8", 400)
    run.evaluate("int16x8", {"top1": np.zeros(1)}, status="failed", reasons=["timed out"])
    assert entry(run.decide(KEEP_TOP1), "int16x8").status == "measured"


def test_a_candidate_without_latency_has_the_reason(run):
    run.add("float16", "float16", 600)
    run.time("float32", 2.0)
    run.timing_failures = {run.attestations[0].model_sha256: "crashed with SIGILL"}
    decision = run.decide({"latency_p50_ms": {"max_ratio": 1}})
    assert decision.candidates[0].reasons == [
        "could not be timed: crashed with SIGILL",
        "latency_p50_ms ratio at most 1: not measured",
    ]
    assert decision.closest.name == "float16"


def test_a_candidate_without_the_measurement_of_an_objective_cannot_win(run):
    run.add("float16", "float16", 600)
    run.add("dynamic_range", "dynamic_range", 500)
    run.time("float16", 1.0)
    choose = [{"minimize": "latency_p50_ms"}]
    decision = run.decide(KEEP_TOP1, choose)
    assert decision.winner == "float16"
    untimed = entry(decision, "dynamic_range")
    assert untimed.reasons == ["latency_p50_ms, which the choice depends on, was not measured"]
    assert (untimed.qualified, untimed.pareto) == (False, False)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("choose", [[{"minimize": "size_bytes"}], [{"maximize": "top1"}]])
def test_a_metric_that_is_not_finite_is_left_out_and_does_not_qualify(run, broken, choose):
    run.attest("float16", "float16", 500)
    run.evaluate("float16", {"top1": np.ones(1000)}, figures={"top1": broken, "odd": broken})
    decision = run.decide({"top1": {"min": 0.1}}, choose)
    assert decision.outcome == "none_qualified"
    assert decision.candidates[0].measurements == {"size_bytes": 500}
    assert json.loads(decision.model_dump_json())["candidates"][0]["verdicts"][0]["figure"] is None
