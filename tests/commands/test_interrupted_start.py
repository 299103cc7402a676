"""Ctrl-C while Python still imports the command."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

QUANTGATE = Path(sys.executable).parent / "quantgate"


def handle_ctrl_c() -> None:
    """Handle Ctrl-C, which background jobs of a shell and their children ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("command", [[QUANTGATE], [sys.executable, "-m", "quantgate"]])
def test_ctrl_c_during_imports_prints_one_line(command: list, tmp_path: Path) -> None:
    """The import of pydantic waits, so that the signal always arrives during an import."""
    slow = "import os, pathlib, time\n"
    slow += "pathlib.Path(__file__).with_name('reached').touch()\ntime.sleep(60)\n"
    (tmp_path / "pydantic.py").write_text(slow)
    process = subprocess.Popen(
        [*command, "validate", "quantgate.yaml"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=handle_ctrl_c,
    )
    limit = time.monotonic() + 60
    while not (tmp_path / "reached").exists():
        assert time.monotonic() < limit
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (130, b"")
    assert errors == b"\ninterrupted before anything was done\n"


def test_few_modules_are_imported_before_ctrl_c_is_handled() -> None:
    code = (
        "import sys; before = set(sys.modules); import quantgate.cli\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert imported <= {"quantgate", *sys.stdlib_module_names}
    assert len(imported) < 25
