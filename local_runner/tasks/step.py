"""What a run's tasks share, and what a task is once its inputs are there."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

from quantgate.local_runner.ir.secrets import Secrets, SecretValue
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.processes.resources import Pool
from quantgate.local_runner.processes.servers import Servers
from quantgate.local_runner.records.events import Teller
from quantgate.local_runner.storage.sources import Sources
from quantgate.local_runner.tasks.plan import Place
from quantgate.local_runner.tasks.preload import Foresight

#: Placeholders that KFP's driver fills in, where one is a whole constant.
RUN_FACTS = (
    ".pipeline_job_name",
    ".pipeline_job_resource_name",
    ".pipeline_job_uuid",
    ".pipeline_job_create_time_utc",
    ".pipeline_job_schedule_time_utc",
    ".pipeline_task_name",
    ".pipeline_task_uuid",
)


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
    secrets: Secrets
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
        secrets: Secrets,
    ) -> "Run":
        """Return a run that starts now, under a name of its own."""
        name = f"{pipeline}-{uuid.uuid4().hex[:8]}"
        now = datetime.now(timezone.utc)
        return cls(name, root / pipeline, scratch, pool, servers, foresight, sources, secrets, now)

    def facts(self, task: str) -> dict[str, str]:
        """Return what stands for the placeholders that KFP's driver knows, for one task."""
        started = self.started.astimezone(timezone.utc).isoformat(timespec="seconds")
        job = str(uuid.uuid5(uuid.NAMESPACE_OID, self.name))
        facts = (self.name, self.name, job, started, started, task, str(uuid.uuid4()))
        return dict(zip(RUN_FACTS, facts, strict=True))


@dataclass(frozen=True)
class Step:
    """A task whose inputs are there.

    Attributes:
        spec: its `PipelineTaskSpec`.
        component: its `ComponentSpec`.
        executor: its `ExecutorSpec`.
        place: where it stands in the pipeline.
        log: file that takes what it prints.
        inputs: without defaults.
        time_limit_s: seconds that an attempt may take.
        secrets: by environment variable; None for one that is not set.
    """

    spec: Any
    component: Any
    executor: Any
    place: Place
    log: Path
    inputs: Values
    time_limit_s: float | None
    secrets: Mapping[str, SecretValue | None]


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
