"""The example specs have the same decisions on a backend as on this machine."""

import runpy
from functools import cache
from pathlib import Path

import pytest
from kfp.compiler import Compiler

from harness.storage import read
from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.records.decision import Decision
from spec_runs import assert_succeeded, comparable, decide_here, read_decision, run_on

pytestmark = [pytest.mark.backend, pytest.mark.tensorflow]

SPECS = Path(__file__).resolve().parents[2] / "specs"
ON_A_CLUSTER = "on-a-cluster"
STORIES = sorted(path.stem for path in SPECS.glob("*.yaml") if path.stem != ON_A_CLUSTER)


@pytest.fixture(scope="session")
def local_folder(tmp_path_factory) -> Path:
    """The folder of the runs on this machine and of their cache."""
    return tmp_path_factory.mktemp("here")


@pytest.fixture(scope="session")
def decided_here(examples, local_folder):
    """Decide an example on this machine, once for all backends."""

    @cache
    def decide(story: str, *overrides: str) -> Decision:
        return decide_here(examples / f"{story}.yaml", local_folder, overrides)

    return decide


@pytest.mark.parametrize("story", STORIES)
def test_an_example_has_the_same_decision_as_on_this_machine(
    backend, examples, decided_here, story
) -> None:
    # `training_data.py` is in the image of this example, and is not embedded in the pipeline.
    backend.image_folders = (examples,)
    backend.environment["PYTHONPATH"] = str(examples)
    made = run_on(backend, examples / f"{story}.yaml")
    assert_succeeded(made.run)
    assert comparable(made.decision) == comparable(decided_here(story))


def test_a_spec_for_a_cluster_has_the_same_decision_as_on_this_machine(
    backend, examples, decided_here
) -> None:
    """It has secrets, a volume, retries, and a pipeline root that only KFP's UI reads."""
    backend.put_secret("s3-login", {"id": "minio", "key": "minio123"})
    backend.put_secret("storage-account", {"account.json": "{}"})
    demo = examples.parent / "quantgate-demo"
    data = [
        f"model.saved_model={demo}/saved_model",
        f"data.calibration.source={demo}/calibration.npz",
        f"data.evaluation.source={demo}/evaluation.npz",
    ]
    made = run_on(backend, examples / f"{ON_A_CLUSTER}.yaml", data)
    assert_succeeded(made.run)
    here = [*data, f"promote.to={examples.parent}/promoted"]
    decisions = made.decision, decided_here(ON_A_CLUSTER, *here)
    theirs, ours = (comparable(each, without=["spec_sha256"]) for each in decisions)
    assert theirs == ours
    (winner,) = made.run.tasks["/gate"].output_artifacts["winner"]
    assert winner.uri.startswith("s3://mlpipeline/v2/artifacts/on-a-cluster/")
    promoted = backend.folder / "claims" / "models" / "digits"
    version = (promoted / "latest").read_text().strip()
    assert (promoted / version / "model.tflite").read_bytes() == read(backend.s3, winner.uri)


def test_a_pipeline_quantizes_the_model_that_it_trains(backend, tmp_path, local_folder) -> None:
    path = tmp_path / "pipeline.yaml"
    pipeline = runpy.run_path(str(SPECS / "inside-a-pipeline" / "pipeline.py"))["pipeline"]
    Compiler().compile(pipeline, str(path))
    run = backend.run(path.read_text(), {})
    assert_succeeded(run)
    logs = tmp_path / "logs"
    result = run_pipeline(read_pipeline(path), {}, tmp_path / "root", logs, cache=local_folder)
    assert result.succeeded
    (place,) = (tmp_path / "root").rglob("decision")
    here, there = Decision.read(place), read_decision(backend, run, "/digits/gate")
    # Keras gives every export another fingerprint.
    theirs, ours = (comparable(each, without=["saved_model_sha256"]) for each in (there, here))
    assert theirs == ours
    assert run.tasks["/condition-1/deploy"].outputs["Output"].startswith(f"{here.winner}, ")
