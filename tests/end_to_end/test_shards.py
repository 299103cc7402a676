"""`measure.evaluation.shards` in whole runs: the decision is that of one task."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from quantgate.records.shards import Shard

pytestmark = pytest.mark.tensorflow

METRICS = "[top1, f1_macro, snr_pooled, {metric: top1, name: by_class, slice: labels}]"
SETTINGS = (
    *("--set", f"measure.metrics={METRICS}", "--set", "measure.latency=null"),
    *("--set", "choose=[{minimize: size_bytes}]"),
    *("--set", "gate={top1: {max_drop: 0.04, confidence: 0.95}, f1_macro: {max_drop: 0.1}}"),
)
#: They differ from run to run, or with the text of the spec.
VARYING = ("created", "content_sha256", "spec_sha256")


@pytest.fixture
def decide(example: Path, quantgate):
    """Run with a number of shards, and return the decision without what varies, and the run."""

    def run(shards: int, key: str = "measure.evaluation.shards"):
        count = f"{key}={shards}"
        done = quantgate("run", example / "quantgate.yaml", *SETTINGS, "--set", count, cwd=example)
        assert done.returncode == 0, done.stdout + done.stderr
        folder = (example / "runs" / "digits" / "latest").resolve()
        decision = json.loads((folder / "decision.json").read_text())
        for key in VARYING:
            decision.pop(key, None)
            decision["provenance"].pop(key, None)
        return decision, json.loads((folder / "run.json").read_text())

    return run


def test_the_decision_is_that_of_one_task(decide):
    whole, _ = decide(1)
    for shards in (4, 16):
        decision, run = decide(shards)
        assert decision == whole
        titles = [task["title"] for task in run["tasks"]]
        assert f"Evaluate baseline shard ({shards} of {shards})" in titles
        assert sum(title.startswith("Evaluate shard") for title in titles) == 2 * shards


def test_the_decision_with_data_in_parts_is_that_of_one_task(decide):
    whole, _ = decide(1)
    for shards in (4, 16):
        decision, run = decide(shards, "data.evaluation.shards")
        assert decision == whole
        titles = [task["title"] for task in run["tasks"]]
        assert f"Build part of evaluation set ({shards} of {shards})" in titles
        assert sum(title.startswith("Evaluate shard") for title in titles) == 2 * shards
        assert not {"import-evaluation", "import-calibration"} & {*titles}
        assert "Keep list of calibration files" in titles


@pytest.mark.slow
def test_the_decision_is_that_of_one_task_with_most_shards(decide):
    assert decide(64)[0] == decide(1)[0]


RUN = """
import sys
from pathlib import Path
from quantgate.local_runner import read_pipeline, run_pipeline

folder = Path.cwd()
data = {name: str(folder / f"{name}.npz") for name in ("evaluation", "calibration")}
arguments = {"model": str(folder / "saved_model"), "promote_to": str(folder / "to"), **data}
run_pipeline(read_pipeline(folder / "pipeline.yaml"), arguments, folder / "out", folder / "logs")
"""


@pytest.mark.slow
def test_a_cluster_uses_as_many_shards_as_have_enough_work(example: Path, quantgate):
    """The time of a sample travels in the metadata of the model, so one shard has all samples."""
    slow = "quantize={modes: [int16x8]}"
    overrides = ("--set", slow, "--set", "measure.evaluation.shards=auto")
    spec, pipeline = example / "quantgate.yaml", example / "pipeline.yaml"
    done = quantgate("compile", spec, *SETTINGS, *overrides, "--output", pipeline, cwd=example)
    assert done.returncode == 0, done.stdout + done.stderr
    subprocess.run([sys.executable, "-c", RUN], cwd=example, check=True, timeout=300)
    shards = [Shard.read(path) for path in (example / "out").rglob("shard.json")]
    filled = Counter(
        shard.count for shard in shards for rows in shard.rows.values() if rows.is_filled
    )
    assert filled == {3: 3, 28: 1}
    assert len(shards) == 31
