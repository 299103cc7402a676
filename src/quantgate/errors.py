"""The errors a user can meet, and the exit codes of the command.

QuantgateError            1  something quantgate expected went wrong; the message is for the user
├── UsageError            2  the command line asks for something that cannot be
├── SpecError             3  the spec is invalid; it carries every problem found
├── NothingQualified      4  no candidate keeps the limits
├── InputError            1  a model or data set is not what the spec says it is
├── StorageError          1  storage cannot be reached, refuses, or lacks what it should hold
├── PipelineError         1  a compiled pipeline that a cluster or the local runner cannot run
├── ClusterError          1  the cluster cannot be reached, refuses, or a run came to nothing
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
    """A finding with its place.

    Attributes:
        path: as in `Finding`; empty where the text is not YAML at all.
        line: from 1; None where the value was set on the command line.
        column: in characters, from 1; None where `line` is.
        message: one sentence without a full stop.
        hint: what to do, as sentences.
        override: the `--set` argument that brought the value in.
    """

    path: KeyPath
    line: int | None
    column: int | None
    message: str
    hint: str | None = None
    override: str | None = None


class ExitCode(IntEnum):
    """What `quantgate` ends with; a contract for scripts and CI."""

    OK = 0
    STEP_FAILED = 1
    USAGE = 2
    SPEC_INVALID = 3
    NOTHING_QUALIFIED = 4
    BUG = 70
    INTERRUPTED = 130


class QuantgateError(Exception):
    """An expected failure; `str(error)` says where, what, and what to do."""

    exit_code = ExitCode.STEP_FAILED


class UsageError(QuantgateError):
    """The command line asks for something that cannot be."""

    exit_code = ExitCode.USAGE


class SpecError(QuantgateError):
    """The spec is invalid; `problems` holds what the message shows, in the same order."""

    exit_code = ExitCode.SPEC_INVALID

    def __init__(self, message: str, problems: "tuple[Problem, ...]" = ()) -> None:
        super().__init__(message)
        self.problems = problems


class NothingQualified(QuantgateError):
    """No candidate keeps the limits, so there is nothing to promote."""

    exit_code = ExitCode.NOTHING_QUALIFIED


class InputError(QuantgateError):
    """A model or data set is not what the spec says it is."""


class StorageError(QuantgateError):
    """Storage cannot be reached, refuses a request, or does not hold what it should."""


class PipelineError(QuantgateError):
    """A compiled pipeline that a cluster or the local runner cannot run."""


class ClusterError(QuantgateError):
    """The cluster cannot be reached, refuses what it is asked, or a run of it came to nothing."""


class StepFailed(QuantgateError):
    """A task of the pipeline failed."""


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Let an OSError say which file it is about: of writing to an open one it does not."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
