"""Tasks whose outputs may be in the cache, either run or only looked up."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from quantgate.local_runner.cache.cache import Cache, Files
from quantgate.local_runner.cache.eligibility import may_be_kept
from quantgate.local_runner.cache.key import key_of
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.records.events import Teller
from quantgate.local_runner.records.results import Artifact
from quantgate.local_runner.tasks.step import Outcome, Step, Worker
from quantgate.local_runner.tasks.task_log import note

#: Metadata of an output that is only valid for this run, for example after a timeout.
PROVISIONAL = "provisional"


@dataclass(frozen=True)
class _Keyed:
    """A step that may be in the cache.

    Attributes:
        key: of its entry.
        title: its name for people.
        ingredients: everything that its result depends on.
    """

    key: str
    title: str
    ingredients: dict[str, str]


async def _keyed(cache: Cache, step: Step) -> _Keyed | None:
    """Return the key of a step, or None if it must not be kept or an input is unreadable."""
    task = step.task
    container = task.executor.container if task.executor else None
    if container is None or not may_be_kept(task.spec, container):
        return None
    try:
        ingredients = await asyncio.to_thread(
            cache.ingredients.of, task.component, container, step.inputs, step.secrets
        )
    except OSError:
        return None
    return _Keyed(key_of(ingredients), task.display_name, ingredients)


class CachingWorker:
    """Takes outputs from the cache, or lets another worker make them and keeps them.

    Args:
        cache: the run's cache.
        worker: runs the tasks that are not in the cache.
    """

    def __init__(self, cache: Cache, worker: Worker) -> None:
        self._cache = cache
        self._worker = worker
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def work(self, step: Step, teller: Teller) -> Outcome:
        """Return the outcome of a step. Two equal steps of a run are executed once."""
        # Passes of a loop start in its order, so that the longest can come first. They also share
        # most inputs, which are then hashed once.
        async with self._turns[step.task.component_name]:
            keyed = await _keyed(self._cache, step)
        if keyed is None:
            return await self._worker.work(step, teller)
        async with self._cache.lock(keyed.key):
            try:
                outcome = await self._cached(keyed, step)
            except TaskError as error:
                return Outcome(error=error)
            if outcome is None:
                outcome = await self._worker.work(step, teller)
                if not outcome.error:
                    await asyncio.to_thread(self._keep, keyed, step, outcome)
            if not outcome.error and not _is_provisional(outcome.outputs):
                self._cache.note(step.slot, keyed.ingredients)
        return outcome

    async def _cached(self, keyed: _Keyed, step: Step) -> Outcome | None:
        # A thread for a step that is not in the cache could let the next one overtake it.
        if not self._cache.has(keyed.key):
            return None
        return await asyncio.to_thread(self._restored, keyed, step)

    def _restored(self, keyed: _Keyed, step: Step) -> Outcome | None:
        entry = self._cache.find(keyed.key, keyed.title)
        if entry is None:
            return None
        return Outcome(entry.restore(Files(step.outputs, step.log)), cached=True)

    def _keep(self, keyed: _Keyed, step: Step, outcome: Outcome) -> None:
        if _is_provisional(outcome.outputs):
            note(step.log, "not kept in the cache: the task says that its result is provisional")
            return
        files = Files(step.outputs, step.log)
        reason = self._cache.keep(keyed.key, keyed.title, outcome.seconds, outcome.outputs, files)
        if reason:
            note(step.log, f"not kept in the cache: {reason}")


class Rehearsal:
    """Looks tasks up in the cache without running any. A task that would run counts as failed.

    Args:
        cache: the cache that the run would use, or None.
    """

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache

    async def work(self, step: Step, teller: Teller) -> Outcome:
        """Return the outputs from the cache, or the reason why the task would run."""
        if self._cache is None:
            return Outcome(error=TaskError("the cache is off"))
        keyed = await _keyed(self._cache, step)
        if keyed is None:
            return Outcome(error=TaskError("it runs every time"))
        entry = self._cache.find(keyed.key, keyed.title)
        if entry is None:
            return Outcome(error=TaskError(self._cache.explain(step.slot, keyed.ingredients)))
        return Outcome(entry.values(), cached=True)


def _is_provisional(outputs: Values) -> bool:
    """Return whether an output's metadata says that another run may end differently."""
    return any(
        isinstance(artifact, Artifact) and artifact.metadata.get(PROVISIONAL) == "true"
        for artifact in outputs.artifacts.values()
    )
