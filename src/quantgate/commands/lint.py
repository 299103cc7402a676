"""`quantgate lint PIPELINE.yaml`."""

import argparse
import json
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from quantgate.commands.common.arguments import examples
from quantgate.errors import ExitCode
from quantgate.foundation.extras import import_kfp_without_client, require
from quantgate.foundation.pipeline_file import read_pipeline_file
from quantgate.foundation.sentences import capitalized

if TYPE_CHECKING:
    from quantgate.pipelines.lint.lint import Finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Check a compiled KFP v2 pipeline, from quantgate or any other tool, for "
        "names, lists, sizes, placeholders, artifacts, metadata and images that Kubeflow's "
        "backend refuses, loses or changes. The exit code is 1 if there are errors, and 0 if "
        "there are only warnings."
    )
    parser.epilog = examples(
        "quantgate lint pipeline.yaml",
    )
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="a compiled pipeline")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Print the findings."""
    file = read_pipeline_file(options.pipeline)
    require("linting", "kfp")
    import_kfp_without_client()
    from quantgate.pipelines.lint.lint import lint

    findings = lint(file)
    render = _as_json if options.json else _as_text
    sys.stdout.write(render(options.pipeline, findings))
    failed = any(finding.severity == "error" for finding in findings)
    return ExitCode.STEP_FAILED if failed else ExitCode.OK


def _as_json(path: Path, findings: "Sequence[Finding]") -> str:
    listed = [asdict(finding) for finding in findings]
    return json.dumps({"pipeline": str(path), "findings": listed}, indent=2) + "\n"


def _as_text(path: Path, findings: "Sequence[Finding]") -> str:
    if not findings:
        return f"{path} has no problems\n"
    blocks = "\n".join(map(_block, findings))
    return f"{blocks}\n{_count(findings)} in {path}\n"


def _block(finding: "Finding") -> str:
    text = f"{finding.place}: {finding.message}. {capitalized(finding.advice)}"
    lines = textwrap.fill(text, 98, initial_indent="  ", subsequent_indent="  ")
    fixed = f", fixed in KFP {finding.fixed_in}" if finding.fixed_in else ""
    return f"{finding.severity} {finding.rule}{fixed}\n{lines}\n"


def _count(findings: "Sequence[Finding]") -> str:
    counts = {
        severity: sum(finding.severity == severity for finding in findings)
        for severity in ("error", "warning")
    }
    named = [f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n]
    return " and ".join(named)
