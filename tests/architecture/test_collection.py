"""Fast tests are collected without TensorFlow."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
IMPORTS_IT = "import sys\nsys.modules['tensorflow'] = sys\n"
MARKED = "import pytest\npytestmark = [\n    pytest.mark.tensorflow,\n]\n"
TEST = "def test_something():\n    pass\n"


@pytest.fixture
def collected(tmp_path: Path):
    """Collect a module in a process of its own: `collected(expression, source)`."""
    shutil.copy(CONFTEST, tmp_path / "conftest.py")

    def collect(expression: str, source: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "test_module.py").write_text(source)
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", expression]
        return subprocess.run(
            [*command, tmp_path], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return collect


def test_a_module_that_imports_tensorflow_without_the_mark_is_refused(collected) -> None:
    done = collected("not tensorflow", IMPORTS_IT + TEST)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_module.py imports TensorFlow while it is collected" in done.stderr


def test_a_module_with_the_mark_is_not_imported(collected) -> None:
    done = collected("not slow and not tensorflow", MARKED + IMPORTS_IT + TEST)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout + done.stderr


def test_tests_with_the_mark_are_collected_alone(collected) -> None:
    expression = "tensorflow and not slow"
    assert "test_something" in collected(expression, MARKED + IMPORTS_IT + TEST).stdout
    assert "no tests" in collected(expression, "raise ImportError" + TEST).stdout
