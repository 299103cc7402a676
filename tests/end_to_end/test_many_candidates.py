"""More candidates than fit into one loop: none are confused, and the gate gets all."""

import json
from pathlib import Path
from typing import Any

import pytest

from quantgate.planning.plan import MOST_IN_A_LOOP
from quantgate.records.attestation import Attestation
from quantgate.records.decision import Decision
from quantgate.records.tasks import Benchmark

pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]


NAMES = [f"on-{samples}-samples" for samples in range(1, 91)]


@pytest.fixture
def ran(example: Path, quantgate, tmp_path: Path):
    """Run the example with 90 candidates and others, and return the run's folder and events."""

    def run(*others: str) -> tuple[Path, list[dict[str, Any]]]:
        modes: list[dict[str, Any]] = [
            {"mode": "integer_only_int8", "name": name, "calibration": {"samples": samples}}
            for samples, name in enumerate(NAMES, start=1)
        ]
        modes += [{"mode": other} for other in others]
        spec = example / "quantgate.yaml"
        settings = (f"quantize.modes={json.dumps(modes)}", "measure.latency={runs: 10, warmup: 1}")
        done = quantgate(
            *("run", spec, "--json", "--runs-dir", tmp_path / "runs"),
            *("--cache-dir", tmp_path / "cache"),
            *(word for setting in settings for word in ("--set", setting)),
            timeout=1200,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return Path(events[-1]["run"]), events

    return run


def test_ninety_candidates_run_in_three_loops(ran) -> None:
    run, events = ran()
    decision = Decision.read(run / "decision.json")
    assert {entry.name for entry in decision.candidates} == set(NAMES)
    assert {entry.status for entry in decision.candidates} == {"measured"}

    quantized = [
        event
        for event in events
        if event["event"] == "task_ended" and event["task"].startswith("Quantize ")
    ]
    assert len({event["id"].split("/")[0] for event in quantized}) == 3
    models = {entry.name: entry.model_sha256 for entry in decision.candidates}
    made = run / "artifacts" / "digits"
    for event in quantized:
        attestation = Attestation.read(made / event["id"] / "attestation")
        assert event["task"] == f"Quantize {attestation.candidate}"
        assert event["candidate"] == attestation.candidate
        assert models[attestation.candidate] == attestation.model_sha256
    assert len(set(models.values())) > MOST_IN_A_LOOP

    timed = Benchmark.read(made / "benchmark" / "latency")
    assert set(models.values()) <= timed.figures.keys()

    _, again = ran()
    assert _worked(again) == set()
    _, more = ran("float16")
    assert _worked(more) == {
        "Quantize float16",
        "Evaluate float16",
        "Collect models: 3 of 3",
        "Collect evidence: 3 of 3",
        "Benchmark latency",
        "Gate",
    }


def _worked(events: list[dict[str, Any]]) -> set[str]:
    ended = [event for event in events if event["event"] == "task_ended"]
    titles = {event["task"] for event in ended if event["outcome"] == "succeeded"}
    return {title for title in titles if not title.startswith(("import-", "Promote"))}
