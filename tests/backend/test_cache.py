"""A second run takes only unchanged results from the cache."""

import pytest

from harness.results import Run
from harness.storage import upload
from spec_runs import assert_succeeded, run_on

pytestmark = [pytest.mark.backend, pytest.mark.tensorflow]

#: These tasks check for changes, so they run each time.
FINGERPRINTS = "/fingerprint"


def executed(run: Run) -> set[str]:
    """Return the tasks that did not come from the cache."""
    return {
        path
        for path, task in run.tasks.items()
        if task.type == "system.ContainerExecution"
        and task.state == "COMPLETE"
        and not path.startswith(FINGERPRINTS)
    }


@pytest.fixture
def overwritable(backend, small, small_spec, tmp_path):
    """A spec whose model and data are in the store, and a function that overwrites one of them."""
    name = tmp_path.name.replace("_", "-")

    def put(file: str, number: int) -> str:
        return upload(backend.s3, small / str(number) / file, f"{name}/{file}")

    evaluation = {"source": put("evaluation.npz", 1), "label": "label"}
    model = {"saved_model": put("saved_model", 1)}
    spec = small_spec(name, model=model, data={"evaluation": evaluation})
    return spec, put


def test_unchanged_inputs_come_from_the_cache(backend, overwritable) -> None:
    spec, _ = overwritable
    first, second = run_on(backend, spec), run_on(backend, spec)
    for made in (first, second):
        assert_succeeded(made.run)
    assert "/convert-baseline" in executed(first.run)
    assert executed(second.run) == set()
    assert second.decision == first.decision


@pytest.mark.parametrize(
    ("file", "hashed", "executes"),
    [
        ("evaluation.npz", "evaluation_sha256", "/build-dataset"),
        ("saved_model", "saved_model_sha256", "/convert-baseline"),
    ],
)
def test_an_overwritten_input_is_noticed(backend, overwritable, file, hashed, executes) -> None:
    spec, put = overwritable
    first = run_on(backend, spec)
    put(file, 2)
    second = run_on(backend, spec)
    assert executes in executed(second.run)
    before, after = first.decision, second.decision
    assert getattr(before.provenance, hashed) != getattr(after.provenance, hashed)
    assert (before.outcome, after.outcome) == ("winner", "none_qualified")
