"""The rule for the tasks that may be cached."""

from typing import Any

#: An environment variable of tasks whose outputs depend only on the content of their inputs. KFP's
#: cache does not know the content and has to be off for such a task. This cache compares it.
BY_CONTENT = "QUANTGATE_CACHE_BY_CONTENT"


def may_be_kept(task: Any, container: Any) -> bool:
    """Return whether the outputs of a `PipelineTaskSpec` may serve later runs."""
    by_content = any(item.name == BY_CONTENT and item.value == "true" for item in container.env)
    return bool(task.caching_options.enable_cache or by_content)
