"""Standard streams that are closed, full, gone, or of an encoding that lacks characters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

QUANTGATE = Path(sys.executable).parent / "quantgate"
DECISION = Path(__file__).resolve().parents[1] / "report" / "decisions" / "winner.json"


def shell(line: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of bash in which $Q is the command and $D a decision."""
    names = {"Q": str(QUANTGATE), "D": str(DECISION), **environment}
    return subprocess.run(
        ["bash", "-c", line],
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("form", ["", "--md", "--json"])
def test_a_report_is_printed_in_an_encoding_without_its_characters(form: str) -> None:
    done = shell(f'"$Q" show "$D" {form}', PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0.8908" in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_change_the_exit_code(closed: str) -> None:
    assert shell(f'"$Q" show "$D" {closed}').returncode == 0
    assert shell(f'"$Q" show /nowhere {closed}').returncode == 2


@pytest.mark.parametrize("form", ["", "--md", "--json"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_an_error(form: str) -> None:
    done = shell(f'"$Q" show "$D" {form} > /dev/full')
    assert (done.returncode, done.stderr) == (
        1,
        "error: the system refuses to read or write: No space left on device. Make room and run "
        "again\n",
    )


@pytest.mark.parametrize("form", ["", "--md", "--json"])
def test_a_closed_pipe_is_neither_a_success_nor_a_bug(form: str) -> None:
    done = shell(f'"$Q" show "$D" {form} | true; exit "${{PIPESTATUS[0]}}"')
    assert (done.returncode, done.stderr) == (1, "")
