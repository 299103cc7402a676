"""Rules about outputs that come out of loops and branches."""

from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Task, part, parts, tasks_of
from quantgate.pipelines.lint.findings import Found
from quantgate.pipelines.lint.origins import Kind, Origin, Step, origins_of

_KINDS: tuple[Kind, ...] = ("parameters", "artifacts")


def artifact_iterator(file: PipelineFile) -> Iterator[Found]:
    """Yield loops over artifacts, which no backend compiles."""
    for task in tasks_of(file):
        if "artifactIterator" in task.message:
            yield Found(
                task.place,
                "it loops over artifacts, and a cluster refuses the pipeline",
                "loop over parameters, such as URIs or names, instead",
            )


def nested_list(file: PipelineFile) -> Iterator[Found]:
    """Yield lists of artifacts that are passed into a pipeline, a loop or a branch.

    The driver reads the inputs of a nested DAG back from the metadata store by name, and keeps one
    artifact a name.
    """
    for task in tasks_of(file):
        for name, origin in origins_of(file, task, "artifacts"):
            if origin.loops and task.is_dag and "artifactIterator" not in task.message:
                yield Found(
                    f"{task.place}, input `{name}`",
                    "a list of artifacts goes into a nested pipeline, and only one of them arrives",
                    "consume the list outside, or have a task there write one artifact of them all",
                )


def collected_nested(file: PipelineFile) -> Iterator[Found]:
    """Yield parameters that are collected over loops in loops."""
    for task in tasks_of(file):
        for name, origin in origins_of(file, task, "parameters"):
            if len(origin.loops) > 1:
                yield Found(
                    f"{task.place}, input `{name}`",
                    f"it is collected over {_listed(origin.loops)}, and arrives as one flat list "
                    "instead of a list of lists",
                    "take a flat list, or have the outer loop make one value of each inner one",
                )


def collected_if(file: PipelineFile) -> Iterator[Found]:
    """Yield outputs that are collected from tasks which may have been skipped.

    The driver looks for the task of every iteration, and crashes where there is none.
    """
    for task in tasks_of(file):
        for name, origin in _all_origins_of(file, task):
            branch = _branch_in_loop(origin)
            if branch:
                yield Found(
                    f"{task.place}, input `{name}`",
                    f"it is collected from `{branch.key}`, and the driver crashes where an "
                    "iteration skips that",
                    "add a dsl.Else, and collect from a task that takes the dsl.OneOf of both",
                )


def oneof_artifact(file: PipelineFile) -> Iterator[Found]:
    """Yield artifacts of alternative branches, of which old backends take the last one's."""
    for task in tasks_of(file):
        outputs = part(task.component, "dag", "outputs", "artifacts")
        for name in sorted(outputs):
            if len(parts(part(outputs, name), "artifactSelectors")) > 1:
                yield Found(
                    f"{task.place}, output `{name}`",
                    "it is a dsl.OneOf, of which KFP before 2.17 takes the last branch, and fails "
                    "where another one ran",
                    "consume the artifact in each branch, or run on KFP 2.17",
                )


def _all_origins_of(file: PipelineFile, task: Task) -> Iterator[tuple[str, Origin]]:
    for kind in _KINDS:
        yield from origins_of(file, task, kind)


def _listed(loops: tuple[Step, ...]) -> str:
    return " and ".join(f"`{loop.key}`" for loop in loops)


def _branch_in_loop(origin: Origin) -> Step | None:
    """Return the branch of a loop that an output comes from."""
    in_loop = False
    for step in origin.steps:
        if in_loop and step.is_branch:
            return step
        in_loop = in_loop or step.is_loop
    return None
