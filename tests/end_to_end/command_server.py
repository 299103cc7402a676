"""Run commands of quantgate, each in a process forked from this one, which has imported it.

The imports of a command take longer than most commands. Those of its tasks take even longer, so
their fork servers come from a warm process, too (`warm_fork_servers.py`).

A request is a line of JSON with the arguments, the folder, the environment, the files for the
output, and the seconds that the command may take. The answer is its exit code, negative for a
signal.
"""

import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path

from quantgate.cli import main
from quantgate.foundation.extras import import_kfp_without_client
from quantgate.local_runner.processes import server

#: Modules that commands import when they need them.
IMPORTED_LATER = (
    "quantgate.commands.common.conclude",
    "quantgate.commands.run",
    "quantgate.commands.show",
    "quantgate.commands.validate",
    "quantgate.components.rehearsal.rehearse",
    "quantgate.display.live",
    "quantgate.local_runner",
    "quantgate.pipelines",
)


def serve(with_tensorflow: bool) -> None:
    """Answer requests until the end of the input."""
    import_kfp_without_client()
    for module in IMPORTED_LATER:
        import_module(module)
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    with import_module("warm_fork_servers").warm_process(with_tensorflow) as start:
        server._start = start
        answer_requests()


def answer_requests() -> None:
    """Run a command for each line of the input."""
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if pid == 0:
            _become_command(**json.loads(line))
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become_command(
    arguments: list[str],
    cwd: str,
    env: dict[str, str],
    streams: tuple[str, str],
    timeout: int,
) -> None:
    signal.alarm(timeout)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    _connect(0, os.devnull, os.O_RDONLY)
    for descriptor, path in enumerate(streams, start=1):
        _connect(descriptor, path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.argv = arguments
    sys.exit(main())


def _connect(descriptor: int, path: str, flags: int) -> None:
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    os.close(opened)


if __name__ == "__main__":
    serve(with_tensorflow="--with-tensorflow" in sys.argv)
