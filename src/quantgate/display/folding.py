"""Conversion of the task tree to lines, folded to fit the terminal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from quantgate.display.tree import ENDED, Node


@dataclass(frozen=True)
class Line:
    """A line of the tree, for one node or for several merged ones.

    Attributes:
        depth: depth in the tree, from 0.
        label: name of the node, or the number of merged tasks.
        standing: state of the node, one of `words.MARKS`.
        says: text after the label, such as the time.
    """

    depth: int
    label: str
    standing: str
    says: str


@dataclass(frozen=True)
class _Folding:
    """A way to shorten the tree.

    Attributes:
        folds: whether a branch becomes one line.
        merges: whether neighbours that have ended, or that wait, become one line.
    """

    folds: Callable[[Node], bool]
    merges: bool = False


def _is_over(node: Node) -> bool:
    return node.standing in ENDED and node.standing != "failed"


def _is_inactive(node: Node) -> bool:
    return _is_over(node) or node.standing == "waiting"


def _has_only_tasks(node: Node) -> bool:
    return not any(child.children for child in node.children.values())


_STEPS = (
    _Folding(lambda node: False),
    _Folding(_is_over),
    _Folding(_is_inactive),
    _Folding(_is_inactive, merges=True),
    _Folding(_has_only_tasks, merges=True),
    _Folding(lambda node: True, merges=True),
)


def lines_of(root: Node, now: float, height: int) -> list[Line]:
    """Return at most `height` lines for the nodes below a root.

    If there are too many lines, the tree is shortened step by step until it fits. First, branches
    that have ended become one line each, then branches that wait. Then neighbours of these are
    merged. Then branches that have only tasks become one line each, and then all branches. Finally,
    the remaining lines are cut.
    """
    lines: list[Line] = []
    for folding in _STEPS:
        lines = list(_lines(root, now, folding, depth=0))
        if len(lines) <= height:
            return lines
    kept = max(0, height - 1)
    return [*lines[:kept], Line(0, f"and {len(lines) - kept} more", "waiting", "")][:height]


def _lines(node: Node, now: float, folding: _Folding, depth: int) -> Iterator[Line]:
    for kind, group in groupby(node.children.values(), _kind if folding.merges else _none):
        nodes = list(group)
        if kind and len(nodes) > 1:
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
