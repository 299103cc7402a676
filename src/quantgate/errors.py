"""The errors that users see, and the exit codes of the command.

QuantgateError            1  an expected failure with a message for the user
├── UsageError            2  the command line is wrong
├── SpecError             3  the spec is invalid, with all its problems
├── NothingQualified      4  no candidate meets the limits
├── Doubtful              5  the measurements are doubtful, so nothing is promoted
├── InputError            1  a model or data set does not match the spec
├── StorageError          1  storage is unreachable, refuses a request, or lacks an object
├── PipelineError         1  a cluster or the local runner cannot run a compiled pipeline
├── ClusterError          1  the cluster is unreachable, refuses a request, or lost a run
└── StepFailed            1  a task of the pipeline failed
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """A problem of a spec with its position.

    Attributes:
        path: path of keys, as in `Finding`. Empty if the text is not YAML.
        line: line number, from 1. None if the value was set on the command line.
        column: column in characters, from 1. None if `line` is None.
        message: one sentence without a full stop.
        hint: sentences that say what to do.
        override: the `--set` argument that set the value.
    """

    path: KeyPath
    line: int | None
    column: int | None
    message: str
    hint: str | None = None
    override: str | None = None


class ExitCode(IntEnum):
    """The exit codes of `quantgate`, which scripts and CI may rely on."""

    OK = 0
    STEP_FAILED = 1
    USAGE = 2
    SPEC_INVALID = 3
    NOTHING_QUALIFIED = 4
    DOUBTFUL = 5
    BUG = 70
    INTERRUPTED = 130


class QuantgateError(Exception):
    """An expected failure. Its text says where it happened, what is wrong, and what to do."""

    exit_code = ExitCode.STEP_FAILED


class UsageError(QuantgateError):
    """The command line is wrong."""

    exit_code = ExitCode.USAGE


class SpecError(QuantgateError):
    """The spec is invalid. `problems` lists the problems in the order of the message."""

    exit_code = ExitCode.SPEC_INVALID

    def __init__(self, message: str, problems: "tuple[Problem, ...]" = ()) -> None:
        super().__init__(message)
        self.problems = problems


class NothingQualified(QuantgateError):
    """No candidate meets the limits, so there is nothing to promote."""

    exit_code = ExitCode.NOTHING_QUALIFIED


class Doubtful(QuantgateError):
    """The measurements are doubtful, so nothing is promoted."""

    exit_code = ExitCode.DOUBTFUL


class InputError(QuantgateError):
    """A model or data set does not match the spec."""


class StorageError(QuantgateError):
    """Storage is unreachable, refuses a request, or lacks an object."""


class PipelineError(QuantgateError):
    """A compiled pipeline that a cluster or the local runner cannot run."""


class ClusterError(QuantgateError):
    """The cluster is unreachable, refuses a request, or lost a run or its results."""


class StepFailed(QuantgateError):
    """A task of the pipeline failed."""


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Add the file name to an OSError that lacks one, as after a write to an open file."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
