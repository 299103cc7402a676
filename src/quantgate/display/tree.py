"""The tasks of a run as a tree, with pipelines and loops as branches."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quantgate.display.names import candidate_of, shard_of
from quantgate.display.words import elapsed, share, standing_of

if TYPE_CHECKING:
    from quantgate.local_runner import Event, PlannedTask, TaskResult

#: Final states.
ENDED = frozenset({"cached", "succeeded", "failed", "skipped"})


@dataclass
class Node:
    """A task or a branch of tasks.

    Attributes:
        label: the name.
        children: the nodes below, by key.
        own_standing: state of a task, one of `words.MARKS` or "loading".
        began: when the task started, or its libraries began to load, in seconds of a monotonic
            clock.
        ended: when the task ended, in seconds of a monotonic clock.
        seconds: duration of the task.
        progress: number of processed items, and their total if it is known.
    """

    label: str
    children: dict[str, "Node"] = field(default_factory=dict)
    own_standing: str = "waiting"
    began: float | None = None
    ended: float | None = None
    seconds: float = 0.0
    progress: tuple[int, int | None] | None = None

    def leaves(self) -> Iterator["Node"]:
        """Yield the tasks below, or the node itself if it is a task."""
        if not self.children:
            yield self
        for child in self.children.values():
            yield from child.leaves()

    @property
    def standing(self) -> str:
        """The state, one of `words.MARKS`. A branch's state is derived from its tasks."""
        standings = {leaf.own_standing for leaf in self.leaves()}
        for word in ("failed", "running"):
            if word in standings:
                return word
        if "loading" in standings:
            return "running"
        if len(standings) == 1:
            return standings.pop()
        return "succeeded" if standings <= ENDED else "running" if standings & ENDED else "waiting"

    def says(self, now: float) -> str:
        """Return a text with the state, the time and the progress."""
        return self._branch_says() if self.children else self._task_says(now)

    def _branch_says(self) -> str:
        standings = Counter(leaf.own_standing for leaf in self.leaves())
        ended = sum(standings[word] for word in ENDED)
        failed = f", {standings['failed']} failed" if standings["failed"] else ""
        if len(standings) == 1:
            (word,) = standings
            return self._time_of_all() if word == "succeeded" else word
        if ended < standings.total():
            return f"{ended}/{standings.total()} tasks{failed}"
        return f"{standings.total()} tasks{failed}" if failed else self._time_of_all()

    def _time_of_all(self) -> str:
        """Return the time from the first start to the last end."""
        starts = [leaf.began for leaf in self.leaves() if leaf.began is not None]
        ends = [leaf.ended for leaf in self.leaves() if leaf.ended is not None]
        return f"{max(ends) - min(starts):.1f} s" if starts and ends else "done"

    def _task_says(self, now: float) -> str:
        since = elapsed(now - (self.began if self.began is not None else now))
        if self.own_standing == "loading":
            return f"loading libraries  {since}"
        if self.own_standing == "running":
            return f"{since}  {share(*self.progress)}" if self.progress else since
        return f"{self.seconds:.1f} s" if self.own_standing == "succeeded" else self.own_standing


class Tree:
    """The tree of all tasks that events were about."""

    def __init__(self) -> None:
        self.root = Node("")

    def note(self, event: "Event", now: float) -> None:
        """Update the tree with an event at the given time."""
        from quantgate.local_runner.records import events

        match event:
            case events.RunStarted(_, tasks):
                for task in tasks:
                    self._node(task)
            case events.TaskWaiting(task) | events.TaskLoaded(task):
                self._node(task).own_standing = "waiting"
            case events.TaskLoading(task) | events.TaskStarted(task):
                node = self._node(task)
                node.own_standing = (
                    "loading" if isinstance(event, events.TaskLoading) else "running"
                )
                node.began = now
            case events.TaskProgress(task, done, total):
                self._node(task).progress = (done, total)
            case events.TaskRetried(task, _, _):
                self._node(task).progress = None
            case events.TaskEnded(task, result):
                _end(self._node(task), result, now)

    def _node(self, task: "PlannedTask") -> Node:
        *branches, key = task.path
        node = self.root
        for branch, label in _labelled(branches, candidate_of(task), shard_of(task), task):
            node = node.children.setdefault(branch, Node(label))
        return node.children.setdefault(key, Node(task.display_name))


def _labelled(
    branches: list[str], candidate: str | None, shard: str | None, task: "PlannedTask"
) -> list[tuple[str, str]]:
    """Return keys and labels of branches. All loops over candidates share one branch."""
    if shard is not None:
        *outer_branches, loop, iteration = branches
        shards = [(loop, _of_all_shards(task.display_name)), (f"{loop}/{iteration}", shard)]
        return [*_labelled(outer_branches, candidate, None, task), *shards]
    if candidate is None:
        return [(part, part) for part in branches]
    *around, loop, iteration = branches
    outer = [(part, part) for part in around]
    return [*outer, ("candidates", "candidates"), (f"{loop}/{iteration}", candidate)]


def _of_all_shards(name: str) -> str:
    """Return `Calibrate shards` for a task `Calibrate shard`."""
    return f"{name}s" if name.endswith(" shard") else "shards"


def _end(node: Node, result: "TaskResult", now: float) -> None:
    node.own_standing, node.seconds, node.ended = standing_of(result), result.seconds, now
