"""Kubernetes secrets as environment variables (`kubernetes.use_secret_as_env`) in a local run."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.ir.values import TaskError

#: Value by key, by the name of the secret.
Given = Mapping[str, Mapping[str, str]]

#: What kfp-kubernetes calls them.
SETTING = "secretAsEnv"

#: What scrypt takes; a short secret cannot be guessed from its digest in passing.
_COST = {"n": 1 << 14, "r": 8, "p": 1}


@dataclass(frozen=True)
class SecretVariable:
    """An environment variable of a task that holds one key of a secret.

    Attributes:
        variable: its name.
        key: of the secret.
        source: KFP's `InputParameterSpec` of the secret's name.
        is_optional: the task starts also where there is no such secret or key.
    """

    variable: str
    key: str
    source: Any
    is_optional: bool


@dataclass(frozen=True)
class SecretValue:
    """One key of a secret; the value is in no text of this object."""

    text: str = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """Stands for the value in keys of the cache."""
        return hashlib.scrypt(self.text.encode(), salt=b"quantgate", **_COST).hex()


class Secrets:
    """The secrets that a run is given."""

    def __init__(self, given: Given) -> None:
        self._values = {
            (name, key): SecretValue(text)
            for name, keys in given.items()
            for key, text in keys.items()
        }

    def variables(
        self, wanted: Iterable[SecretVariable], name_of: Callable[[Any], Any]
    ) -> dict[str, SecretValue | None]:
        """Return a task's variables; None for one that an optional secret does not set.

        Args:
            wanted: by the task. Where two are for one variable, the later one counts.
            name_of: returns what an `InputParameterSpec` stands for.

        Raises:
            TaskError: a secret is not given, and not optional.
        """
        found: dict[str, SecretValue | None] = {}
        for each in wanted:
            name = name_of(each.source)
            value = self._values.get((str(name), each.key))
            if value is None and name is not None and not each.is_optional:
                raise TaskError(not_given(str(name), each.key))
            found[each.variable] = value or found.get(each.variable)
        return found

    def has(self, name: str, key: str) -> bool:
        """Whether the run is given a key of a secret."""
        return (name, key) in self._values


def not_given(name: str, key: str) -> str:
    """Say that a secret is missing, and how to hand it in."""
    return (
        f"the secret {name} has no key {key} here, and the task would never start on a cluster; "
        f"hand it in with --secret {name}/{key}=VALUE, or `secrets=` of run_pipeline"
    )


def secret_variables(settings: dict[str, Any]) -> list[SecretVariable]:
    """Return the variables that an executor takes from secrets.

    Args:
        settings: of the executor, as kfp-kubernetes writes them.

    Raises:
        ValueError: they are damaged.
    """
    try:
        return list(_wanted(settings))
    except (AttributeError, KeyError, TypeError, json_format.ParseError) as error:
        raise ValueError(str(error)) from error


def _wanted(settings: dict[str, Any]) -> Iterator[SecretVariable]:
    for each in settings.get(SETTING, []):
        source = _source(each)
        is_optional = bool(each.get("optional"))
        for pair in each["keyToEnv"]:
            yield SecretVariable(
                _text(pair, "envVar"), _text(pair, "secretKey"), source, is_optional
            )


def _text(pair: dict[str, Any], key: str) -> str:
    text = pair[key]
    if not isinstance(text, str):
        raise TypeError(f"{key} is no text")
    return text


def _source(setting: dict[str, Any]) -> Any:
    """Return where the name of a secret comes from; older kfp writes the name alone."""
    older = {"runtimeValue": {"constant": setting.get("secretName", "")}}
    message = pipeline_spec_pb2.TaskInputsSpec.InputParameterSpec()
    return json_format.ParseDict(setting.get("secretNameParameter", older), message)
