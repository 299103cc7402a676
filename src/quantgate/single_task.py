"""A complete run of a spec inside one pipeline task, for `components/upstream`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from quantgate.domain.figures import is_slice
from quantgate.errors import ExitCode, StepFailed, UsageError
from quantgate.foundation.copies import link_or_copy
from quantgate.foundation.extras import KFP_RUNTIME
from quantgate.foundation.sentences import capitalized
from quantgate.planning.cluster import key_of
from quantgate.planning.plan import run_parameters
from quantgate.planning.planner import make_plan
from quantgate.records.decision import Decision
from quantgate.runs.decided import newest_decided
from quantgate.runs.folder import RunFolder
from quantgate.spec import load
from quantgate.spec.checks.draft import Draft
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import declared_format, has_location
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.spec import Spec
from quantgate.spec.problems.wording import dotted
from quantgate.spec.reading.reading import read
from quantgate.spec.reading.validation import form_findings

_DECIDED = (ExitCode.OK, ExitCode.NOTHING_QUALIFIED, ExitCode.DOUBTFUL)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        qualified: whether a candidate qualified.
        measurements: the winner's measurements, empty if no candidate qualified.
    """

    qualified: bool
    measurements: dict[str, float]


def run_in_one_task(
    spec: str,
    *,
    model: str,
    calibration: str | None,
    evaluation: str | None,
    winner_path: str,
    decision_path: str,
    report_path: str,
) -> Outcome:
    """Run a spec as `quantgate run` does, and write its results.

    Args:
        spec: YAML text.
        model: path of the float model. It replaces the spec's.
        calibration: path of representative samples. None keeps the spec's.
        evaluation: path of labelled samples. None keeps the spec's.
        winner_path: output path of the winning model, empty if no candidate qualifies.
        decision_path: output path of the decision as JSON.
        report_path: output path of the report as Markdown.

    Raises:
        UsageError: the spec names a path that does not exist in the task.
        SpecError: the spec is invalid.
        StepFailed: the run made no decision, or the promotion failed. The log says why.
    """
    artifacts = {"model": model, "calibration": calibration, "evaluation": evaluation}
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "spec.yaml"
        path.write_text(spec, encoding="utf-8")
        _refuse_recipe_files(path)
        given = {key: artifact for key, artifact in artifacts.items() if artifact}
        # Links have the same names in every task, so the spec keeps the same hash.
        for key, artifact in given.items():
            (folder / key).symlink_to(Path(artifact).resolve())
        overrides = _overrides(load(path).spec, given)
        _refuse_local_paths(path, overrides, given)
        run = RunFolder(_run(path, overrides, folder / "runs"))
        decision = Decision.read(run.decision)
        _copy_or_empty(run.model_of(decision), Path(winner_path))
        shutil.copyfile(run.decision, decision_path)
        shutil.copyfile(run.report, report_path)
    return Outcome(decision.winner is not None, _measurements(decision))


def _overrides(spec: Spec, given: Mapping[str, str]) -> list[str]:
    model_key = f"model.{spec.model.key}"
    data = [line for name in given if name != "model" for line in _data_overrides(spec, name)]
    return [f"{model_key}=model", *data]


def _data_overrides(spec: Spec, name: str) -> Iterator[str]:
    yield f"data.{name}.source={name}"
    # An artifact's name has no suffix that shows its format.
    if format_name := _format_of(getattr(spec.data, name)):
        yield f"data.{name}.format={format_name}"


def _format_of(source: DataSource | None) -> str | None:
    return declared_format(source) if source and has_location(source) else None


def _refuse_recipe_files(path: Path) -> None:
    content = read(path).value
    draft = Draft(content, {finding.path for finding in form_findings(content)})
    problems = [
        f"  {dotted((*place, 'recipe'))}: {entry.recipe} is a local file, which does not exist in "
        "the task. Pass the spec as `quantgate.self_contained(PATH)` returns it"
        for place, entry in draft.recipes.items()
        if entry.is_file and entry.content is None
    ]
    if problems:
        raise UsageError("\n".join(["the spec cannot run in one task:", *problems]))


def _refuse_local_paths(path: Path, overrides: list[str], given: Mapping[str, str]) -> None:
    plan = make_plan(load(path, overrides).spec)
    problems = [
        f"{key_of(plan, parameter)}: {location} is a local path, which does not exist in the task. "
        f"{capitalized(_way_out(parameter))}"
        for parameter, location in run_parameters(plan).items()
        if not scheme_of(location) and parameter not in given
    ]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise UsageError(f"{plan.spec.name} cannot run in one task:\n{listed}")


def _way_out(parameter: str) -> str:
    inputs = ("calibration", "evaluation")
    passed = f"pass the artifact as `{parameter}`, or " if parameter in inputs else ""
    return f"{passed}name a URI in the spec"


def _run(spec: Path, overrides: list[str], runs: Path) -> Path:
    """Run in a separate process, as KFP has imported only some of its modules in this one."""
    settings = [argument for override in overrides for argument in ("--set", override)]
    command = ["-m", "quantgate", "run", str(spec), "--runs-dir", str(runs), "--no-cache"]
    environment = {name: value for name, value in os.environ.items() if name != KFP_RUNTIME}
    done = subprocess.run([sys.executable, *command, *settings], env=environment, check=False)
    if done.returncode not in _DECIDED:
        raise StepFailed(f"quantgate exited with code {done.returncode}. The log above says why")
    return newest_decided(runs)


def _copy_or_empty(source: Path | None, target: Path) -> None:
    if source:
        link_or_copy(source, target)
    else:
        target.write_bytes(b"")


def _measurements(decision: Decision) -> dict[str, float]:
    winner = decision.entry(decision.winner) if decision.winner else None
    measured = winner.measurements if winner else {}
    return {name: value for name, value in measured.items() if not is_slice(name)}
