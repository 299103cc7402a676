"""Run one task, with its retries, in a process of its own."""

import asyncio
import math
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from quantgate.errors import naming
from quantgate.foundation.files import empty_folder
from quantgate.local_runner.ir.container import imports, python_function
from quantgate.local_runner.ir.inputs import complete
from quantgate.local_runner.ir.placeholders import (
    Lookup,
    executor_lookup,
    expand_structures,
    fill_text,
)
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.processes.failure import why_ended
from quantgate.local_runner.processes.job import Job
from quantgate.local_runner.processes.resources import demand_of
from quantgate.local_runner.processes.server import ForkServer
from quantgate.local_runner.processes.threads import bounded
from quantgate.local_runner.records.events import Teller
from quantgate.local_runner.tasks.importer import import_artifacts
from quantgate.local_runner.tasks.launcher import executor_input, read_outputs
from quantgate.local_runner.tasks.progress import VARIABLE, watched
from quantgate.local_runner.tasks.step import Run, Step

#: In place of an image: commands import nothing here, whatever their image.
OF_COMMANDS = ""


class TaskRun:
    """The work of a task in a process of its own."""

    def __init__(self, run: Run, step: Step) -> None:
        self.seconds = 0.0
        self.cached = False
        self._run = run
        self._step = step
        self._component = step.component
        self._executor = step.executor
        self._folder = run.folder / step.place.folder
        self._log = step.log
        self._threads = 1

    async def outputs(self, teller: Teller) -> Values:
        """Run the task until it succeeds or its retries are used up, and return its outputs.

        Raises:
            TaskError: it failed.
        """
        inputs = complete(self._component, self._step.inputs)
        if self._executor.HasField("importer"):
            teller.started()
            return await import_artifacts(
                self._component, self._executor.importer, inputs, self._run.sources, self._log
            )
        server = await self._server()
        retries = self._step.spec.retry_policy
        document = executor_input(self._component, inputs, self._folder)
        lookup = executor_lookup(document)
        demand = demand_of(self._executor.container.resources, lookup)
        self._threads = self._run.pool.threads(demand)
        for attempt in range(retries.max_retry_count + 1):
            async with self._run.pool.take(demand):
                if attempt == 0:
                    teller.started()
                try:
                    return await self._attempt(server, document, lookup, teller)
                except TaskError as error:
                    if attempt == retries.max_retry_count:
                        raise
                    self.note(f"attempt {attempt + 1} failed: {error}")
                    teller.retried(attempt + 1, str(error))
            await asyncio.sleep(pause(retries, attempt))
        raise TaskError("its retry policy allows no attempt")

    async def _server(self) -> ForkServer:
        container = self._executor.container
        function = python_function(container)
        if not function:
            return await self._run.servers.of(OF_COMMANDS)
        self._run.foresight.task_comes(self._step.spec.component_ref.name)
        server = await self._run.servers.of(container.image)
        await server.load(imports(function.source))
        return server

    async def _attempt(
        self, server: ForkServer, document: dict[str, Any], lookup: Lookup, teller: Teller
    ) -> Values:
        empty_folder(self._folder)
        began = time.monotonic()
        try:
            outputs, warnings = await self._run_process(server, document, lookup, teller)
        finally:
            self.seconds += time.monotonic() - began
        for warning in warnings:
            self.note(f"warning: {warning}")
        return outputs

    async def _run_process(
        self, server: ForkServer, document: dict[str, Any], lookup: Lookup, teller: Teller
    ) -> tuple[Values, list[str]]:
        with tempfile.TemporaryDirectory(
            dir=self._run.scratch, ignore_cleanup_errors=True
        ) as scratch:
            folder = Path(scratch)
            order = folder / "job.json"
            job = self._job(document, lookup, folder)
            job.write(order)
            async with watched(Path(job.environment[VARIABLE]), teller.progress):
                status = await server.run(order)
            if status != 0:
                written = (folder, self._folder, self._log.parent)
                raise why_ended(Path(job.failure), status, written, self._step.time_limit_s)
            return read_outputs(self._component, self._folder, Path(job.folder))

    def _job(self, document: dict[str, Any], lookup: Lookup, scratch: Path) -> Job:
        work = scratch / "work"
        work.mkdir()
        container = self._executor.container
        function = python_function(container)
        source = scratch / "ephemeral_component.py"
        if function:
            with naming(source):
                source.write_text(function.source, "utf-8")
            if function.installs_packages:
                self.note("pip is not called; the task uses the packages of this environment")
        environment = self._environment(scratch)
        return Job(
            log=str(self._log),
            folder=str(work),
            failure=str(scratch / "failure"),
            environment=environment,
            unset=[name for name in self._step.secrets if name not in environment],
            command=[] if function else _command(container, document, lookup),
            source=str(source),
            function=function.name if function else "",
            executor_input=document,
            time_limit_s=self._step.time_limit_s or 0.0,
        )

    def _environment(self, scratch: Path) -> dict[str, str]:
        secrets = self._step.secrets
        around = {**bounded(self._threads), **os.environ}
        return {
            **{name: value for name, value in around.items() if name not in secrets},
            "TMPDIR": str(scratch),
            "_KFP_RUNTIME": "true",
            VARIABLE: str(scratch / "progress"),
            **{item.name: item.value for item in self._executor.container.env},
            **{name: secret.text for name, secret in secrets.items() if secret},
        }

    def note(self, sentence: str) -> None:
        """Add a line to the task's log."""
        with (
            naming(self._log),
            self._log.open("a", encoding="utf-8", errors="backslashreplace") as log,
        ):
            log.write(f"[local runner] {sentence}\n")


def _command(container: Any, document: dict[str, Any], lookup: Lookup) -> list[str]:
    inputs = document["inputs"]
    given = inputs["parameterValues"].keys() | inputs["artifacts"].keys()
    items = expand_structures([*container.command, *container.args], given.__contains__)
    return [fill_text(item, lookup) for item in items]


def pause(retries: Any, attempt: int) -> float:
    """Return the seconds between a failed attempt, counted from 0, and the next."""
    first = retries.backoff_duration.ToTimedelta().total_seconds()
    longest = retries.backoff_max_duration.ToTimedelta().total_seconds()
    try:
        pause = first * (retries.backoff_factor or 1.0) ** attempt
    except OverflowError:
        pause = math.inf if first else 0.0
    return float(min(pause, longest) if longest else pause)
