"""Two hundred candidates run, and the right one wins."""

import json

import pytest

from spec_runs import assert_succeeded, run_on

pytestmark = [pytest.mark.backend, pytest.mark.tensorflow, pytest.mark.slow]

CANDIDATES = 200
#: Argo compresses the states of nodes in a workflow that is larger.
LARGEST_WORKFLOW = 1024 * 1024


def test_two_hundred_candidates_run_and_the_first_of_the_smallest_wins(backend, small_spec) -> None:
    names = [f"candidate-{number:03}" for number in range(CANDIDATES)]
    modes = [
        {"name": name, "mode": ("dynamic_range", "float16")[number % 2]}
        for number, name in enumerate(names)
    ]
    made = run_on(backend, small_spec("many", quantize={"modes": modes}))
    assert_succeeded(made.run)
    entries = made.decision.candidates
    assert sorted(entry.name for entry in entries) == names
    assert {entry.status for entry in entries} == {"measured"}
    assert {entry.name: entry.mode for entry in entries} == {
        mode["name"]: mode["mode"] for mode in modes
    }
    smallest = min(entries, key=lambda entry: (entry.measurements["size_bytes"], entry.name))
    assert made.decision.winner == smallest.name, "the first of those that are equally small"
    workflow = json.loads((made.run.folder / "workflow.json").read_text())
    assert len(json.dumps(workflow)) < LARGEST_WORKFLOW / 2
