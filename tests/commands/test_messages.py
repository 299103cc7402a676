"""Errors on a real terminal and in a pipe."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

SCRIPT = """
from quantgate.commands.common.messages import write_message
write_message(
    "the first line of this message is longer than a narrow terminal\\n"
    "    an excerpt of a file that is longer than a narrow terminal\\n"
    "  a hint with /a/path/that/is/longer/than/a/narrow/terminal/has \\x1b[31mcolumns", kind="error"
)
"""
TEXT = (
    "error: the first line of this message is longer than a narrow terminal\n"
    "    an excerpt of a file that is longer than a narrow terminal\n"
    "  a hint with /a/path/that/is/longer/than/a/narrow/terminal/has columns\n"
)


ITEMS = """
from quantgate.commands.common.items import write_items
write_items([("met", "a"), ("undecided", "top1 drop of 0.0000 leaves at most 0.004 undecided")])
"""


def written_on_a_terminal(columns: int, script: str = SCRIPT, **environment: str) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    around = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-c", script],
        stdout=theirs,
        stderr=theirs,
        env={**around, "TERM": "xterm", **environment},
        check=True,
    )
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        return terminal.read1(1 << 16).decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_and_lines_that_end_between_words() -> None:
    assert written_on_a_terminal(40) == (
        "\x1b[1;31merror:\x1b[0m the first line of this message is\n"
        "longer than a narrow terminal\n"
        "    an excerpt of a file that is longer than a narrow terminal\n"
        "  a hint with\n"
        "  /a/path/that/is/longer/than/a/narrow/terminal/has\n"
        "  columns\n"
    )


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_off(environment: dict[str, str]) -> None:
    assert written_on_a_terminal(200, **environment) == TEXT


def test_a_pipe_gets_the_lines_as_they_are() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.stderr == TEXT


def test_wrong_usage_is_an_error_in_colour_too() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "quantgate", "rnu"]
    around = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    done = subprocess.run(command, stderr=theirs, env={**around, "TERM": "xterm"}, check=False)
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        shown = terminal.read1(1 << 16).decode()
    assert done.returncode == 2
    assert "\x1b[1;31mquantgate: error:\x1b[0m there is no command `rnu`" in shown


COLUMNS = """
import sys
from quantgate.commands.common.wrapping import fitted
line = "  in   float32                  the baseline of all candidates\\n"
sys.stdout.write(fitted(line, sys.stdout))
"""


def test_a_column_that_starts_too_far_right_does_not_indent_the_next_line() -> None:
    assert written_on_a_terminal(40, COLUMNS) == (
        "  in   float32                  the\n       baseline of all candidates\n"
    )


def test_items_are_wrapped_in_their_column() -> None:
    assert written_on_a_terminal(40, ITEMS) == (
        "  met        a\n"
        "  undecided  top1 drop of 0.0000 leaves\n"
        "             at most 0.004 undecided\n"
    )
