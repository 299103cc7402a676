"""The order that the runner writes for a task's process."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quantgate.errors import naming


@dataclass(frozen=True)
class Job:
    """An order to a task's process: a command, or a function in a source file.

    Attributes:
        log: file for the output of the task.
        folder: the working directory.
        failure: file for the sentence that explains a failure.
        environment: environment variables to set.
        unset: environment variables to remove.
        command: the command and its arguments. Empty for a function.
        source: Python file with the function.
        function: name of the function.
        executor_input: the inputs and outputs for KFP's executor.
        time_limit_s: seconds after which the process is ended. 0 means no limit.
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
        """Write the order to a file, for `run_job`."""
        with naming(path):
            path.write_text(json.dumps(asdict(self), sort_keys=True), "utf-8")


def read_job(path: Path) -> Job:
    """Read an order from its file."""
    return Job(**json.loads(path.read_text("utf-8")))
