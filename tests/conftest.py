"""What every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

SHARED_MODELS = Path(__file__).resolve().parents[2] / "shared" / "models"

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
