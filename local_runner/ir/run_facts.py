"""The facts about a run that KFP's driver fills into constants."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timezone

#: Placeholders that KFP's driver fills in, if one is the whole constant.
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
class RunFacts:
    """The identity of a run.

    Attributes:
        name: unique among runs.
        started: its start, in UTC.
    """

    name: str
    started: datetime

    @classmethod
    def now(cls, pipeline: str) -> "RunFacts":
        """Return the facts of a run of a pipeline that starts now."""
        return cls(f"{pipeline}-{uuid.uuid4().hex[:8]}", datetime.now(timezone.utc))

    def of_task(self, key: str) -> dict[str, str]:
        """Return the value of each placeholder in `RUN_FACTS`, for one task."""
        started = self.started.isoformat(timespec="seconds")
        job = str(uuid.uuid5(uuid.NAMESPACE_OID, self.name))
        facts = (self.name, self.name, job, started, started, key, str(uuid.uuid4()))
        return dict(zip(RUN_FACTS, facts, strict=True))
