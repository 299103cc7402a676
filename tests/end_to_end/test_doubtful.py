"""Garbage does not ship: labels in another order, and data prepared in another way."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantgate.planning.tasks import PROMOTE
from quantgate.runs.decided import read_decision
from quantgate.runs.folder import RunFolder, RunRecord

pytestmark = pytest.mark.tensorflow

#: The model's class for each label. Only class 8 keeps its place.
ANOTHER_ORDER = np.array([1, 2, 3, 4, 5, 6, 7, 9, 8, 0])
Change = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]


def change_data(example: Path, change: Change, *names: str) -> None:
    for name in names:
        with np.load(example / name) as arrays:
            changed = change(dict(arrays))
        np.savez(example / name, **changed)


def with_labels_in_another_order(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {**arrays, "labels": ANOTHER_ORDER[arrays["labels"]]}


def prepared_in_another_way(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Scale to [-1, 0], for a model that was trained on [0, 16]."""
    return {**arrays, "image": arrays["image"] / 16 - 1}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (with_labels_in_another_order, ["evaluation.npz"]),
        (prepared_in_another_way, ["evaluation.npz", "calibration.npz"]),
    ],
)
def test_garbage_is_doubtful_and_publishes_nothing(
    example: Path, quantgate, change: Change, names: list[str]
) -> None:
    change_data(example, change, *names)
    keep = ("--set", "promote.when_none_qualifies=keep_baseline")
    done = quantgate("run", "quantgate.yaml", *keep, cwd=example)
    assert done.returncode == 5, done.stdout + done.stderr
    shown = done.stdout.partition("Doubtful (baseline_guesses): ")
    assert "candidate" not in shown[0] and "candidate" in shown[2], "the doubt comes first"
    assert "Check that labels and preprocessing match the model" in " ".join(done.stdout.split())
    assert not (example / "promoted").exists()

    run = RunFolder((example / "runs" / "digits" / "latest").resolve())
    decision = read_decision(run.path)
    assert (decision.outcome, decision.winner, decision.promotes) == ("doubtful", None, None)
    assert decision.baseline.measurements["top1"] < 0.15
    assert not any(entry.qualified for entry in decision.candidates)
    assert not run.winner.exists() and not run.kept_baseline.exists()
    states = {task.title: task.state for task in RunRecord.read(run.record).tasks}
    assert states[PROMOTE] == "FAILED"
    assert "<h2>Doubts</h2>" in run.page.read_text("utf-8")

    promoted = quantgate("promote", run.path, "--to", example / "by hand", cwd=example)
    assert promoted.returncode == 5
    assert promoted.stderr.startswith(
        "error: digits: nothing is promoted, because the run is doubtful:\n  - the float model's "
    )
    assert not (example / "by hand").exists()
    explained = quantgate("explain", "integer_only_int8", cwd=example)
    assert "does not qualify, because the run is doubtful" in explained.stdout


def test_a_doubtful_run_may_be_allowed(example: Path, quantgate) -> None:
    change_data(example, with_labels_in_another_order, "evaluation.npz")
    allowed = ("--set", "gate.allow_doubtful=true")
    done = quantgate("run", "quantgate.yaml", "--json", *allowed, cwd=example)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["outcome"], len(result["doubts"])) == ("winner", 1)
    model_card = next((example / "promoted").glob("*/README.md")).read_text("utf-8")
    assert "# digits\n\n**Doubtful**: the float model's top1" in model_card


def test_a_named_warning_makes_a_run_doubtful(example: Path, quantgate) -> None:
    with np.load(example / "evaluation.npz") as evaluation:
        shared = {name: array[:20] for name, array in evaluation.items()}

    def with_shared_samples(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.concatenate([shared[name], array]) for name, array in arrays.items()}

    change_data(example, with_shared_samples, "calibration.npz")
    named = ("--set", "data.calibration.select=first", "--set", "gate.warnings=[shared_samples]")
    done = quantgate("run", "quantgate.yaml", "--json", *named, cwd=example)
    assert done.returncode == 5, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["outcome"], result["exit_code"]) == ("doubtful", 5)
    assert result["doubts"][0].startswith("20 of the ")


@pytest.mark.slow
def test_kfps_runner_ends_a_doubtful_run_in_the_same_way(example: Path, quantgate) -> None:
    change_data(example, with_labels_in_another_order, "evaluation.npz")
    done = quantgate("run", "quantgate.yaml", "--runner", "kfp-local", cwd=example)
    assert done.returncode == 5, done.stdout + done.stderr
    assert read_decision(example / "runs" / "digits").outcome == "doubtful"
    assert not (example / "promoted").exists()


def test_three_class_folders_for_ten_outputs_are_refused(example: Path, quantgate) -> None:
    with np.load(example / "evaluation.npz") as arrays:
        for label in range(3):
            folder = example / "photos" / f"digit{label}"
            folder.mkdir(parents=True)
            for number, image in enumerate(arrays["image"][arrays["labels"] == label]):
                Image.fromarray(image[..., 0].astype(np.uint8)).save(folder / f"{number}.png")
    photos = ("--set", "data.evaluation={source: photos, format: images}")
    for verb in ("validate", "run"):
        done = quantgate(verb, "quantgate.yaml", *photos, cwd=example)
        assert done.returncode == 3, done.stdout + done.stderr
        assert "the evaluation data has 3 classes (`digit0`, `digit1`, `digit2`), but " in (
            " ".join(done.stderr.split())
        )
    assert not (example / "runs").exists()
