"""Kubernetes secrets as environment variables (`kubernetes.use_secret_as_env`)."""

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

#: The setting of kfp-kubernetes.
SETTING = "secretAsEnv"

#: The cost of scrypt, which makes it slow to guess a short secret from its digest.
_COST = {"n": 1 << 14, "r": 8, "p": 1}


@dataclass(frozen=True)
class SecretVariable:
    """An environment variable of a task that holds one key of a secret.

    Attributes:
        variable: its name.
        key: the key in the secret.
        source: the `InputParameterSpec` of the name of the secret.
        is_optional: whether the task also starts without that secret or key.
    """

    variable: str
    key: str
    source: Any
    is_optional: bool


@dataclass(frozen=True)
class SecretValue:
    """One key of a secret. Its value does not appear in the text of this object."""

    text: str = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """A digest of the value, for keys of the cache."""
        return hashlib.scrypt(self.text.encode(), salt=b"quantgate", **_COST).hex()


class Secrets:
    """The secrets of a run."""

    def __init__(self, given: Given) -> None:
        self._values = {
            (name, key): SecretValue(text)
            for name, keys in given.items()
            for key, text in keys.items()
        }

    def variables(
        self, wanted: Iterable[SecretVariable], name_of: Callable[[Any], Any]
    ) -> dict[str, SecretValue | None]:
        """Return a task's variables, with None for one that an optional secret does not set.

        Args:
            wanted: those of the task. The last one for a variable counts.
            name_of: returns the value of an `InputParameterSpec`.

        Raises:
            TaskError: a secret is missing and not optional.
        """
        variables: dict[str, SecretValue | None] = {}
        for each in wanted:
            name = name_of(each.source)
            value = self._values.get((str(name), each.key))
            if value is None and name is not None and not each.is_optional:
                raise TaskError(not_given(str(name), each.key))
            variables[each.variable] = value or variables.get(each.variable)
        return variables

    def has(self, name: str, key: str) -> bool:
        """Return whether the run has a key of a secret."""
        return (name, key) in self._values


def not_given(name: str, key: str) -> str:
    """Return a message that a secret is missing, and how to pass it."""
    return (
        f"the secret {name} has no key {key} here, and the task would never start on a cluster. "
        f"Pass it with --secret {name}/{key}=VALUE, or `secrets=` of run_pipeline"
    )


def secret_variables(settings: dict[str, Any]) -> list[SecretVariable]:
    """Return the variables that an executor takes from secrets.

    Args:
        settings: those of the executor, from kfp-kubernetes.

    Raises:
        ValueError: the settings are damaged.
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
        raise TypeError(f"{key} is not text")
    return text


def _source(setting: dict[str, Any]) -> Any:
    """Return the source of the name of a secret. Older versions of kfp only write the name."""
    older = {"runtimeValue": {"constant": setting.get("secretName", "")}}
    message = pipeline_spec_pb2.TaskInputsSpec.InputParameterSpec()
    return json_format.ParseDict(setting.get("secretNameParameter", older), message)
