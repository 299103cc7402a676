"""Rules of Kubeflow's launcher, held against a compiled pipeline before it meets a cluster."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from quantgate.pipeline_file import PipelineFile
from quantgate.pipelines import lint_artifacts, lint_code, lint_wiring
from quantgate.pipelines.findings import Found

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """A rule that is broken.

    Attributes:
        rule: its name.
        severity: an "error" fails on a cluster or is lost there; a "warning" may do so one day.
        place: which task, executor or parameter.
        message: one sentence without a full stop.
        advice: what to do, likewise.
    """

    rule: str
    severity: Severity
    place: str
    message: str
    advice: str


_Check = Callable[[PipelineFile], Iterator[Found]]

#: Every rule: how bad it is to break it, and what finds that.
RULES: Mapping[str, tuple[Severity, _Check]] = MappingProxyType(
    {
        "pipeline-size": ("error", lint_wiring.pipeline_size),
        "run-parameters": ("error", lint_wiring.run_parameters),
        "argument-size": ("error", lint_wiring.argument_size),
        "placeholder": ("error", lint_wiring.placeholder),
        "reference": ("error", lint_wiring.reference),
        "artifact-type": ("error", lint_artifacts.artifact_type),
        "unknown-type": ("warning", lint_artifacts.unknown_type),
        "artifact-uri": ("error", lint_artifacts.artifact_uri),
        "metadata-null": ("error", lint_artifacts.metadata_null),
        "metadata-type": ("warning", lint_artifacts.metadata_type),
        "single-file": ("error", lint_code.single_file),
        "metrics-metadata": ("warning", lint_code.metrics_metadata),
        "image-digest": ("warning", lint_code.image_digest),
    }
)


def lint(file: PipelineFile) -> list[Finding]:
    """Return every finding, errors first, in the order of the rules."""
    found = [
        Finding(rule, severity, *one)
        for rule, (severity, check) in RULES.items()
        for one in check(file)
    ]
    return sorted(found, key=lambda finding: finding.severity)
