"""Run one task, with its retries, in a separate process."""

import asyncio
import math
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.errors import naming
from quantgate.foundation.files import empty_folder
from quantgate.local_runner.ir.container import PythonFunction, imports
from quantgate.local_runner.ir.placeholders import executor_lookup, expand_structures, fill_text
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.processes.failure import why_ended
from quantgate.local_runner.processes.job import Job
from quantgate.local_runner.processes.resources import Pool, demand_of
from quantgate.local_runner.processes.server import ForkServer
from quantgate.local_runner.processes.servers import Servers
from quantgate.local_runner.processes.threads import bounded
from quantgate.local_runner.records.events import Teller
from quantgate.local_runner.tasks.launcher import executor_input, read_outputs
from quantgate.local_runner.tasks.preload import Preload
from quantgate.local_runner.tasks.progress import VARIABLE, watched
from quantgate.local_runner.tasks.step import Outcome, Step
from quantgate.local_runner.tasks.task_log import note

#: The image of commands for `Servers`: they import nothing here, so they share a fork server.
OF_COMMANDS = ""


@dataclass(frozen=True)
class Machine:
    """The parts of this machine that the tasks of a run share.

    Attributes:
        scratch: the folder of their temporary files.
        pool: the processors and the memory.
        servers: the fork servers.
        preload: is notified of every task that runs a function.
    """

    scratch: Path
    pool: Pool
    servers: Servers
    preload: Preload


class ProcessWorker:
    """Runs each task in a separate process."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def work(self, step: Step, teller: Teller) -> Outcome:
        """Run a task until it succeeds or its retries are used up."""
        run = _TaskRun(self._machine, step, teller)
        try:
            outputs = await run.outputs()
        except TaskError as error:
            return Outcome(seconds=run.seconds, error=error)
        return Outcome(outputs, run.seconds)


class _TaskRun:
    """The attempts of one task. `seconds` counts their running time."""

    def __init__(self, machine: Machine, step: Step, teller: Teller) -> None:
        self.seconds = 0.0
        self._machine = machine
        self._step = step
        self._teller = teller
        self._container = step.task.executor.container  # type: ignore[union-attr]
        self._threads = 1

    async def outputs(self) -> Values:
        """Return the outputs of the first attempt that succeeds.

        Raises:
            TaskError: none succeeded.
        """
        server = await self._server()
        retries = self._step.task.spec.retry_policy
        document = executor_input(self._step.task.component, self._step.inputs, self._step.outputs)
        demand = demand_of(self._container.resources, executor_lookup(document))
        self._threads = self._machine.pool.threads(demand)
        for attempt in range(retries.max_retry_count + 1):
            async with self._machine.pool.take(demand):
                if attempt == 0:
                    self._teller.started()
                try:
                    return await self._attempt(server, document)
                except TaskError as error:
                    if attempt == retries.max_retry_count:
                        raise
                    note(self._step.log, f"attempt {attempt + 1} failed: {error}")
                    self._teller.retried(attempt + 1, str(error))
            await asyncio.sleep(pause(retries, attempt))
        raise TaskError("its retry policy allows no attempt")

    async def _server(self) -> ForkServer:
        """Return the fork server of the task's image, with the imports of its function loaded."""
        function = self._step.task.function
        if not function:
            return await self._machine.servers.of(OF_COMMANDS)
        self._machine.preload.task_comes(self._step.task.component_name)
        server = await self._machine.servers.of(self._container.image)
        statements = imports(function.source)
        if not server.has_loaded(statements):
            self._teller.loading()
            await server.load(statements)
            self._teller.loaded()
        return server

    async def _attempt(self, server: ForkServer, document: dict[str, Any]) -> Values:
        empty_folder(self._step.outputs)
        began = time.monotonic()
        try:
            outputs, warnings = await self._run_process(server, document)
        finally:
            self.seconds += time.monotonic() - began
        for warning in warnings:
            note(self._step.log, f"warning: {warning}")
        return outputs

    async def _run_process(
        self, server: ForkServer, document: dict[str, Any]
    ) -> tuple[Values, list[str]]:
        step = self._step
        with tempfile.TemporaryDirectory(
            dir=self._machine.scratch, ignore_cleanup_errors=True
        ) as scratch:
            folder = Path(scratch)
            order = folder / "job.json"
            job = self._job(document, folder)
            job.write(order)
            async with watched(Path(job.environment[VARIABLE]), self._teller.progress):
                status = await server.run(order)
            if status != 0:
                written = (folder, step.outputs, step.log.parent)
                raise why_ended(Path(job.failure), status, written, step.task.time_limit_s)
            return read_outputs(step.task.component, step.outputs, Path(job.folder))

    def _job(self, document: dict[str, Any], scratch: Path) -> Job:
        work = scratch / "work"
        work.mkdir()
        function = self._step.task.function
        source = scratch / "ephemeral_component.py"
        if function:
            self._write_source(function, source)
        environment = self._environment(scratch)
        return Job(
            log=str(self._step.log),
            folder=str(work),
            failure=str(scratch / "failure"),
            environment=environment,
            unset=[name for name in self._step.secrets if name not in environment],
            command=[] if function else _command(self._container, document),
            source=str(source),
            function=function.name if function else "",
            executor_input=document,
            time_limit_s=self._step.task.time_limit_s or 0.0,
        )

    def _write_source(self, function: PythonFunction, path: Path) -> None:
        with naming(path):
            path.write_text(function.source, "utf-8")
        if function.installs_packages:
            note(
                self._step.log,
                "pip is not called. The task uses the packages of this environment",
            )

    def _environment(self, scratch: Path) -> dict[str, str]:
        secrets = self._step.secrets
        around = {**bounded(self._threads), **os.environ}
        return {
            **{name: value for name, value in around.items() if name not in secrets},
            "TMPDIR": str(scratch),
            "_KFP_RUNTIME": "true",
            VARIABLE: str(scratch / "progress"),
            **{item.name: item.value for item in self._container.env},
            **{name: secret.text for name, secret in secrets.items() if secret},
        }


def _command(container: Any, document: dict[str, Any]) -> list[str]:
    inputs = document["inputs"]
    given = inputs["parameterValues"].keys() | inputs["artifacts"].keys()
    items = expand_structures([*container.command, *container.args], given.__contains__)
    lookup = executor_lookup(document)
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
