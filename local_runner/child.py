"""What happens inside a task's own process."""

import faulthandler
import importlib.util
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kfp.dsl.executor import Executor

from quantgate.errors import QuantgateError

_MODULE = "ephemeral_component"


@dataclass(frozen=True)
class Job:
    """An order to a task's process: a command, or a function in a source file.

    `failure` is the file that takes the sentence about what went wrong.
    """

    log: str
    folder: str
    failure: str
    environment: dict[str, str]
    command: list[str]
    source: str = ""
    function: str = ""
    executor_input: dict[str, Any] | None = None

    def write(self, path: Path) -> None:
        """Store the order for `run_job`."""
        path.write_text(json.dumps(asdict(self), sort_keys=True), "utf-8")


def run_job(path: Path) -> int:
    """Do what a stored `Job` says and return the exit status; a command never returns."""
    job = Job(**json.loads(path.read_text("utf-8")))
    os.setsid()
    _redirect_output(job.log)
    os.chdir(job.folder)
    os.environ.update(job.environment)
    tempfile.tempdir = None  # an import may have asked for it before TMPDIR was the task's own
    if job.command:
        return _become(job)
    return _run_function(job)


def _redirect_output(log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        # So that a crash does not take the last lines with it.
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable(file=2)


def _become(job: Job) -> int:
    # Python ignores SIGPIPE, and a command would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    try:
        os.execvp(job.command[0], job.command)
    except OSError as error:
        _report(job, f"`{job.command[0]}` cannot be run: {error.strerror}")
    return 1


def _run_function(job: Job) -> int:
    _reseed_numpy()
    try:
        Executor(job.executor_input or {}, _load(job)).execute()
        _join_threads()
        return 0
    except SystemExit as error:
        traceback.print_exc()
        _report(job, f"the task ended itself with exit code {error.code}")
    except BaseException as error:
        traceback.print_exc()
        expected = isinstance(error, QuantgateError)
        _report(job, str(error) if expected else f"{type(error).__name__}: {error}")
    return 1


def _reseed_numpy() -> None:
    # Forks of one server would otherwise all draw the same numbers; `random` reseeds by itself.
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _load(job: Job) -> Callable[..., Any]:
    spec = importlib.util.spec_from_file_location(_MODULE, job.source)
    if spec is None or spec.loader is None:
        raise ImportError(f"{job.source} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    spec.loader.exec_module(module)
    function: Callable[..., Any] = getattr(module, job.function)
    return function


def _join_threads() -> None:
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _report(job: Job, sentence: str) -> None:
    Path(job.failure).write_text(sentence, "utf-8")
