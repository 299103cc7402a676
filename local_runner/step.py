"""What a run's tasks share, and what a task is once its inputs are there."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

from quantgate.local_runner.events import Teller
from quantgate.local_runner.foresight import Foresight
from quantgate.local_runner.plan import Place
from quantgate.local_runner.resources import Pool
from quantgate.local_runner.servers import Servers
from quantgate.local_runner.sources import Sources
from quantgate.local_runner.values import Values


@dataclass(frozen=True)
class Run:
    """What tasks share.

    Attributes:
        folder: takes their outputs.
        scratch: takes what they throw away.
        foresight: to be told of every task that is not taken from the cache.
    """

    name: str
    folder: Path
    scratch: Path
    pool: Pool
    servers: Servers
    foresight: Foresight
    sources: Sources
    started: datetime

    @classmethod
    def of(
        cls,
        pipeline: str,
        root: Path,
        scratch: Path,
        pool: Pool,
        servers: Servers,
        foresight: Foresight,
        sources: Sources,
    ) -> "Run":
        """Return a run that starts now, under a name of its own."""
        name = f"{pipeline}-{uuid.uuid4().hex[:8]}"
        now = datetime.now(timezone.utc)
        return cls(name, root / pipeline, scratch, pool, servers, foresight, sources, now)

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


@dataclass(frozen=True)
class Step:
    """A task whose inputs are there.

    Attributes:
        spec: its `PipelineTaskSpec`.
        component: its `ComponentSpec`.
        executor: its `ExecutorSpec`.
        place: where it stands in the pipeline.
        log: file that takes what it prints.
        facts: from `Run.facts`.
        inputs: without defaults.
        time_limit_s: seconds that an attempt may take.
    """

    spec: Any
    component: Any
    executor: Any
    place: Place
    log: Path
    facts: dict[str, str]
    inputs: Values
    time_limit_s: float | None


class Work(Protocol):
    """What comes of a step."""

    @property
    def seconds(self) -> float:
        """Seconds spent at work, not waiting."""

    @property
    def cached(self) -> bool:
        """Whether its outputs were there already."""

    async def outputs(self, teller: Teller) -> Values:
        """Return its outputs; the teller is told when it got a processor, if it needs one.

        Raises:
            TaskError: it failed.
        """
