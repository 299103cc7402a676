"""Doubtful runs: nothing qualifies, nothing is kept, and the reasons are told first."""

import dataclasses

import numpy as np
import pytest

from quantgate.decision.decide import decide
from quantgate.decision.details import details_of
from quantgate.decision.provenance import Host
from quantgate.decision.sample_sets import SampleSet
from quantgate.decision.terms import Terms
from quantgate.domain.warnings import DOUBTS
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.records.decision import Decision
from quantgate.records.tasks import Interval
from quantgate.report.compare import compare
from quantgate.report.explain import explain
from quantgate.report.table import rows
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.limit import Limit

LIMITS = {"top1": {"max_drop": 0.05}, "size_bytes": {"max_ratio": 0.9}}
ZERO = (
    "the float model's top1 is 0, so no candidate can lose any of it. Check that labels and "
    "preprocessing match the model"
)
VIOLATED = (
    "the float baseline itself violates a limit: top1 of 0.9000 falls short of 0.95 by 0.0500"
)


@pytest.fixture
def garbage(run):
    """A float model that is always wrong, and a candidate that agrees with it."""
    wrong = np.zeros(1000)
    samples = run.baseline.measurement.model_copy(update={"figures": {"top1": 0.0}})
    run.baseline = dataclasses.replace(run.baseline, measurement=samples, samples={"top1": wrong})
    run.attest("small", "float16", 500)
    run.evaluate("small", {"top1": wrong})
    run.add("large", "dynamic_range", 950)
    return run


def test_a_worthless_float_model_makes_a_run_doubtful(garbage):
    decision = garbage.decide(LIMITS)
    assert (decision.outcome, decision.winner, decision.promotes) == ("doubtful", None, None)
    assert decision.doubts == [ZERO]
    assert decision.summary == f"doubtful, so no candidate qualifies: {ZERO}"
    assert [entry.qualified for entry in decision.candidates] == [False, False]
    assert (decision.closest, decision.choice, decision.advice) == (None, [], [])
    assert decision.warnings == [ZERO] and decision.warning_ids == ["baseline_at_zero"]
    assert details_of(garbage.evidence(), decision).subject == "large"


def test_a_doubtful_run_keeps_no_baseline(garbage, tmp_path):
    decision = garbage.decide(LIMITS, keep_baseline=True)
    assert (decision.outcome, decision.promotes, decision.promoted) == ("doubtful", None, None)
    decision.write(tmp_path / "decision.json")
    assert Decision.read(tmp_path / "decision.json").outcome == "doubtful"


def test_a_run_without_qualifying_candidates_may_be_doubtful(garbage):
    decision = garbage.decide({"top1": {"min": 0.95}})
    assert decision.outcome == "doubtful"
    assert rows(decision)[1].verdict == ["misses top1 by 0.0500"]


def test_allowed_doubts_are_reported_first(garbage):
    decision = garbage.decide(LIMITS, doubtful=())
    assert (decision.outcome, decision.winner) == ("winner", "small")
    assert decision.doubts == [ZERO]
    assert decision.summary.startswith("doubtful, which the spec allows. Even so, small wins: ")


def test_a_named_warning_makes_a_run_doubtful(run):
    run.add("small", "float16", 500)
    limits = {"top1": {"min": 0.95}, "size_bytes": {"max_ratio": 0.9}}
    assert run.decide(limits).outcome == "none_qualified"
    decision = run.decide(limits, doubtful=("baseline_violates_limit",))
    assert (decision.outcome, decision.doubts) == ("doubtful", [VIOLATED])


def test_a_warning_about_tied_winners_may_make_a_run_doubtful(run):
    """The warning depends on which candidates qualify, and stays when they no longer do."""
    run.itself = Interval(confidence=0.95, low=0.9, high=1.1)
    for name in ("float32", "one", "two"):
        run.time_rounds(name, 1 + 0.01 * np.random.default_rng(len(name)).random(50))
    run.add("one", "float16", 500)
    run.add("two", "dynamic_range", 500)
    choose = [{"minimize": "latency_p50_ms"}]
    tied = run.decide(LIMITS, choose, doubtful=("tied_latencies",))
    assert tied.outcome == "doubtful"
    assert run.decide(LIMITS, choose).warnings == tied.warnings


