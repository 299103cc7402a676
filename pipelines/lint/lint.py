"""Check a compiled pipeline for problems that it would have on a cluster."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.lint import (
    artifacts,
    cache,
    code,
    exit_tasks,
    expansion,
    kubernetes,
    lists,
    names,
    placeholders,
    size,
    twice,
    wiring,
)
from quantgate.pipelines.lint.findings import Violation

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        severity: "error" if a pipeline fails or loses results on every cluster, "warning" if it
            does so on some backends, or later.
        check: yields the places that break the rule.
        fixed_in: the first release of KFP's backend without the problem, or None.
    """

    severity: Severity
    check: Callable[[PipelineFile], Iterator[Violation]]
    fixed_in: str | None = None


@dataclass(frozen=True)
class Finding:
    """A place that breaks a rule.

    Attributes:
        rule: the name of the rule.
        severity: its severity.
        place: the task, executor or parameter.
        message: the problem, as a sentence without a full stop.
        advice: what to do, in the same form.
        fixed_in: the release that fixes the problem, as in `Rule`.
    """

    rule: str
    severity: Severity
    place: str
    message: str
    advice: str
    fixed_in: str | None = None


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "pipeline-size": Rule("error", size.pipeline_size),
        "pipeline-name": Rule("error", names.pipeline_name),
        "run-parameters": Rule("error", size.run_parameters),
        "argument-size": Rule("error", size.argument_size),
        "argument-expansion": Rule("error", expansion.argument_expansion),
        "placeholder": Rule("error", placeholders.placeholder),
        "reference": Rule("error", wiring.reference),
        "importer-name": Rule("error", names.importer_name),
        "same-artifact": Rule("error", twice.same_artifact),
        "nested-list": Rule("error", lists.nested_list),
        "collected-if": Rule("error", lists.collected_if),
        "after-ignored": Rule("error", exit_tasks.after_ignored),
        "exit-task": Rule("error", exit_tasks.exit_task),
        "artifact-iterator": Rule("error", lists.artifact_iterator),
        "artifact-type": Rule("error", artifacts.artifact_type),
        "artifact-uri": Rule("error", artifacts.artifact_uri),
        "metadata-null": Rule("error", artifacts.metadata_null),
        "single-file": Rule("error", code.single_file),
        "loop-name": Rule("warning", names.loop_name, fixed_in="2.16"),
        "oneof-artifact": Rule("warning", lists.oneof_artifact, fixed_in="2.17"),
        "time-placeholder": Rule("warning", placeholders.time_placeholder, fixed_in="2.17"),
        "if-present": Rule("warning", placeholders.if_present, fixed_in="2.17"),
        "collected-nested": Rule("warning", lists.collected_nested),
        "kubernetes-field": Rule("warning", kubernetes.kubernetes_field),
        "environment-cache": Rule("warning", cache.environment_cache),
        "image-digest": Rule("warning", cache.image_digest),
        "metadata-type": Rule("warning", artifacts.metadata_type),
        "metrics-metadata": Rule("warning", code.metrics_metadata),
        "unknown-type": Rule("warning", artifacts.unknown_type),
    }
)


def lint(file: PipelineFile) -> list[Finding]:
    """Return every finding, errors first, in the order of the rules."""
    findings = [
        Finding(name, rule.severity, *violation, rule.fixed_in)
        for name, rule in RULES.items()
        for violation in rule.check(file)
    ]
    return sorted(findings, key=lambda finding: finding.severity)
