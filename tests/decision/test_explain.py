"""The texts of `quantgate explain`, also for unusual runs, and what the verbs print."""

import json
import time

import numpy as np
import pytest
from decided_run import CHOOSE, LIMITS

from quantgate.cli import main
from quantgate.records.outcomes import DecisionOutcome
from quantgate.records.tasks import Interval
from quantgate.report.explain import explain

#: The place of the candidate with the smallest p-value, and what the run promises.
FAMILY = [
    (
        "family",
        "tested at 98.94 % confidence, which is 95 % confidence over 5 distinct models that shared "
        "the error then",
    ),
    (
        "promise",
        "At 95 % confidence, a model that truly breaks a limit on accuracy qualifies in at most 5 "
        "% of runs, however many candidates are tried. All candidates share one error budget. "
        "Candidates with nearly the same outputs count as nearly one, and a candidate that "
        "qualifies leaves its share to the rest. The 6 distinct models count as 4.74.",
    ),
]


def said(decision, name):
    return explain(decision, decision.entry(name))


def test_a_winner_is_explained(decided):
    assert decided.winner == "twin"
    assert said(decided, "twin") == [
        ("outcome", "won"),
        (
            "met",
            "top1 drop at most 0.01 at 95 % confidence: -0.0020, up to 0.0025 at 98.94 % "
            "confidence, with a margin of 0.0075",
        ),
        ("met", "size_bytes ratio at most 0.9: 0.500, with a margin of 0.400"),
        *FAMILY,
        ("choice", "size_bytes of 500 bytes is the best. 3 left"),
        ("choice", "top1 of 0.9020 is the best. 3 left"),
        ("choice", "first of 3 tied ones, by the objectives without tolerance and by name"),
        ("Pareto", "on the front: no qualifying candidate dominates it"),
    ]


def test_a_qualified_loser_is_explained(decided):
    assert said(decided, "larger")[-2:] == [
        (
            "choice",
            "size_bytes of 700 bytes is not tied with the best, 500 bytes of `twin` "
            "(within 5%). 3 left",
        ),
        ("Pareto", "dominated by `twin`, `winner`"),
    ]
    assert said(decided, "equal")[-4:] == [
        (
            "choice",
            "size_bytes of 510 bytes is tied with the best, 500 bytes of `twin` (within 5%). "
            "3 left",
        ),
        (
            "choice",
            "top1 of 0.9000 is tied with the best, 0.9020 of `twin` (within 0.01). 3 left",
        ),
        (
            "choice",
            "size_bytes without tolerance decides among 3 tied ones: 510 bytes and 500 bytes",
        ),
        ("Pareto", "dominated by `twin`, `winner`"),
    ]
    assert said(decided, "winner")[5:8] == [
        ("choice", "size_bytes of 500 bytes is as good as the best, 500 bytes of `twin`. 3 left"),
        ("choice", "top1 of 0.9020 is as good as the best, 0.9020 of `twin`. 3 left"),
        ("choice", "equal in all objectives, and `twin` comes first by name"),
    ]


def test_a_candidate_that_does_not_qualify_is_explained(decided):
    unsure = said(decided, "unsure")
    assert unsure[0] == ("outcome", "does not qualify")
    assert unsure[1][0] == "undecided"
    assert unsure[1][1].endswith("samples would decide it")
    assert said(decided, "poor")[1][0] == "violated"
    assert unsure[-1] == ("Pareto", "no measured candidate dominates it")


def test_failed_and_rejected_candidates_are_explained(decided):
    assert said(decided, "wrong")[0] == (
        "outcome",
        "rejected: there is a model, but it is unusable",
    )
    assert ("reason", "ADD is in float") in said(decided, "wrong")
    assert said(decided, "none")[0] == (
        "outcome",
        "failed: there is no model, or it could not be measured",
    )
    assert said(decided, "none")[-1] == ("reason", "op DIV is not supported")


def test_the_closest_candidate_is_explained_with_the_limits_that_it_would_meet(run):
    run.add("close", "float16", 600, lost=50)
    decision = run.decide({"top1": {"max_drop": 0.01}}, keep_baseline=True)
    assert said(decision, "close")[-2:] == [
        ("closest", "no other candidate comes closer to the limits"),
        ("would pass", "with --set gate.top1.max_drop=0.05"),
    ]
    assert said(decision, "float32")[:2] == [
        ("outcome", "the float baseline, which all candidates are compared with"),
        ("promoted", "no candidate qualifies, so the spec keeps the baseline"),
    ]


