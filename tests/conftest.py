"""What every test may use."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from quantgate.records.decision import Decision

HERE = Path(__file__).resolve().parent
SHARED_MODELS = HERE.parents[1] / "shared" / "models"

# Seconds of a shared machine say nothing; CI repeats the same examples, a developer gets new ones.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Folder of the real trained models; the test is skipped where it is absent."""
    if not SHARED_MODELS.is_dir():
        pytest.skip(f"the real models are not at {SHARED_MODELS}")
    return SHARED_MODELS


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the example specs, with everything that they name on a machine."""
    from quantgate.commands.demo_digits import make_example

    folder = tmp_path_factory.mktemp("examples")
    make_example(folder / "quantgate-demo")
    shutil.copytree(HERE.parent / "specs", folder / "specs")
    command = [sys.executable, HERE / "example_data.py", folder / "specs"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "specs"


@pytest.fixture(scope="session")
def small_wins() -> Callable[..., "Decision"]:
    """Make a decision for `small`, of a model's hash, against `large`: `small_wins(sha256, ..)`."""
    return _small_wins


def _small_wins(sha256: str, **changes: Any) -> "Decision":
    from quantgate.records.decision import Decision, Entry, Provenance

    def entry(name: str, model_sha256: str) -> Entry:
        return Entry(
            name=name,
            mode="dynamic_range",
            status="measured",
            reasons=[],
            model_sha256=model_sha256,
            measurements={},
            qualified=name == "small",
        )

    other = "0" * 64
    decision = Decision(
        name="fashion",
        created="2025-01-14",
        outcome="winner",
        winner="small",
        summary="",
        baseline=entry("float32", sha256 if changes.get("promotes") == "float32" else other),
        candidates=[entry("large", other), entry("small", sha256)],
        limits={},
        choose=[],
        provenance=Provenance(
            quantgate="0.1.0",
            tensorflow="2.21.0",
            litert="2.3.0",
            processor="cpu",
            spec_sha256=other,
            saved_model_sha256=other,
            calibration_sha256=None,
            evaluation_sha256=other,
            evaluation_samples=100,
        ),
    )
    return decision.model_copy(update=changes)
