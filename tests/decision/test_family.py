"""Decisions on several candidates, which share the error rate of a confidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.records.outcomes import VerdictOutcome
from quantgate.report import html, markdown
from quantgate.report.explain import explain
from quantgate.wording.families import SHARING, alone_text, place_text, promise_text

LIMIT = {"top1": {"max_drop": 0.01, "confidence": 0.95}}
MODES = ("dynamic_range", "full_integer", "float16", "int16x8")
#: Alone, four lost samples of 1,000 meet the limit. Four candidates of this kind do not.
LOST = 4


def scattered(seed: int, lost: int = LOST) -> np.ndarray:
    """Return the baseline's values with some right ones lost, at places that differ by seed."""
    values = np.zeros(1000)
    values[:900] = 1
    values[np.random.default_rng(seed).choice(900, lost, replace=False)] = 0
    return values


@pytest.fixture
def several(new_run):
    """Decide on candidates that lose so many samples, at places that differ by seed."""

    def decided(seeds, limits=LIMIT, lost=LOST, size=300, **terms):
        run = new_run()
        for mode, seed in zip(MODES, seeds, strict=False):
            run.attest(mode, mode, size)
            run.evaluate(mode, {"top1": scattered(seed, lost)})
        return run.decide(limits, **terms)

    return decided


def outcomes(decision):
    return [entry.verdicts[0].outcome for entry in decision.candidates]


def test_one_candidate_has_the_whole_error_rate(several):
    decision = several([1])
    (verdict,) = decision.candidates[0].verdicts
    assert (verdict.outcome, verdict.tested_at) == (VerdictOutcome.PASS, None)
    assert (decision.family.method, decision.family.candidates) == ("joint", 1)


def test_unlike_candidates_share_the_error_rate(several):
    decision = several([1, 2, 3, 4])
    assert set(outcomes(decision)) == {VerdictOutcome.UNDECIDED}
    entry = decision.candidates[0]
    assert entry.verdicts[0].tested_at == pytest.approx(0.9873, abs=1e-3)
    assert (entry.tested.left, entry.tested.alone) == (4, True)
    assert decision.family.effective == pytest.approx(3.95, abs=0.1)
    assert entry.reasons[-1] == (
        "would have passed by itself, but 4 candidates share the error: list fewer of them, or "
        f"evaluate on about {entry.verdicts[0].samples_needed:,} samples"
    )


def test_candidates_with_the_same_outputs_count_as_one(several):
    decision = several([1, 1, 1, 1])
    assert set(outcomes(decision)) == {VerdictOutcome.PASS}
    assert decision.family.effective == pytest.approx(1, abs=0.05)


def test_a_candidate_that_misses_a_limit_without_samples_takes_no_part(several):
    decision = several([1, 2, 3, 4], {**LIMIT, "size_bytes": {"max": 200}})
    assert decision.family is None
    assert all(entry.tested is None for entry in decision.candidates)


def test_a_copy_changes_nothing(new_run):
    run = new_run()
    run.add("float16", "float16", 300, lost=LOST)
    (alone,) = run.decide(LIMIT).candidates
    copy = run.attestations[0].model_copy(update={"candidate": "same", "mode": "int16x8"})
    run.attestations.append(copy)
    decision = run.decide(LIMIT)
    assert decision.family.candidates == 1
    assert [entry.verdicts for entry in decision.candidates] == [alone.verdicts] * 2


def test_a_copy_of_the_baseline_is_no_hypothesis(new_run):
    run = new_run()
    run.add("float16", "float16", 300, lost=LOST)
    run.attest("same", "int16x8", 1000, model_sha256=run.baseline.measurement.model_sha256)
    decision = run.decide(LIMIT)
    assert decision.family.candidates == 1
    assert [entry.qualified for entry in decision.candidates] == [True, True]


def test_a_candidate_that_fails_by_itself_says_nothing_of_the_others(several):
    decision = several([1, 2, 3, 4], lost=100)
    assert set(outcomes(decision)) == {VerdictOutcome.FAIL}
    assert not any("by itself" in reason for reason in decision.candidates[0].reasons)


def test_a_missing_measurement_is_undecided(new_run):
    run = new_run()
    run.attest("float16", "float16", 300)
    run.evaluate("float16", {"top1": np.full(1000, np.nan)}, figures={})
    assert not run.decide(LIMIT).candidates[0].qualified


def test_absolute_limits_and_slices_take_part(several):
    absolute = several([1, 2], {"top1": {"min": 0.88, "confidence": 0.9}})
    assert absolute.family.candidates == 2
    assert absolute.family.effective < 2, "the baseline's own misses are common to both"
    ceiling = several([1, 2], {"top1": {"max": 0.99, "confidence": 0.9}})
    assert ceiling.candidates[0].verdicts[0].passed


def test_each_candidate_by_itself_without_a_family(several):
    decision = several([1, 2, 3, 4], family="none")
    assert set(outcomes(decision)) == {VerdictOutcome.PASS}
    assert decision.family.effective is None
    assert promise_text(decision.family) == (
        "`family: none`: each candidate is tested by itself, at an error of 5 %. Nothing is "
        "promised about all of them together: with as many as 4, some model that breaks a limit "
        "may qualify in up to 18.5 % of runs."
    )


