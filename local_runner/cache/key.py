"""The ingredients of a task: all that its result depends on. Their hash is its cache key."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from quantgate.foundation.hashing import sha256_of_json
from quantgate.local_runner.cache.code_versions import Packages, machine
from quantgate.local_runner.cache.digests import Digests
from quantgate.local_runner.ir.container import imported_modules, python_function
from quantgate.local_runner.ir.secrets import SecretValue
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.records.results import Artifact

#: Has to change whenever the meaning of what is stored under a key changes.
_FORMAT = 1


class Ingredients:
    """Collects the ingredients of the tasks of one run."""

    def __init__(self, digests: Digests) -> None:
        self._digests = digests
        self._packages = Packages()
        self._machine = machine()

    def of(
        self,
        component: Any,
        container: Any,
        inputs: Values,
        secrets: Mapping[str, SecretValue | None],
    ) -> dict[str, str]:
        """Return the hash or version of everything that a task depends on, by a name for people.

        Args:
            component: its `ComponentSpec`.
            container: its `PipelineContainerSpec`. Resources do not count.
            inputs: all inputs. An artifact counts by content, type, metadata and file name, as the
                name may imply its format. Its folder does not count.
            secrets: its secrets by environment variable.

        Raises:
            OSError: an input or a module's code cannot be read.
        """
        return {
            "its code": _code(component, container),
            **{
                f"parameter {name}": sha256_of_json(value)
                for name, value in inputs.parameters.items()
            },
            **{
                f"secret {name}": secret.digest if secret else ""
                for name, secret in secrets.items()
            },
            **{f"input {name}": self._artifacts(value) for name, value in inputs.artifacts.items()},
            **self._packages.behind(_modules(container)),
            **self._machine,
        }

    def _artifacts(self, value: Artifact | list[Artifact]) -> str:
        artifacts = value if isinstance(value, list) else [value]
        return sha256_of_json([isinstance(value, list), *map(self._artifact, artifacts)])

    def _artifact(self, artifact: Artifact) -> list[object]:
        is_remote = "://" in artifact.uri.removeprefix("file://")
        content = artifact.uri if is_remote else self._digests.of(artifact.path)
        return [
            artifact.name,
            artifact.type,
            artifact.schema_version,
            dict(artifact.metadata),
            artifact.path.name,
            content,
        ]


def key_of(ingredients: Mapping[str, str]) -> str:
    """Return the key under which the outputs of a task are stored."""
    return sha256_of_json([_FORMAT, dict(ingredients)])


def _code(component: Any, container: Any) -> str:
    texts = [container.image, *container.command, *container.args]
    environment = [[item.name, item.value] for item in container.env]
    interface = [
        json_format.MessageToDict(definitions)
        for definitions in (component.input_definitions, component.output_definitions)
    ]
    return sha256_of_json([texts, environment, interface])


def _modules(container: Any) -> frozenset[str]:
    function = python_function(container)
    return frozenset(imported_modules(function.source)) if function else frozenset()
