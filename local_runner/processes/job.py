"""An order to a task's process, as the runner writes it and the process reads it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quantgate.errors import naming


@dataclass(frozen=True)
class Job:
    """An order to a task's process: a command, or a function in a source file.

    `unset` names variables that its process must not have; `failure` is the file that takes the
    sentence about what went wrong; `time_limit_s` is 0 where the process may run for as long as
    it likes.
    """

    log: str
    folder: str
    failure: str
    environment: dict[str, str]
    unset: list[str]
    command: list[str]
    source: str = ""
    function: str = ""
    executor_input: dict[str, Any] | None = None
    time_limit_s: float = 0.0

    def write(self, path: Path) -> None:
        """Store the order for `run_job`."""
        with naming(path):
            path.write_text(json.dumps(asdict(self), sort_keys=True), "utf-8")


def read_job(path: Path) -> Job:
    """Read a stored order."""
    return Job(**json.loads(path.read_text("utf-8")))
