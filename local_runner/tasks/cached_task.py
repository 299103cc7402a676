"""A task whose outputs may be in the cache already, run or only looked up."""

import asyncio
from dataclasses import dataclass

from quantgate.local_runner.cache.cache import Cache, Files
from quantgate.local_runner.cache.eligibility import may_be_kept
from quantgate.local_runner.cache.key import key_of
from quantgate.local_runner.ir.inputs import complete
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.records.events import Teller
from quantgate.local_runner.records.results import Artifact
from quantgate.local_runner.tasks.importer import import_artifacts
from quantgate.local_runner.tasks.plan import display_name
from quantgate.local_runner.tasks.step import Run, Step
from quantgate.local_runner.tasks.task import TaskRun

#: Metadata of an output that holds for this one try, as where time or memory ran out.
PROVISIONAL = "provisional"


@dataclass(frozen=True)
class _Keyed:
    """A step, and what its result rests on."""

    key: str
    slot: str
    title: str
    ingredients: dict[str, str]


async def _keyed(cache: Cache, run: Run, step: Step) -> _Keyed | None:
    """Return what a step is found by; None where it must not be kept, or an input is unreadable."""
    container = step.executor.container
    if not step.executor.HasField("container") or not may_be_kept(step.spec, container):
        return None
    inputs = complete(step.component, step.inputs)
    try:
        ingredients = await asyncio.to_thread(
            cache.ingredients.of, step.component, container, inputs, step.secrets
        )
    except OSError:
        return None
    slot = f"{run.folder.name} {step.place.slot}"
    return _Keyed(key_of(ingredients), slot, display_name(step.spec), ingredients)


class CachedTask:
    """Takes the outputs from the cache, or runs the task and keeps them."""

    def __init__(self, cache: Cache, run: Run, step: Step) -> None:
        self.cached = False
        self._cache = cache
        self._run = run
        self._step = step
        self._task = TaskRun(run, step)
        self._files = Files(run.folder / step.place.folder, step.log)

    @property
    def seconds(self) -> float:
        """Seconds that the task ran; 0 where its outputs were there."""
        return self._task.seconds

    async def outputs(self, teller: Teller) -> Values:
        """Return the outputs of the task; two tasks of a run that rest on the same run once.

        Raises:
            TaskError: it failed.
        """
        keyed = await _keyed(self._cache, self._run, self._step)
        if keyed is None:
            return await self._task.outputs(teller)
        async with self._cache.lock(keyed.key):
            outputs = await asyncio.to_thread(self._restored, keyed)
            if outputs is None:
                outputs = await self._task.outputs(teller)
                await asyncio.to_thread(self._keep, keyed, outputs)
            if not _is_provisional(outputs):
                self._cache.note(keyed.slot, keyed.ingredients)
        return outputs

    def _restored(self, keyed: _Keyed) -> Values | None:
        found = self._cache.find(keyed.key, keyed.title)
        if found is None:
            return None
        self.cached = True
        return found.restore(self._files)

    def _keep(self, keyed: _Keyed, outputs: Values) -> None:
        if _is_provisional(outputs):
            self._task.note("not kept in the cache: the task says that its result is provisional")
            return
        why_not = self._cache.keep(keyed.key, keyed.title, self.seconds, outputs, self._files)
        if why_not:
            self._task.note(f"not kept in the cache: {why_not}")


def _is_provisional(outputs: Values) -> bool:
    """Whether the metadata of an output say that another try may end otherwise."""
    return any(
        isinstance(artifact, Artifact) and artifact.metadata.get(PROVISIONAL) == "true"
        for artifact in outputs.artifacts.values()
    )


class Rehearsal:
    """Only looks a task up; one that would run is an error that says why."""

    seconds = 0.0
    cached = True

    def __init__(self, cache: Cache | None, run: Run, step: Step) -> None:
        self._cache = cache
        self._run = run
        self._step = step

    async def outputs(self, teller: Teller) -> Values:
        """Return the outputs where the cache has them.

        Raises:
            TaskError: why the task would run.
        """
        step = self._step
        if step.executor.HasField("importer"):
            inputs = complete(step.component, step.inputs)
            importer, sources = step.executor.importer, self._run.sources
            return await import_artifacts(step.component, importer, inputs, sources)
        if self._cache is None:
            raise TaskError("the cache is off")
        keyed = await _keyed(self._cache, self._run, step)
        if keyed is None:
            raise TaskError("it runs every time")
        found = self._cache.find(keyed.key, keyed.title)
        if found is None:
            raise TaskError(self._cache.explain(keyed.slot, keyed.ingredients))
        return found.values()
