"""Read the settings of platforms: the further documents of a file, each a `PlatformSpec`."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from quantgate.local_runner.ir.secrets import SETTING, SecretVariable, secret_variables
from quantgate.local_runner.ir.values import short

NOT_YET = "the local runner does not support yet"

#: The setting of kfp-kubernetes for the seconds that a task's pod may be active.
_TIME_LIMIT = "activeDeadlineSeconds"

#: Settings of kfp-kubernetes that place a task and do not change its result.
_PLACEMENT = frozenset(
    {
        "enabledSharedMemory",
        "imagePullPolicy",
        "imagePullSecret",
        "nodeAffinity",
        "nodeSelector",
        "podAffinity",
        "podMetadata",
        "securityContext",
        "tolerations",
    }
)


def time_limits(platforms: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Return the time limits of tasks in seconds, by the name of their executor."""
    return {
        label: float(settings[_TIME_LIMIT])
        for _, content in _contents(platforms)
        for label, settings in _executors(content)
        if _is_whole_number(settings.get(_TIME_LIMIT))
    }


def secrets_of(platforms: Iterable[dict[str, Any]]) -> dict[str, list[SecretVariable]]:
    """Return the environment variables from secrets, by the name of the executor."""
    return {
        label: secret_variables(settings)
        for _, content in _contents(platforms)
        for label, settings in _executors(content)
    }


def _is_whole_number(seconds: Any) -> bool:
    return re.fullmatch(r"[0-9]+(\.0)?", str(seconds)) is not None


def platform_problems(platforms: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each setting that the local runner does not support."""
    for platform, content in _contents(platforms):
        if "workspace" in json.dumps(content.get("pipelineConfig", {})):
            yield f"the pipeline: a workspace ({platform}), which {NOT_YET}"
        for label, settings in _executors(content):
            limit = settings.get(_TIME_LIMIT, 0)
            if not _is_whole_number(limit):
                yield f"executor `{label}`: its {_TIME_LIMIT} is {short(limit)}, not a whole number"
            yield from _secret_problems(label, settings)
            for setting in sorted(settings.keys() - _PLACEMENT - {_TIME_LIMIT, SETTING}):
                yield f"executor `{label}`: `{setting}` ({platform}), which {NOT_YET}"


def _secret_problems(label: str, settings: dict[str, Any]) -> Iterator[str]:
    try:
        secret_variables(settings)
    except ValueError as error:
        yield f"executor `{label}`: its {SETTING} cannot be read ({error})"


def _contents(platforms: Iterable[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in platforms:
        yield from document.get("platforms", {}).items()


def _executors(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return sorted(content.get("deploymentSpec", {}).get("executors", {}).items())
