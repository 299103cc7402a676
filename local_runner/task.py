"""Run one task, with its retries, in a process of its own."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from quantgate.local_runner.child import Job
from quantgate.local_runner.container import python_function
from quantgate.local_runner.importer import import_artifacts
from quantgate.local_runner.inputs import complete
from quantgate.local_runner.launcher import executor_input, read_outputs
from quantgate.local_runner.placeholders import (
    Lookup,
    executor_lookup,
    expand_structures,
    fill_text,
)
from quantgate.local_runner.resources import Pool, demand_of
from quantgate.local_runner.server import ForkServer
from quantgate.local_runner.values import TaskError, Values


@dataclass(frozen=True)
class Run:
    """What the tasks of a run share; `folder` takes their outputs, `scratch` what they throw away.

    `server` is None where no task needs a process.
    """

    name: str
    folder: Path
    scratch: Path
    pool: Pool
    server: ForkServer | None
    started: datetime

    def facts(self, task: str) -> dict[str, str]:
        """Return what stands for the placeholders about the run and a task of it."""
        started = self.started.astimezone(timezone.utc).isoformat(timespec="seconds")
        return {
            ".pipeline_root": str(self.folder),
            ".pipeline_job_name": self.name,
            ".pipeline_job_resource_name": self.name,
            ".pipeline_job_uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, self.name)),
            ".pipeline_job_create_time_utc": started,
            ".pipeline_job_schedule_time_utc": started,
            ".pipeline_task_name": task,
            ".pipeline_task_uuid": str(uuid.uuid4()),
        }


class TaskRun:
    """One task of a run: `seconds` counts its work, not its waiting."""

    def __init__(self, run: Run, component: Any, executor: Any, folder: Path, log: Path) -> None:
        self.seconds = 0.0
        self._run = run
        self._component = component
        self._executor = executor
        self._folder = folder
        self._log = log

    async def outputs(
        self, inputs: Values, facts: dict[str, str], retries: Any, started: Callable[[], None]
    ) -> Values:
        """Run the task until it succeeds or its retries are used up, and return its outputs.

        Args:
            inputs: the task's inputs, without defaults.
            facts: from `Run.facts`.
            retries: the task's `RetryPolicy`.
            started: called once, when the task has got a processor.

        Raises:
            TaskError: it failed.
        """
        inputs = complete(self._component, inputs)
        if self._executor.HasField("importer"):
            started()
            return import_artifacts(self._component, self._executor.importer, inputs)
        server = self._run.server
        if server is None:
            raise TaskError("it needs a process, and the run has no server for it")
        await server.imported()
        document = executor_input(self._component, inputs, self._folder)
        lookup = executor_lookup(document, facts)
        demand = demand_of(self._executor.container.resources, lookup)
        for attempt in range(retries.max_retry_count + 1):
            async with self._run.pool.take(demand):
                if attempt == 0:
                    started()
                try:
                    return await self._attempt(server, document, lookup)
                except TaskError as error:
                    if attempt == retries.max_retry_count:
                        raise
                    self._note(f"attempt {attempt + 1} failed: {error}")
            await asyncio.sleep(_pause(retries, attempt))
        raise TaskError("its retry policy allows no attempt")

    async def _attempt(
        self, server: ForkServer, document: dict[str, Any], lookup: Lookup
    ) -> Values:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        began = time.monotonic()
        try:
            await self._run_process(server, document, lookup)
        finally:
            self.seconds += time.monotonic() - began
        outputs, warnings = read_outputs(self._component, self._folder)
        for warning in warnings:
            self._note(f"warning: {warning}")
        return outputs

    async def _run_process(
        self, server: ForkServer, document: dict[str, Any], lookup: Lookup
    ) -> None:
        with tempfile.TemporaryDirectory(
            dir=self._run.scratch, ignore_cleanup_errors=True
        ) as scratch:
            folder = Path(scratch)
            order = folder / "job.json"
            job = self._job(document, lookup, folder)
            job.write(order)
            status = await server.run(order)
            if status != 0:
                raise TaskError(_sentence(Path(job.failure), status))

    def _job(self, document: dict[str, Any], lookup: Lookup, scratch: Path) -> Job:
        work = scratch / "work"
        work.mkdir()
        container = self._executor.container
        function = python_function(container)
        source = scratch / "ephemeral_component.py"
        if function:
            source.write_text(function.source, "utf-8")
            if function.installs_packages:
                self._note("pip is not called; the task uses the packages of this environment")
        environment = {item.name: fill_text(item.value, lookup) for item in container.env}
        return Job(
            log=str(self._log),
            folder=str(work),
            failure=str(scratch / "failure"),
            environment={
                **os.environ,
                "TMPDIR": str(scratch),
                "_KFP_RUNTIME": "true",
                **environment,
            },
            command=[] if function else _command(container, document, lookup),
            source=str(source),
            function=function.name if function else "",
            executor_input=document,
        )

    def _note(self, sentence: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"[local runner] {sentence}\n")


def _command(container: Any, document: dict[str, Any], lookup: Lookup) -> list[str]:
    inputs = document["inputs"]
    given = inputs["parameterValues"].keys() | inputs["artifacts"].keys()
    items = expand_structures([*container.command, *container.args], given.__contains__)
    return [fill_text(item, lookup) for item in items]


def _pause(retries: Any, attempt: int) -> float:
    """Return the seconds between a failed attempt, counted from 0, and the next."""
    first = retries.backoff_duration.ToTimedelta().total_seconds()
    longest = retries.backoff_max_duration.ToTimedelta().total_seconds()
    pause = first * (retries.backoff_factor or 1.0) ** attempt
    return float(min(pause, longest) if longest else pause)


def _sentence(failure: Path, status: int) -> str:
    if failure.is_file():
        return failure.read_text("utf-8")
    if status > 0:
        return f"ended with exit code {status}"
    name = signal.Signals(-status).name
    hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"crashed with {name}{hint}"
