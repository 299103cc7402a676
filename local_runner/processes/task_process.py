"""The code that runs inside a task's process."""

import faulthandler
import importlib.util
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kfp.dsl.executor import Executor

from quantgate.local_runner.processes.failure import tell, tell_exception
from quantgate.local_runner.processes.job import Job, read_job
from quantgate.local_runner.processes.process_groups import adopt_descendants, end_with_parent
from quantgate.local_runner.processes.threads import OF_NUMERICS, bound_loaded_libraries

_MODULE = "ephemeral_component"


def run_job(path: Path) -> int:
    """Run the `Job` in a file and return the exit status. A command replaces the process."""
    job = read_job(path)
    os.setsid()
    end_with_parent()
    adopt_descendants()
    # SIGALRM has no handler and ends the process. A command inherits the timer.
    signal.setitimer(signal.ITIMER_REAL, job.time_limit_s)
    _redirect_output(job.log)
    os.chdir(job.folder)
    bound = os.environ.get(OF_NUMERICS)
    os.environ.update(job.environment)
    for variable in job.unset:
        os.environ.pop(variable, None)
    tempfile.tempdir = None  # an import may have set it before TMPDIR was the task's own
    if job.command:
        return _become(job)
    if os.environ.get(OF_NUMERICS) != bound:
        bound_loaded_libraries()
    return _run_function(job)


def _redirect_output(log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        # A log is UTF-8 in any locale. A crash must not lose its last lines.
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
    faulthandler.enable(file=2)


def _become(job: Job) -> int:
    # Python ignores SIGPIPE, and the command would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    try:
        os.execvp(job.command[0], job.command)
    except OSError as error:
        tell(Path(job.failure), f"`{job.command[0]}` cannot be run: {error.strerror}")
    return 1


def _run_function(job: Job) -> int:
    _reseed_numpy()
    try:
        Executor(job.executor_input or {}, _load(job)).execute()
        _join_threads()
        return 0
    # The reason is written before the trace, as the disk with the log may be full.
    except SystemExit as error:
        if not error.code:
            _join_threads()
            return 0  # missing outputs are reported as for a function that returned
        sentence = f"the task ended itself with exit code {error.code}"
        tell(Path(job.failure), sentence, explained=False)
        traceback.print_exc()
    except BaseException as error:
        tell_exception(Path(job.failure), error)
        traceback.print_exc()
    return 1


def _reseed_numpy() -> None:
    # All forks of one server would draw the same numbers. `random` reseeds by itself, and so does
    # NumPy's if a task imports it first.
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


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
