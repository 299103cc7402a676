"""The places of tasks: folders, names and logs."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quantgate.foundation.hashing import sha256_of_json
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.records.results import PlannedTask

#: Longest file name of a log. File systems take 255 bytes, and kfp's names are ASCII.
_LONGEST_NAME = 240


@dataclass(frozen=True)
class Place:
    """The place of a task: the pipelines around it and the iterations of the loops around it.

    Loops, branches and exit handlers add to the folder, but not to the name: kfp numbers the tasks
    of a pipeline across all of them.

    Attributes:
        folder: of its outputs, below that of the run.
        names: the keys of the pipelines around it, and its own.
        iterations: the number of the iteration in each loop around it.
        items: the item of each such iteration, as JSON.
    """

    folder: Path = Path()
    names: tuple[str, ...] = ()
    iterations: tuple[int, ...] = ()
    items: tuple[str, ...] = ()

    def task(self, key: str) -> "Place":
        """Return the place of a task, by its key, in the pipeline at this place."""
        return replace(self, folder=self.folder / key, names=(*self.names, key))

    def within(self, task: TaskNode) -> "Place":
        """Return the place of a task, or of the tasks inside it, in the pipeline at this place."""
        if task.is_with_block:
            return replace(self, folder=self.folder / task.key)
        return self.task(task.key)

    def iteration(self, index: int | None, item: object) -> "Place":
        """Return the place of an iteration of the loop at this place, or itself without one."""
        if index is None:
            return self
        return replace(
            self,
            folder=self.folder / str(index),
            iterations=(*self.iterations, index),
            items=(*self.items, json.dumps(item, sort_keys=True)),
        )

    @property
    def name(self) -> str:
        """The name of the task, for example "train.quantize"."""
        return ".".join(self.names)

    @property
    def log_name(self) -> str:
        """The file name of the task's log, for example "quantize.0.log". A long one is cut."""
        name = ".".join([*self.names, *map(str, self.iterations), "log"])
        if len(name) <= _LONGEST_NAME:
            return name
        return f"{sha256_of_json(name)[:8]}...{name[-_LONGEST_NAME // 2 :]}"

    @property
    def slot(self) -> str:
        """An identifier that stays the same from run to run, even if a loop gets more items."""
        return json.dumps([self.name, *self.items])

    def planned(
        self,
        task: TaskNode,
        waits_for: tuple[str, ...] = (),
        only_if: str | None = None,
        skipped: str | None = None,
    ) -> PlannedTask:
        """Return the record of the task at this place."""
        return PlannedTask(
            self.name,
            task.display_name,
            self.iterations[-1] if self.iterations else None,
            waits_for,
            path=self.folder.parts,
            only_if=only_if,
            skipped=skipped,
            item=self._item,
        )

    @property
    def _item(self) -> Any:
        """The item of the innermost loop, with the keys of the items around it."""
        items = [json.loads(item) for item in self.items]
        if items and all(isinstance(item, dict) for item in items):
            return {key: value for item in items for key, value in item.items()}
        return items[-1] if items else None
