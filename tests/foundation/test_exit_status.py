"""The ends of processes, in words."""

import subprocess
import sys

import pytest

from quantgate.foundation.exit_status import ending_of


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import sys; sys.exit(3)", "ended with exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "crashed with SIGKILL, perhaps out of memory"),
        ("import os; os.abort()", "crashed with SIGABRT"),
    ],
)
def test_end_of_a_process_in_words(code: str, expected: str) -> None:
    status = subprocess.run([sys.executable, "-c", code], check=False).returncode
    assert ending_of(status) == expected


def test_signal_without_a_name() -> None:
    assert ending_of(-250) == "crashed with signal 250"
