"""A tree as lines, folded until they fit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from quantgate.display.tree import ENDED, Node


@dataclass(frozen=True)
class Line:
    """A line of the tree: a node, or a number of them that `label` counts."""

    depth: int
    label: str
    standing: str
    says: str


@dataclass(frozen=True)
class _Folding:
    """Which branches become one line, and whether tasks that are still become one."""

    folds: Callable[[Node], bool]
    merges: bool = False


def _is_over(node: Node) -> bool:
    return node.standing in ENDED and node.standing != "failed"


def _is_still(node: Node) -> bool:
    return _is_over(node) or node.standing == "waiting"


_STEPS = (
    _Folding(lambda node: False),
    _Folding(_is_over),
    _Folding(_is_still),
    _Folding(_is_still, merges=True),
    _Folding(lambda node: True, merges=True),
)


def lines_of(root: Node, now: float, height: int) -> list[Line]:
    """Return at most `height` lines for the nodes below a root.

    Where there are too many, branches that are over become one line each, then those that wait,
    then neighbours of these become one line, then every branch; what is left then is cut.
    """
    found: list[Line] = []
    for folding in _STEPS:
        found = list(_lines(root, now, folding, depth=0))
        if len(found) <= height:
            return found
    kept = max(0, height - 1)
    return [*found[:kept], Line(0, f"and {len(found) - kept} more", "waiting", "")][:height]


def _lines(node: Node, now: float, folding: _Folding, depth: int) -> Iterator[Line]:
    for is_still, group in groupby(node.children.values(), _kind if folding.merges else _none):
        nodes = list(group)
        if is_still and len(nodes) > 1:
            yield _merged(nodes, depth)
            continue
        for child in nodes:
            yield Line(depth, child.label, child.standing, child.says(now))
            if not folding.folds(child):
                yield from _lines(child, now, folding, depth + 1)


def _kind(node: Node) -> str:
    if _is_over(node):
        return "succeeded"
    return "waiting" if node.standing == "waiting" else ""


def _none(_: Node) -> str:
    return ""


def _merged(nodes: list[Node], depth: int) -> Line:
    standing = _kind(nodes[0])
    tasks = sum(1 for node in nodes for _ in node.leaves())
    return Line(depth, f"{tasks} tasks", standing, "done" if standing == "succeeded" else standing)
