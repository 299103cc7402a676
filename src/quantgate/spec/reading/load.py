"""A spec file to a `LoadedSpec`, or to everything that is wrong with it."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.spec.checks.code import read_code
from quantgate.spec.checks.draft import Draft
from quantgate.spec.checks.meaning import meaning_findings
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.spec import Spec
from quantgate.spec.problems.findings import Finding
from quantgate.spec.reading.document import Document
from quantgate.spec.reading.overrides import override
from quantgate.spec.reading.reading import read
from quantgate.spec.reading.scalars import CoreDumper
from quantgate.spec.reading.validation import form_findings, version_findings


@dataclass(frozen=True)
class LoadedSpec:
    """A valid spec, and where it came from.

    Attributes:
        spec: the spec.
        path: its file, as it was named.
        folder: the file's own folder, absolute; paths in the spec are relative to it.
        document: the resolved spec as plain values, with every default.
        sha256: hash of the canonical JSON of `document`.
        source: the file's text and places, for further findings.
    """

    spec: Spec
    path: Path
    folder: Path
    document: dict[str, Any]
    sha256: str
    source: Document = field(repr=False)

    def locate(self, location: str) -> str:
        """Make a path in the spec absolute; a URI stays as it is."""
        return location if scheme_of(location) else os.path.realpath(self.folder / location)

    def render(self) -> str:
        """Write the resolved spec as YAML, with every default spelled out."""
        return yaml.dump(self.document, Dumper=CoreDumper, sort_keys=False, allow_unicode=True)


def load(path: Path, overrides: Sequence[str] = ()) -> LoadedSpec:
    """Read and validate a spec.

    Args:
        path: the spec file.
        overrides: values to set, as in `gate.top1.max_drop=0.02`; the last one wins.

    Raises:
        UsageError: there is no such file, or an override is malformed.
        SpecError: the spec is invalid; the error holds every problem that was found.
    """
    document = override(read(path), overrides)
    findings = _findings(document)
    if findings or document.problems:
        raise document.error(findings)
    folder = path.absolute().parent
    spec = _with_code(Spec.model_validate(document.value), document, folder)
    resolved = spec.model_dump(mode="json")
    canonical = json.dumps(resolved, sort_keys=True, separators=(",", ":")).encode()
    return LoadedSpec(spec, path, folder, resolved, sha256_of_bytes(canonical), document)


def _with_code(spec: Spec, document: Document, folder: Path) -> Spec:
    """Read the file of `code`, so that its hash is part of the spec, and of the spec's own."""
    if spec.code is None:
        return spec
    found = read_code(spec.code, folder, Draft(document.value, set()).functions)
    if found.findings:
        raise document.error(found.findings)
    return spec.model_copy(update={"code": found.code})


def _findings(document: Document) -> list[Finding]:
    if other_version := version_findings(document.value):
        return other_version
    known = {problem.path for problem in document.problems}
    findings = [found for found in form_findings(document.value) if found.path not in known]
    broken = known | {found.path for found in findings}
    return [*findings, *meaning_findings(Draft(document.value, broken))]
