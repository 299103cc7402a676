"""The tree of tasks, and its folding."""

from dataclasses import replace

import pytest

from quantgate.display.folding import lines_of
from quantgate.display.names import title_of
from quantgate.display.tree import Tree
from quantgate.display.words import elapsed, share
from quantgate.local_runner.records.events import (
    RunStarted,
    TaskLoaded,
    TaskLoading,
    TaskProgress,
    TaskRetried,
    TaskStarted,
)

PATHS = [
    ("convert",),
    ("build",),
    ("for-loop-1", "0", "quantize"),
    ("for-loop-1", "0", "evaluate"),
    ("for-loop-1", "1", "quantize"),
    ("for-loop-1", "1", "evaluate"),
    ("gate",),
    ("promote",),
]


@pytest.fixture
def tasks(task):
    return [task(*path) for path in PATHS]


@pytest.fixture
def tree(tasks):
    """Two tasks are over, one candidate is done and the other under way."""
    tree = Tree()
    tree.note(RunStarted("p", tuple(tasks)), 0.0)
    return tree


@pytest.fixture
def half_way(tree, tasks, ended, tmp_path):
    for number in (0, 1, 2, 3):
        tree.note(TaskStarted(tasks[number], tmp_path), number)
        tree.note(ended(tasks[number]), number + 1.5)
    tree.note(TaskStarted(tasks[4], tmp_path), 10.0)
    tree.note(TaskProgress(tasks[4], 1200, 10_000), 11.0)
    return tree


def drawn(tree, height=100, now=75.0):
    return [
        f"{'  ' * line.depth}{line.label}: {line.standing}: {line.says}"
        for line in lines_of(tree.root, now, height)
    ]


def test_loops_are_branches_and_iterations_have_the_names_of_candidates(tree):
    assert drawn(tree) == [
        "Convert: waiting: waiting",
        "Build: waiting: waiting",
        "candidates: waiting: waiting",
        "  small: waiting: waiting",
        "    Quantize: waiting: waiting",
        "    Evaluate: waiting: waiting",
        "  exact: waiting: waiting",
        "    Quantize: waiting: waiting",
        "    Evaluate: waiting: waiting",
        "Gate: waiting: waiting",
        "Promote: waiting: waiting",
    ]


def test_several_loops_over_candidates_are_one_branch(task):
    keys = ("small", "for-loop-2", "0"), ("exact", "for-loop-4", "0")
    tree = Tree()
    tasks = [
        replace(task(loop, number, "quantize"), item={"candidate": name})
        for name, loop, number in keys
    ]
    tree.note(RunStarted("p", (*tasks, task("gate"))), 0.0)
    assert [line.split(":")[0] for line in drawn(tree)] == [
        "candidates",
        "  small",
        "    Quantize",
        "  exact",
        "    Quantize",
        "Gate",
    ]


FOLDED = {
    11: [
        "Convert: succeeded: 1.5 s",
        "Build: succeeded: 1.5 s",
        "candidates: running: 2/4 tasks",
        "  small: succeeded: 2.5 s",
        "    Quantize: succeeded: 1.5 s",
        "    Evaluate: succeeded: 1.5 s",
        "  exact: running: 0/2 tasks",
        "    Quantize: running: 1:05  1,200/10,000",
        "    Evaluate: waiting: waiting",
        "Gate: waiting: waiting",
        "Promote: waiting: waiting",
    ],
    10: [
        "Convert: succeeded: 1.5 s",
        "Build: succeeded: 1.5 s",
        "candidates: running: 2/4 tasks",
        "  small: succeeded: 2.5 s",
        "  exact: running: 0/2 tasks",
        "    Quantize: running: 1:05  1,200/10,000",
        "    Evaluate: waiting: waiting",
        "Gate: waiting: waiting",
        "Promote: waiting: waiting",
    ],
    8: [
        "2 tasks: succeeded: done",
        "candidates: running: 2/4 tasks",
        "  small: succeeded: 2.5 s",
        "  exact: running: 0/2 tasks",
        "    Quantize: running: 1:05  1,200/10,000",
        "    Evaluate: waiting: waiting",
        "2 tasks: waiting: waiting",
    ],
    6: [
        "2 tasks: succeeded: done",
        "candidates: running: 2/4 tasks",
        "  small: succeeded: 2.5 s",
        "  exact: running: 0/2 tasks",
        "2 tasks: waiting: waiting",
    ],
    4: [
        "2 tasks: succeeded: done",
        "candidates: running: 2/4 tasks",
        "2 tasks: waiting: waiting",
    ],
    2: ["2 tasks: succeeded: done", "and 2 more: waiting: "],
}


