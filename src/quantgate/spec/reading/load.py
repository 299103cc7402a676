"""Loading of a spec file into a `LoadedSpec`."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from quantgate.foundation.credentials import masked
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.spec.checks.code import read_code
from quantgate.spec.checks.credentials import credential_findings
from quantgate.spec.checks.draft import Draft
from quantgate.spec.checks.meaning import meaning_findings
from quantgate.spec.checks.recipe_files import read_recipe
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.spec import Spec
from quantgate.spec.problems.findings import Finding, without_values_of_unknown
from quantgate.spec.reading.document import Document
from quantgate.spec.reading.overrides import override
from quantgate.spec.reading.reading import read
from quantgate.spec.reading.relocation import relocated
from quantgate.spec.reading.scalars import CoreDumper
from quantgate.spec.reading.validation import form_findings, version_findings


@dataclass(frozen=True)
class LoadedSpec:
    """A valid spec with its file.

    Attributes:
        spec: the spec.
        path: path of the file as the user gave it.
        folder: absolute path of the file's folder. Paths in the spec are relative to it.
        document: the resolved spec as plain values, with all defaults.
        sha256: hash of the canonical JSON of `document`.
        source: the file's text and positions, for further findings.
    """

    spec: Spec
    path: Path
    folder: Path
    document: dict[str, Any]
    sha256: str
    source: Document = field(repr=False)

    def locate(self, location: str) -> str:
        """Return a path of the spec as absolute path, and a URI unchanged."""
        return location if scheme_of(location) else os.path.realpath(self.folder / location)

    def render(self, folder: Path) -> str:
        """Return the resolved spec as YAML, with all defaults and paths as seen from a folder."""
        moved = relocated(self.spec, self.document, self.folder, folder)
        return yaml.dump(moved, Dumper=CoreDumper, sort_keys=False, allow_unicode=True)


def load(path: Path, overrides: Sequence[str] = ()) -> LoadedSpec:
    """Read and validate a spec.

    Args:
        path: the spec file.
        overrides: values to set, such as `gate.top1.max_drop=0.02`. The last one wins.

    Raises:
        UsageError: the file does not exist, or an override is malformed.
        SpecError: the spec is invalid. The error lists all problems.
    """
    document = override(read(path), [masked(argument) for argument in overrides])
    findings = _findings(document)
    if findings or document.problems:
        raise document.error(findings)
    folder = path.absolute().parent
    spec = _with_code(Spec.model_validate(document.value), document, folder)
    spec = _with_recipes(spec, document, folder)
    resolved = spec.model_dump(mode="json")
    canonical = json.dumps(resolved, sort_keys=True, separators=(",", ":")).encode()
    return LoadedSpec(spec, path, folder, resolved, sha256_of_bytes(canonical), document)


def _with_code(spec: Spec, document: Document, folder: Path) -> Spec:
    """Read the file of `code`, so that its hash becomes a part of the spec and its hash."""
    if spec.code is None:
        return spec
    read_file = read_code(spec.code, folder, Draft(document.value, set()).functions)
    if read_file.findings:
        raise document.error(read_file.findings)
    return spec.model_copy(update={"code": read_file.code})


def _with_recipes(spec: Spec, document: Document, folder: Path) -> Spec:
    """Read the JSON files of recipes, so that their hashes become a part of the spec's hash."""
    recipes = spec.quantize.recipes
    if not isinstance(recipes, list):
        return spec
    targets = Draft(document.value, set()).hardware
    read_files = {
        number: read_recipe(entry, folder, ("quantize", "recipes", number), targets)
        for number, entry in enumerate(recipes)
        if entry.is_file
    }
    if findings := [finding for each in read_files.values() for finding in each.findings]:
        raise document.error(findings)
    entries = [
        read_files[number].candidate if number in read_files else entry
        for number, entry in enumerate(recipes)
    ]
    quantize = spec.quantize.model_copy(update={"recipes": entries})
    return spec.model_copy(update={"quantize": quantize})


def _findings(document: Document) -> list[Finding]:
    if other_version := version_findings(document.value):
        return other_version
    known = {problem.path for problem in document.problems}
    findings = [finding for finding in form_findings(document.value) if finding.path not in known]
    broken = known | {finding.path for finding in findings}
    return without_values_of_unknown(
        [
            *findings,
            *credential_findings(document.value),
            *meaning_findings(Draft(document.value, broken)),
        ]
    )
