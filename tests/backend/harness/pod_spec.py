"""Pods as Kubernetes makes them of an Argo template: patches, variables, arguments."""

import json
import re
from collections.abc import Mapping
from typing import Any

#: The fields of a pod's lists whose elements a strategic merge patch finds by key.
_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
}
_REFERENCE = re.compile(r"\$(\$|\(([^)]*)\))")
#: Argo 4 hands arguments longer than this over in a file.
LONG_ARGUMENTS = 131072

Object = dict[str, Any]


def patched(original: Object, patch: Object) -> Object:
    """Return a strategic merge of two objects of a pod."""
    merged = dict(original)
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = patched(merged[name], value)
        elif name in _MERGE_KEYS and isinstance(value, list):
            merged[name] = _patched_list(merged.get(name) or [], value, _MERGE_KEYS[name])
        else:
            merged[name] = value
    return merged


def _patched_list(original: list[Object], patch: list[Object], key: str) -> list[Object]:
    elements = {element[key]: element for element in original}
    for element in patch:
        elements[element[key]] = patched(elements.get(element[key], {}), element)
    return list(elements.values())


def pod_spec(template: Object) -> Object:
    """Return the pod of a container template, with the template's patch applied."""
    spec = {
        "containers": [{**template["container"], "name": "main"}],
        "initContainers": template.get("initContainers", []),
        "volumes": template.get("volumes", []),
    }
    patch = template.get("podSpecPatch")
    return patched(spec, json.loads(patch)) if patch else spec


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Return a command's or argument's text as Kubernetes hands it over.

    `$(NAME)` becomes the variable's value, if there is one, and `$$` becomes `$`.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        return variables.get(match[2], match[0])

    return _REFERENCE.sub(value, text)


def arguments(
    container: Object, variables: Mapping[str, str], *, files: bool
) -> tuple[list[str], bool]:
    """Return a container's command line, and whether its arguments go through a file.

    files: Argo hands over long arguments in a file, which Kubernetes does not expand.
    """
    command = [expanded(text, variables) for text in container["command"]]
    given = container.get("args", [])
    if files and len(json.dumps(given)) > LONG_ARGUMENTS:
        return command + given, True
    return command + [expanded(text, variables) for text in given], False