def test_reports_state_the_promise_and_the_level(several):
    decision = several([1, 2, 3, 4])
    entry = decision.candidates[0]
    told = dict(explain(decision, entry))
    assert told["family"].startswith("tested at 98.7")
    assert told["family"].endswith(
        "which is 95 % confidence over 4 distinct models that shared the error then"
    )
    assert SHARING in told["promise"]
    assert SHARING in markdown.render(decision)
    assert SHARING in html.render(decision)
    assert "at 98.7" in told["undecided"]


def test_a_single_candidate_is_not_said_to_share_the_error_rate(several):
    decision = several([1])
    entry = decision.candidates[0]
    assert place_text(entry, decision.family) is None
    assert alone_text(entry) is None
    assert SHARING not in promise_text(decision.family)
    assert "promise" in dict(explain(decision, entry))


def test_a_pass_at_a_share_reports_its_level(several):
    decision = several([1, 2, 3, 4], lost=1)
    told = [dict(explain(decision, entry))["met"] for entry in decision.candidates]
    assert sum("at 98." in text for text in told) > 1


def test_limits_without_a_confidence_have_no_family(several):
    decision = several([1], {"top1": {"max_drop": 0.01}})
    assert decision.family is None
    assert "promise" not in dict(explain(decision, decision.candidates[0]))


#: The seed of each candidate, and how many samples it loses or how far its error rises.
CANDIDATES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=1, max_size=3)
METRICS = st.sampled_from(["top1", "mse"])
RULES = {"top1": "max_drop", "mse": "max_rise"}


def values_of(metric, seed, harm):
    if metric == "top1":
        return scattered(seed, harm)
    generator = np.random.default_rng(seed)
    return np.abs(np.linspace(-1, 1, 200)) + generator.normal(harm / 800, 0.05, 200)


@pytest.fixture(scope="session")
def passes(new_run):
    """Decide on candidates by name, and return the names of those that qualify."""

    def qualified(metric, candidates, limit=0.01, confidence=0.95, sha256=None):
        run = new_run()
        run.baseline.samples[metric] = values_of(metric, 99, 0)
        run.baseline.measurement.figures[metric] = float(run.baseline.samples[metric].mean())
        for name, (seed, harm) in candidates.items():
            own = {"model_sha256": sha256[name]} if sha256 else {}
            run.attest(name, "float16", 300, **own)
            run.evaluate(name, {metric: values_of(metric, seed, harm)}, **own)
        rules = {RULES[metric]: limit, "confidence": confidence}
        return {each.name for each in run.decide({metric: rules}).candidates if each.qualified}

    return qualified


def named(candidates):
    return {f"c{place}": candidate for place, candidate in enumerate(candidates)}


@settings(max_examples=20, deadline=None)
@given(METRICS, CANDIDATES, st.tuples(st.integers(6, 9), st.integers(0, 8)))
def test_another_candidate_never_helps(passes, metric, candidates, another):
    alone = passes(metric, named(candidates))
    assert passes(metric, {**named(candidates), "another": another}) - {"another"} <= alone


@settings(max_examples=20, deadline=None)
@given(METRICS, CANDIDATES, st.floats(0.01, 0.015), st.floats(0.8, 0.95))
def test_a_looser_limit_or_a_lower_confidence_removes_no_pass(
    passes, metric, candidates, limit, confidence
):
    strict = passes(metric, named(candidates))
    assert strict <= passes(metric, named(candidates), limit)
    assert strict <= passes(metric, named(candidates), confidence=confidence)


@settings(max_examples=10, deadline=None)
@given(METRICS, CANDIDATES, st.permutations(range(3)))
def test_order_and_names_never_matter(passes, metric, candidates, order):
    hashes = {f"c{place}": str(place) * 64 for place in range(3)}
    first = passes(metric, named(candidates), sha256=hashes)
    reversed_ = dict(reversed(named(candidates).items()))
    assert passes(metric, reversed_, sha256=hashes) == first
    renamed = {f"n{order[int(name[1])]}": one for name, one in named(candidates).items()}
    own = {f"n{order[place]}": str(place) * 64 for place in range(3)}
    qualified = passes(metric, renamed, sha256=own)
    assert {own[name] for name in qualified} == {hashes[name] for name in first}


@settings(max_examples=10, deadline=None)
@given(METRICS, CANDIDATES, st.integers(0, 2))
def test_equal_bytes_count_once(passes, metric, candidates, place):
    candidates = named(candidates)
    copied = list(candidates)[place % len(candidates)]
    hashes = {name: name[1] * 64 for name in candidates} | {"copy": copied[1] * 64}
    first = passes(metric, candidates, sha256=hashes)
    both = passes(metric, {**candidates, "copy": candidates[copied]}, sha256=hashes)
    assert both == first | ({"copy"} if copied in first else set())
