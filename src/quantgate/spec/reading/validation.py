"""Pydantic's verdict on a document: its faults, each once, at the place where they stand."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from quantgate.errors import KeyPath
from quantgate.foundation.nearest_names import nearest
from quantgate.spec.model.spec import Spec
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import described
from quantgate.spec.reading.faults import Fault, finding_of, keys_beside

VERSION = 1


def version_findings(content: Mapping[str, Any]) -> list[Finding]:
    """Refuse another version than 1, about whose keys nothing can be said."""
    version = content.get("version", VERSION)
    if type(version) is int and version == VERSION:
        return []
    message = f"`version` must be {VERSION}, not {described(version)}"
    return [Finding(("version",), message, f"This quantgate reads version {VERSION} only.")]


def form_findings(content: Mapping[str, Any]) -> list[Finding]:
    """Hold a document against version 1's form: keys, types, and ranges of single values."""
    try:
        Spec.model_validate(content)
    except ValidationError as error:
        faults = [_fault(details, content) for details in error.errors()]
        return [finding_of(fault) for fault in _without_echoes(faults)]
    return []


def _fault(details: ErrorDetails, content: Mapping[str, Any]) -> Fault:
    path = _path_in(content, details["loc"])
    if details["type"] == "missing":
        path = (*path, details["loc"][-1])
    return Fault(path, details["type"], details["input"], details.get("ctx", {}), details["msg"])


def _path_in(content: object, location: KeyPath) -> KeyPath:
    """Follow pydantic's location, passing over the names of union members in it."""
    path: KeyPath = ()
    here: Any = content
    for step in location:
        in_mapping = isinstance(here, dict) and step in here
        if in_mapping or (isinstance(here, list) and isinstance(step, int)):
            here = here[step]
            path = (*path, step)
    return path


def _without_echoes(faults: Sequence[Fault]) -> list[Fault]:
    """One fault for each place, and none for a missing key that stands there misspelt."""
    one_each = {fault.path: fault for fault in reversed(faults)}.values()
    misspelt = {
        (*fault.path[:-1], meant)
        for fault in one_each
        if fault.kind == "extra_forbidden"
        for meant in nearest(str(fault.path[-1]), keys_beside(fault))
    }
    return [fault for fault in one_each if fault.kind != "missing" or fault.path not in misspelt]
