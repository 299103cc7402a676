"""`measure.evaluation.stop_early` in whole runs, with a passing and a failing candidate."""

from pathlib import Path

import pytest

from quantgate.records.decision import Decision

pytestmark = pytest.mark.tensorflow

SETTINGS = (
    *("--set", "quantize.modes=[dynamic_range]", "--set", "measure.evaluation.stop_early=true"),
    *("--set", "measure.latency=null", "--set", "choose=[{minimize: size_bytes}]"),
)


@pytest.fixture
def run_with(example: Path, quantgate):
    """Run with a limit on top1, and return the ended command and its decision."""

    def run(limit: str):
        gate = f"gate={{top1: {limit}}}"
        done = quantgate("run", example / "quantgate.yaml", *SETTINGS, "--set", gate, cwd=example)
        return done, Decision.read(example / "runs" / "digits" / "latest" / "decision.json")

    return run


def test_evaluation_stops_once_a_candidate_meets_its_limits(run_with):
    done, decision = run_with("{max_drop: 0.04, confidence: 0.95}")
    assert done.returncode == 0, done.stdout + done.stderr
    (entry,) = decision.candidates
    assert entry.steps.outcome == "pass"
    assert entry.steps.taken < entry.steps.available == decision.provenance.evaluation_samples
    told = f"{entry.steps.taken:,} of {entry.steps.available:,} samples were enough to show"
    assert told in " ".join(done.stdout.split())
    assert f"accuracy on {entry.steps.taken} of 599 samples" in decision.summary


def test_evaluation_stops_once_a_candidate_violates_a_limit(run_with):
    done, decision = run_with("{max_drop: 0.0, min: 0.9999}")
    assert done.returncode == 4, done.stdout + done.stderr
    (entry,) = decision.candidates
    assert entry.steps.outcome == "fail"
    assert entry.steps.taken < entry.steps.available
    assert "samples were enough to show" in " ".join(done.stdout.split())
