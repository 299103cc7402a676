"""The cache with the real graph: the tasks that a changed spec runs again."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.decision import Decision

pytestmark = pytest.mark.tensorflow

#: Promotion runs each time, because its folder may have been emptied. Imports take no time.
ALWAYS = {"import-model", "import-calibration", "import-evaluation", "Promote winner"}


Ran = tuple[set[str], Decision]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cache that the tests of this module fill together."""
    return tmp_path_factory.mktemp("cache") / "cäche"


@pytest.fixture(scope="module")
def run_in(quantgate, cache: Path) -> Callable[..., Ran]:
    """Run the example of a folder, and return the tasks that ran, and the decision."""

    def run(example: Path, *arguments: object) -> Ran:
        runs = example / "runs"
        places = ("--runs-dir", runs, "--cache-dir", cache)
        done = quantgate("run", example / "quantgate.yaml", *places, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        latest = runs / "digits" / "latest"
        tasks: list[dict[str, Any]] = json.loads((latest / "run.json").read_text())["tasks"]
        titles = {task["title"] for task in tasks if not task["cached"]}
        return titles - ALWAYS, Decision.read(latest / "decision.json")

    return run


@pytest.fixture(scope="module")
def first_run(run_in, copy_of_the_demo, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The run that finds the cache empty."""
    return run_in(copy_of_the_demo(tmp_path_factory.mktemp("first") / "example"))


@pytest.fixture
def ran(run_in, first_run: Ran, example: Path) -> Callable[..., Ran]:
    """Run a copy of the example with further arguments, after the first run."""
    return lambda *arguments: run_in(example, *arguments)


def test_only_tasks_with_changed_inputs_run_again(
    first_run, ran, example: Path, quantgate, cache
) -> None:
    first, decided = first_run
    assert {"Convert float32 baseline", "Calibrate", "Quantize dynamic_range", "Gate"} <= first

    again, same = ran()
    assert (again, same) == (set(), decided)

    limited, stricter = ran("--set", "gate.top1.max_drop=0.019")
    assert limited == {"Gate"}
    assert stricter.limits != decided.limits
    assert stricter.provenance.saved_model_sha256 == decided.provenance.saved_model_sha256

    spec = example / "quantgate.yaml"
    spec.write_text(spec.read_text().replace("modes: [", "modes: [float16, "))
    dry = quantgate("run", spec, "--dry-run", "--cache-dir", cache)
    assert re.search("Quantize float16 +to run: no entry yet\n", dry.stdout)
    assert re.search("Quantize dynamic_range +cached\n", dry.stdout)
    more, _ = ran()
    assert more == {
        "Quantize float16",
        "Evaluate float16",
        "Collect models",
        "Collect evidence",
        "Benchmark latency",
        "Gate",
    }


def test_an_overwritten_input_is_noticed(ran, example: Path) -> None:
    _, before = ran()
    path = example / "evaluation.npz"
    with np.load(path) as kept:
        arrays = dict(kept)
    arrays["labels"][:20] = (arrays["labels"][:20] + 1) % 10
    np.savez(path, **arrays)
    changed, after = ran()
    assert changed == {
        "Fingerprint evaluation",
        "Build evaluation set",
        "Evaluate baseline",
        "Compare baseline with source",
        "Evaluate dynamic_range",
        "Evaluate integer_only_int8",
        "Collect evidence",
        "Benchmark latency",
        "Gate",
    }
    assert after.provenance.evaluation_sha256 != before.provenance.evaluation_sha256
    assert after.baseline.measurements["top1"] < before.baseline.measurements["top1"]


def test_a_new_metric_does_not_repeat_the_benchmark(ran) -> None:
    ran()
    measured, _ = ran("--set", "measure.metrics=[top1, top5]")
    assert measured == {
        "Build evaluation set",
        "Evaluate baseline",
        "Evaluate dynamic_range",
        "Evaluate integer_only_int8",
        "Collect evidence",
        "Gate",
    }


KERAS = """
import sys, keras
image = keras.Input((8, 8, 1), name="image")
x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 16)(image))
model = keras.Model(image, keras.layers.Dense(10, name="logits")(x))
model.save(sys.argv[1])
"""


@pytest.fixture
def keras_example(example: Path) -> Path:
    """The example with an untrained Keras file as its model, and one candidate without limits."""
    subprocess.run([sys.executable, "-c", KERAS, example / "model.keras"], check=True)
    spec = example / "quantgate.yaml"
    text = spec.read_text().replace("saved_model: saved_model", "keras: model.keras")
    gate = re.compile(r"gate:\n(  .*\n)+")
    spec.write_text(gate.sub("gate: {top1: {min: 0}}\n", text))
    return example


@pytest.mark.slow
def test_a_keras_file_keeps_its_identity(run_in, keras_example: Path, tmp_path: Path) -> None:
    untrained = (keras_example, "--set", "gate.allow_doubtful=true")
    first, decided = run_in(*untrained)
    assert "Export Keras model" in first
    assert decided.provenance.saved_model_sha256 == sha256_of_file(keras_example / "model.keras")
    assert run_in(*untrained) == (set(), decided)
    again, other = run_in(*untrained, "--cache-dir", tmp_path / "another cache")
    assert "Export Keras model" in again
    assert other.provenance.saved_model_sha256 == decided.provenance.saved_model_sha256
