"""Rules about what KFP's cache does not know."""

from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Executor, executors_of, part, parts, tasks_of, text
from quantgate.pipelines.lint.findings import Found


def environment_cache(file: PipelineFile) -> Iterator[Found]:
    """Yield executors with variables whose tasks may be taken from the cache.

    Secrets are left out: most hold credentials, which change no output.
    """
    cached = {
        text(task.component, "executorLabel")
        for task in tasks_of(file)
        if part(task.message, "cachingOptions").get("enableCache") is True
    }
    for executor in executors_of(file):
        named = ", ".join(f"`{name}`" for name in _variables(executor))
        if named and executor.name in cached:
            yield Found(
                executor.place,
                f"the cache does not know its variables ({named}), and hands out the old outputs "
                "where only they have changed",
                "make them inputs of the component, or switch caching off for its tasks",
            )


def image_digest(file: PipelineFile) -> Iterator[Found]:
    """Yield images by tag, which may move while KFP's cache knows the name alone."""
    images = {text(executor.container, "image") for executor in executors_of(file)}
    for image in sorted(images - {""}):
        if "@sha256:" not in image:
            yield Found(
                f"image `{image}`",
                "its tag may point at another image tomorrow, and the cache would not notice",
                "pin it, as in name@sha256:...",
            )


def _variables(executor: Executor) -> list[str]:
    named = [text(variable, "name") for variable in parts(executor.container, "env")]
    named += [
        text(key, "envVar")
        for source in parts(executor.kubernetes, "configMapAsEnv")
        for key in parts(source, "keyToEnv")
    ]
    return sorted({*named} - {""})