@pytest.mark.parametrize("height", FOLDED)
def test_ended_branches_are_folded_before_running_ones(half_way, height):
    assert drawn(half_way, height) == FOLDED[height]


@pytest.mark.parametrize("height", range(12))
def test_there_are_never_more_lines_than_fit(half_way, height):
    assert len(drawn(half_way, height)) <= height


def test_a_branch_with_a_failure_failed_and_stays_open(tree, tasks, ended):
    tree.note(ended(tasks[2], "FAILED", error="no"), 1.0)
    tree.note(ended(tasks[3], "SKIPPED"), 1.0)
    assert drawn(tree, 10)[2:6] == [
        "candidates: failed: 2/4 tasks, 1 failed",
        "  small: failed: 2 tasks, 1 failed",
        "    Quantize: failed: failed",
        "    Evaluate: skipped: skipped",
    ]


def test_cached_tasks_and_a_branch_of_them(tree, tasks, ended):
    for number in (0, 2, 3):
        tree.note(ended(tasks[number], cached=True), 1.0)
    lines = drawn(tree)
    assert lines[0] == "Convert: cached: cached"
    assert lines[3] == "  small: cached: cached"


def test_a_task_that_loads_its_libraries_says_so_and_then_waits(tree, tasks):
    tree.note(TaskLoading(tasks[2]), 10.0)
    assert drawn(tree)[2:5] == [
        "candidates: running: 0/4 tasks",
        "  small: running: 0/2 tasks",
        "    Quantize: running: loading libraries  1:05",
    ]
    tree.note(TaskLoaded(tasks[2]), 20.0)
    assert drawn(tree)[4] == "    Quantize: waiting: waiting"


def test_a_retry_restarts_the_progress(half_way, tasks):
    half_way.note(TaskRetried(tasks[4], 1, "no"), 12.0)
    assert "    Quantize: running: 1:05" in drawn(half_way)


def test_a_pipeline_inside_another_is_a_branch(task):
    tree = Tree()
    tree.note(RunStarted("p", (task("train", "fit"), task("train", "check"))), 0.0)
    assert [line.split(":")[0] for line in drawn(tree)] == ["train", "  Fit", "  Check"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.9, "0 s"), (59, "59 s"), (60, "1:00"), (3727, "1:02:07")]
)
def test_times_are_short(seconds, text):
    assert elapsed(seconds) == text


def test_shares_never_exceed_the_whole():
    assert share(12, None) == "12"
    assert share(1200, 1000) == "1,000/1,000"


def test_shards_are_branches_of_their_candidate(task):
    tree = Tree()
    of_baseline = replace(task("loop-2", "0", "score"), item={"shard": 1, "of": 2})
    path = ("loop-4", "1", "loop-6", "0", "score")
    shards = [
        replace(
            task(*path[:3], str(n), "score"),
            item={"candidate": "a", "shard": n + 1, "of": 2, "round": 1, "rounds": 3},
        )
        for n in range(2)
    ]
    assert [title_of(shard) for shard in (of_baseline, *shards)] == [
        "Score (1 of 2)",
        "Score a (1 of 2, round 1 of 3)",
        "Score a (2 of 2, round 1 of 3)",
    ]
    tree.note(RunStarted("p", (of_baseline, *shards)), 0.0)
    assert [line.split(":")[0] for line in drawn(tree)] == [
        "shards",
        "  1 of 2",
        "    Score",
        "candidates",
        "  a",
        "    shards",
        "      1 of 2, round 1 of 3",
        "        Score",
        "      2 of 2, round 1 of 3",
        "        Score",
    ]


def test_shards_are_named_after_their_task(task):
    tree = Tree()
    shards = [
        replace(task(loop, "0", "x"), display_name=f"{verb} shard", item={"shard": 1, "of": 2})
        for loop, verb in (("loop-2", "Calibrate"), ("loop-4", "Evaluate baseline"))
    ]
    tree.note(RunStarted("p", tuple(shards)), 0.0)
    branches = [line.split(":")[0] for line in drawn(tree) if not line.startswith(" ")]
    assert branches == ["Calibrate shards", "Evaluate baseline shards"]
