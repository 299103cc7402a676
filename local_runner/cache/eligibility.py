"""Which tasks may be taken from the cache."""

from typing import Any

#: A variable of a task whose outputs depend on nothing but the content of its inputs. KFP's cache,
#: which does not know the content, has to be off for such a task; this one compares it.
BY_CONTENT = "QUANTGATE_CACHE_BY_CONTENT"


def may_be_kept(task: Any, container: Any) -> bool:
    """Return whether the outputs of a `PipelineTaskSpec` may serve later runs."""
    by_content = any(item.name == BY_CONTENT and item.value == "true" for item in container.env)
    return bool(task.caching_options.enable_cache or by_content)
