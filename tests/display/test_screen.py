"""Drawing on real terminals of several sizes and kinds, while real tasks run."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import os
import signal
import sys
import time
from pathlib import Path
from quantgate.display.live import LiveTree, can_draw
from quantgate.local_runner import PlannedTask, TaskResult, TaskState
from quantgate.local_runner.records.events import *

signal.signal(signal.SIGINT, signal.default_int_handler)
count, seconds, verbose = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "verbose"
log = Path(sys.argv[4])
tasks = [
    PlannedTask(
        key,
        key.capitalize(),
        number,
        (),
        path=("for-loop-1", str(number), key),
        item={"candidate": f"candidate_{number}"},
    )
    for number in range(count)
    for key in ("quantize", "evaluate")
]
assert can_draw(sys.stdout)
try:
    began, spent = time.monotonic(), time.process_time()
    with LiveTree(sys.stdout, verbose) as tell:
        tell(RunStarted("p", tuple(tasks)))
        for task in tasks:
            tell(TaskStarted(task, log))
            with log.open("a") as stream:
                stream.write(f"hello from \\x1b[31m{task.path[1]}\\rx {task.name}\\n")
            for done in range(10):
                tell(TaskProgress(task, done, 10))
                time.sleep(seconds / 10)
            state, title = TaskState.SUCCEEDED, task.display_name
            result = TaskResult(task.name, title, task.iteration, state, seconds, log)
            tell(TaskEnded(task, result))
        tell(Warned("something is odd"))
    spent, seconds = time.process_time() - spent, time.monotonic() - began
    print("the end", f"{spent:.3f} {seconds:.3f}")
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(130)
"""


@pytest.fixture
def start(on_a_terminal, tmp_path):
    """Draw a number of candidates, each with two tasks."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    def run(count, seconds=0.2, form="terse", **options):
        log = tmp_path / "task.log"
        return on_a_terminal(sys.executable, script, count, seconds, form, log, **options)

    return run


@pytest.mark.parametrize("columns", [40, 80])
def test_the_tree_is_drawn_in_place(start, columns):
    shown = start(2, columns=columns)
    assert shown.wait() == 0
    text = re.sub(r"the end.*", "the end", shown.terminal.text)
    text = re.sub(r"\d\.\d s|\d s", "N s", text)
    assert [re.sub(" {2,}N", "  N", line) for line in text.splitlines()] == [
        "warning: something is odd",
        "4/4 tasks  N s",
        "✓ candidates  N s",
        "  ✓ candidate_0  N s",
        "    ✓ Quantize  N s",
        "    ✓ Evaluate  N s",
        "  ✓ candidate_1  N s",
        "    ✓ Quantize  N s",
        "    ✓ Evaluate  N s",
        "the end",
    ]
    assert shown.terminal.cursor_is_shown
    assert b"\x1b[?25l" in shown.raw


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_the_scrollback_of_tmux_keeps_one_tree(tmp_path):
    script, end = tmp_path / "script.py", tmp_path / "end"
    script.write_text(SCRIPT)
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    command = f"{sys.executable} {script} 40 0.02 terse {tmp_path / 'log'}; touch {end}; read word"
    subprocess.run([*tmux, "new-session", "-d", "-x80", "-y24", command], check=True)
    try:
        _wait_for(end)
        shown = subprocess.check_output([*tmux, "capture-pane", "-p", "-S-"], text=True)
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    assert "the end" in shown
    assert len(re.findall(r"\d+/80 tasks", shown)) == 1
    assert max(map(len, shown.splitlines())) <= 80


def _wait_for(path: Path) -> None:
    limit = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < limit, f"{path} never came"
        time.sleep(0.1)


def test_more_tasks_than_lines_are_folded(start):
    shown = start(40, 0.05, rows=10)
    assert shown.wait() == 0
    lines = shown.terminal.text.splitlines()
    assert len(lines) <= 10
    assert lines[1].startswith("80/80 tasks")


def test_a_terminal_that_becomes_narrower_keeps_one_tree(start):
    shown = start(3, 0.4)
    shown.read_until(lambda terminal: "candidate_1" in terminal.text)
    shown.resize(24, 24)
    assert shown.wait() == 0
    assert shown.terminal.text.count("candidates") == 1
    assert max(map(len, shown.terminal.lines)) <= 24


def test_ctrl_c_leaves_the_terminal_as_it_was(start):
    shown = start(3, 5)
    shown.read_until(lambda terminal: "Quantize" in terminal.text)
    assert not shown.terminal.cursor_is_shown
    shown.type(b"\x03")
    assert shown.wait() == 130
    assert shown.terminal.text.endswith("interrupted")
    assert shown.terminal.cursor_is_shown


def test_task_output_is_above_the_tree_and_without_escape_sequences(start):
    shown = start(2, form="verbose")
    assert shown.wait() == 0
    text = shown.terminal.text
    assert text.startswith("Quantize candidate_0 | hello from 0x quantize\ntask | hello")
    assert text.count("candidates") == 1
    assert text.index("hello from 1x evaluate") < text.index("4/4 tasks")


def test_no_color_turns_colours_off(start):
    shown = start(1, NO_COLOR="1")
    assert shown.wait() == 0
    assert shown.terminal.colours == 0
    coloured = start(1, NO_COLOR="")
    assert coloured.wait() == 0
    assert coloured.terminal.colours > 0


def test_an_ascii_encoding_gets_ascii_marks(start):
    shown = start(1, PYTHONIOENCODING="ascii")
    assert shown.wait() == 0
    assert shown.raw.isascii()
    assert "+ candidates" in shown.terminal.text


@pytest.mark.timing
def test_redraws_are_rare_and_cheap(start):
    shown = start(20, 0.1, rows=50)
    assert shown.wait() == 0
    spent, seconds = map(float, shown.terminal.text.split()[-2:])
    assert shown.raw.count(b"\x1b[J") <= 8 * seconds + 2
    # It is 1 % on a quiet machine.
    assert spent < 0.2 * seconds


def test_a_dumb_terminal_gets_plain_lines(on_a_terminal, tmp_path):
    command = (
        "import sys; from quantgate.display.live import can_draw; sys.exit(can_draw(sys.stdout))"
    )
    assert on_a_terminal(sys.executable, "-c", command, TERM="dumb").wait() == 0
    assert on_a_terminal(sys.executable, "-c", command).wait() == 1