def test_several_doubts_are_counted(garbage):
    decision = garbage.decide({"top1": {"min": 0.5}}, doubtful=(*DOUBTS, "baseline_violates_limit"))
    assert len(decision.doubts) == 2
    assert decision.summary.endswith(" (and 1 more doubt)")


def test_a_doubt_is_explained_for_every_model(garbage):
    decision = garbage.decide(LIMITS)
    small, large = (decision.entry(name) for name in ("small", "large"))
    assert explain(decision, small)[:2] == [
        ("outcome", "does not qualify, because the run is doubtful"),
        ("doubt", ZERO),
    ]
    assert explain(decision, decision.baseline)[1] == ("doubt", ZERO)
    assert {row.name: row.verdict for row in rows(decision)} == {
        "float32": ["baseline"],
        "large": ["misses size by 0.050x"],
        "small": ["doubtful"],
    }
    assert large.qualified is False


def test_a_comparison_says_that_a_run_became_doubtful(garbage):
    sound, doubtful = garbage.decide(LIMITS, doubtful=()), garbage.decide(LIMITS)
    assert ("outcome", "winner small -> doubtful") in compare(sound, doubtful)


def evaluation_set(synthetic):
    facts = ArrayFacts(file="x.npy", shape=[1, 2], dtype="float32", minimum=0, maximum=1)
    manifest = Manifest(
        purpose="evaluation",
        source="x.npz",
        inputs={"x": facts},
        label=None,
        samples=1,
        available=1,
        select="first",
        seed=0,
        per_class=None,
        content_sha256="0" * 64,
        synthetic=synthetic,
    )
    return {"serving_default": SampleSet(manifest, np.array([7], np.uint64))}


NOT_KEPT = "no candidate qualifies, and float32, the baseline, is not kept, as it"


def kept_by(run, limits, **sets):
    terms = Terms(
        name="fashion",
        limits={name: Limit(**rules) for name, rules in limits.items()},
        choose=[Objective(minimize="size_bytes")],
        spec_sha256="e" * 64,
        keep_baseline=True,
    )
    evidence = dataclasses.replace(run.evidence(), **sets)
    return decide(evidence, terms, host=Host(processor="x86_64"), created="2026-01-02T03:04:05Z")


def test_a_baseline_that_was_measured_is_kept(run):
    run.add("small", "float16", 500, lost=200)
    decision = kept_by(run, {"top1": {"max_drop": 0.05}, "gpu_ops_share": {"min": 1}})
    assert (decision.outcome, decision.promotes) == ("none_qualified", "float32")
    assert decision.summary.startswith(
        "no candidate qualifies, and float32, the baseline, is kept: small comes closest"
    )


def test_a_baseline_that_could_not_be_run_is_not_kept(run):
    run.ops = {"FlexErf": 1}
    measurement = run.baseline.measurement.model_copy(
        update={"status": "failed", "reasons": ["FlexErf cannot run"], "figures": {}}
    )
    run.baseline = dataclasses.replace(run.baseline, measurement=measurement, samples={})
    run.attest("small", "float16", 500)
    decision = kept_by(run, {"size_bytes": {"max_ratio": 0.5}})
    assert (decision.outcome, decision.promotes) == ("none_qualified", None)
    assert decision.summary.startswith(f"{NOT_KEPT}s measurements are incomplete")


@pytest.mark.parametrize("name", ["latency_p50_ms", "mcu_top1"])
def test_a_baseline_without_a_limited_figure_is_not_kept(run, name):
    run.add("small", "float16", 500)
    decision = kept_by(run, {name: {"max": 5} if name == "latency_p50_ms" else {"min": 0.1}})
    assert decision.promotes is None
    assert decision.summary.startswith(f"{NOT_KEPT} was not measured in {name}")


@pytest.mark.parametrize(("synthetic", "kept"), [(True, None), (False, "float32")])
def test_a_baseline_on_random_data_is_not_kept(run, synthetic, kept):
    run.add("small", "float16", 500, lost=200)
    sets = {"evaluation_sets": evaluation_set(synthetic)}
    assert kept_by(run, {"top1": {"max_drop": 0.05}}, **sets).promotes == kept
