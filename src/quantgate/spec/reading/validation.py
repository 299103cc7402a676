"""Validation of a document by pydantic, with one finding for each position."""

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
    """Return a finding if the version is not 1, as the keys of other versions are unknown."""
    version = content.get("version", VERSION)
    if type(version) is int and version == VERSION:
        return []
    message = f"`version` must be {VERSION}, not {described(version)}"
    return [Finding(("version",), message, f"This quantgate reads only version {VERSION}.")]


def form_findings(content: Mapping[str, Any]) -> list[Finding]:
    """Check the keys, the types and the ranges of single values."""
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
    """Return the key path of pydantic's location, without the names of union members."""
    path: KeyPath = ()
    here: Any = content
    for step in location:
        in_mapping = isinstance(here, dict) and step in here
        if in_mapping or (isinstance(here, list) and isinstance(step, int)):
            here = here[step]
            path = (*path, step)
    return path


def _without_echoes(faults: Sequence[Fault]) -> list[Fault]:
    """Return one fault for each path, without missing keys that are there but misspelt."""
    one_each = {fault.path: fault for fault in reversed(faults)}.values()
    misspelt = {
        (*fault.path[:-1], meant)
        for fault in one_each
        if fault.kind == "extra_forbidden"
        for meant in nearest(str(fault.path[-1]), keys_beside(fault))
    }
    return [fault for fault in one_each if fault.kind != "missing" or fault.path not in misspelt]
