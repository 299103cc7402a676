"""Rules about changes that KFP's cache does not notice."""

from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Executor, executors_of, part, parts, tasks_of, text
from quantgate.pipelines.lint.findings import Violation


def environment_cache(file: PipelineFile) -> Iterator[Violation]:
    """Yield executors with environment variables whose tasks may be cached.

    Secrets do not count, because most are credentials, which do not change outputs.
    """
    cached = {
        text(task.component, "executorLabel")
        for task in tasks_of(file)
        if part(task.message, "cachingOptions").get("enableCache") is True
    }
    for executor in executors_of(file):
        named = ", ".join(f"`{name}`" for name in _variables(executor))
        if named and executor.name in cached:
            yield Violation(
                executor.place,
                f"the cache does not compare its variables ({named}), and returns old outputs "
                "if only they have changed",
                "make them inputs of the component, or switch caching off for its tasks",
            )


def image_digest(file: PipelineFile) -> Iterator[Violation]:
    """Yield images with tags, which may move. KFP's cache compares only the name."""
    images = {text(executor.container, "image") for executor in executors_of(file)}
    for image in sorted(images - {""}):
        if "@sha256:" not in image:
            yield Violation(
                f"image `{image}`",
                "its tag may point to another image later, and the cache would not notice",
                "pin its digest, as in name@sha256:...",
            )


def _variables(executor: Executor) -> list[str]:
    named = [text(variable, "name") for variable in parts(executor.container, "env")]
    named += [
        text(key, "envVar")
        for source in parts(executor.kubernetes, "configMapAsEnv")
        for key in parts(source, "keyToEnv")
    ]
    return sorted({*named} - {""})