def test_a_weighted_sum_is_explained(run):
    run.add("a", "float16", 600)
    run.add("b", "dynamic_range", 500, lost=9)
    weights = [{"minimize": "size_bytes", "weight": 1.0}, {"maximize": "top1", "weight": 0.1}]
    decision = run.decide({"top1": {"min": 0.5}}, weights)
    assert ("choice", "weighted sum -0.4 (size_bytes -40 %, top1 +0 %). `b` has -0.499") in said(
        decision, "a"
    )
    assert (
        "choice",
        "weighted sum -0.499 (size_bytes -50 %, top1 -1 %). It is the lowest",
    ) in said(decision, "b")


def test_indistinguishable_latencies_are_explained(run):
    generator = np.random.default_rng(0)
    run.itself = Interval(confidence=0.95, low=0.99, high=1.01)
    run.time_rounds("float32", generator.lognormal(0, 0.05, 100))
    for name, size in (("a", 600), ("b", 500)):
        run.add(name, "float16", size)
        run.time_rounds(name, generator.lognormal(0, 0.05, 100))
    decision = run.decide({"top1": {"min": 0.5}}, [{"minimize": "latency_p50_ms"}, *CHOOSE[:1]])
    first = decision.choice[0].best
    assert decision.winner == "b"
    told = dict.fromkeys(said(decision, "a" if first == "b" else "b"))
    assert any("is indistinguishable from the best" in text for _, text in told)


def test_the_closest_candidate_is_explained_even_if_no_limit_would_help(run):
    run.add("close", "float16", 600)
    decision = run.decide({"latency_p50_ms": {"max": 1}})
    assert said(decision, "close")[-1] == (
        "closest",
        "no other candidate comes closer to the limits",
    )
    assert said(decision, "float32")[0][0] == "outcome"
    assert said(decision, "float32")[1][0] == "undecided"


@pytest.fixture
def folder(decided, tmp_path):
    """The run's folder."""
    decided.write(tmp_path / "decision.json")
    return tmp_path


def test_explain_compare_and_show_print_to_standard_output(folder, capsys):
    assert main(["explain", str(folder), "larger"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "fashion: larger",
        "  outcome  qualifies, but `twin` was chosen",
    ]
    assert main(["compare", str(folder), str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder} -> {folder}\n  nothing changed\n"
    assert main(["show", str(folder), "--html"]) == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")


def test_an_unknown_candidate_is_refused_with_the_nearest_name(folder, capsys):
    assert main(["explain", str(folder), "largest"]) == 2
    assert "fashion has no candidate `largest`. Did you mean `larger`?" in capsys.readouterr().err
    assert main(["explain", str(folder), "xyz"]) == 2
    assert "The candidates are `float32`, " in capsys.readouterr().err
    assert main(["explain", str(folder / "nowhere"), "larger"]) == 2
    assert "does not exist. Start a run with `quantgate run SPEC`" in capsys.readouterr().err
    assert main(["explain", "larger", str(folder)]) == 2
    assert f"the run comes first: quantgate explain {folder} larger" in capsys.readouterr().err


def test_a_damaged_decision_is_refused_by_every_verb(folder, capsys):
    path = folder / "decision.json"
    path.write_text(path.read_text("utf-8")[:2000], "utf-8")
    for verb in (["show", str(folder)], ["explain", str(folder), "larger"],
                 ["compare", str(folder), str(folder)]):  # fmt: skip
        assert main(verb) == 1
        assert "is truncated, or not a decision" in capsys.readouterr().err


def test_names_with_markup_and_control_characters_stay_text(decided, tmp_path, capsys):
    odd = "[bold]<b>x</b>\x1b[2J\nnext"
    candidates = [decided.candidates[0].model_copy(update={"name": odd, "reasons": [odd]})]
    none = {"winner": None, "promotes": None, "outcome": DecisionOutcome.NONE_QUALIFIED}
    changed = decided.model_copy(update={"candidates": candidates, **none})
    changed.write(tmp_path / "decision.json")
    assert main(["explain", str(tmp_path), odd]) == 0
    assert main(["show", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b[2J" not in out
    assert "[bold]<b>x</b> [2J next" in out


@pytest.mark.timing
def test_a_thousand_candidates_are_decided_and_explained_in_seconds(run, tmp_path, capsys):
    generator = np.random.default_rng(0)

    def decide_on(numbers):
        for number in numbers:
            run.add(f"c{number}", "float16", 400 + number % 97, *generator.integers(0, 12, 2))
        started = time.process_time()
        return run.decide(LIMITS, CHOOSE), time.process_time() - started

    _, seconds_for_a_hundred = decide_on(range(100))
    decision, seconds = decide_on(range(100, 1000))
    assert seconds < 40 * seconds_for_a_hundred
    decision.write(tmp_path / "decision.json")
    started = time.process_time()
    assert main(["explain", str(tmp_path), decision.winner]) == 0
    assert time.process_time() - started < 10 * seconds_for_a_hundred + 3
    assert "won" in capsys.readouterr().out
    assert json.loads((tmp_path / "decision.json").read_text("utf-8"))["winner"] == decision.winner
