"""Rules about the outputs of loops and branches."""

from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Task, part, parts, tasks_of
from quantgate.pipelines.lint.findings import Violation
from quantgate.pipelines.lint.origins import Kind, Origin, Step, origins_of

_KINDS: tuple[Kind, ...] = ("parameters", "artifacts")


def artifact_iterator(file: PipelineFile) -> Iterator[Violation]:
    """Yield loops over artifacts, which no backend compiles."""
    for task in tasks_of(file):
        if "artifactIterator" in task.message:
            yield Violation(
                task.place,
                "it loops over artifacts, and a cluster refuses the pipeline",
                "loop over parameters, such as URIs or names, instead",
            )


def nested_list(file: PipelineFile) -> Iterator[Violation]:
    """Yield lists of artifacts that are passed to a pipeline, a loop or a branch.

    The driver reads the inputs of a nested DAG from the metadata store by name, and keeps one
    artifact per name.
    """
    for task in tasks_of(file):
        for name, origin in origins_of(file, task, "artifacts"):
            if origin.loops and task.is_dag and "artifactIterator" not in task.message:
                yield Violation(
                    f"{task.place}, input `{name}`",
                    "a list of artifacts goes into a nested pipeline, and only one of them arrives",
                    "use the list outside, or let a task there write a single artifact from it",
                )


def collected_nested(file: PipelineFile) -> Iterator[Violation]:
    """Yield parameters that are collected from nested loops."""
    for task in tasks_of(file):
        for name, origin in origins_of(file, task, "parameters"):
            if len(origin.loops) > 1:
                yield Violation(
                    f"{task.place}, input `{name}`",
                    f"it is collected over {_listed(origin.loops)}, and arrives as one flat list "
                    "instead of a list of lists",
                    "accept a flat list, or let the outer loop make one value of each inner loop",
                )


def collected_if(file: PipelineFile) -> Iterator[Violation]:
    """Yield outputs that are collected from tasks that may be skipped.

    The driver looks for the task of every iteration, and crashes if one is missing.
    """
    for task in tasks_of(file):
        for name, origin in _all_origins_of(file, task):
            branch = _branch_in_loop(origin)
            if branch:
                yield Violation(
                    f"{task.place}, input `{name}`",
                    f"it is collected from `{branch.key}`, and the driver crashes if an "
                    "iteration skips that task",
                    "add a dsl.Else, and collect from a task that takes the dsl.OneOf of both",
                )


def oneof_artifact(file: PipelineFile) -> Iterator[Violation]:
    """Yield artifacts of alternative branches. Old backends always take the last branch."""
    for task in tasks_of(file):
        outputs = part(task.component, "dag", "outputs", "artifacts")
        for name in sorted(outputs):
            if len(parts(part(outputs, name), "artifactSelectors")) > 1:
                yield Violation(
                    f"{task.place}, output `{name}`",
                    "it is a dsl.OneOf, of which KFP before 2.17 takes the last branch, and fails "
                    "if another one ran",
                    "consume the artifact in each branch, or run on KFP 2.17",
                )


def _all_origins_of(file: PipelineFile, task: Task) -> Iterator[tuple[str, Origin]]:
    for kind in _KINDS:
        yield from origins_of(file, task, kind)


def _listed(loops: tuple[Step, ...]) -> str:
    return " and ".join(f"`{loop.key}`" for loop in loops)


def _branch_in_loop(origin: Origin) -> Step | None:
    """Return the branch inside a loop from which an output comes, or None."""
    in_loop = False
    for step in origin.steps:
        if in_loop and step.is_branch:
            return step
        in_loop = in_loop or step.is_loop
    return None
