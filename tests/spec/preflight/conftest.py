"""The files of a sound spec."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture
def files(spec_file: Callable[[str], Path], sound: str, tmp_path: Path) -> Path:
    """The folder of a sound spec with everything that it names."""
    spec_file(sound)
    (tmp_path / "models" / "fashion").mkdir(parents=True)
    (tmp_path / "models" / "fashion" / "saved_model.pb").write_bytes(b"graph")
    np.savez(tmp_path / "train.npz", image=np.zeros(3))
    np.savez(tmp_path / "test.npz", image=np.zeros(3), y=np.zeros(3))
    return tmp_path
