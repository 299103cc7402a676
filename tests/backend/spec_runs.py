"""Run specs on a backend, and on this machine, and compare the decisions."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.cluster import Cluster
from harness.results import DAG_TYPE, Run
from harness.storage import download, upload
from quantgate.domain.figures import BENCHMARKED
from quantgate.pipelines import compile_pipeline
from quantgate.planning.plan import run_parameters
from quantgate.planning.planner import make_plan
from quantgate.records.decision import Decision
from quantgate.spec import load

QUANTGATE = Path(sys.prefix) / "bin" / "quantgate"
#: The fields that follow from a choice: those of a candidate, and those of the decision.
_RANKED = ("pareto", "pareto_measured", "score")
_CHOSEN = ("winner", "promotes", "summary", "choice", "details")
#: The ids of warnings that depend on measured times.
_OF_THE_CLOCK = ("noisy_machine", "slower_than_float", "tied_latencies")


@dataclass(frozen=True)
class SpecRun:
    """A run of a spec on a backend. `decision` is None if the gate wrote none."""

    run: Run
    decision: Decision | None


def compiled_spec(spec: Path, overrides: Sequence[str], folder: Path) -> tuple[str, dict[str, str]]:
    """Return a spec's pipeline, and its run parameters: local paths, or URIs."""
    loaded = load(spec, overrides)
    plan = make_plan(loaded.spec)
    path = folder / f"{spec.stem}.pipeline.yaml"
    compile_pipeline(plan, loaded.sha256, path)
    places = {name: loaded.locate(place) for name, place in run_parameters(plan).items()}
    return path.read_text(), places


def run_on(backend: Cluster, spec: Path, overrides: Sequence[str] = ()) -> SpecRun:
    """Run a spec on a backend, with its local files copied to the store."""
    pipeline, places = compiled_spec(spec, overrides, backend.folder)
    uris = {
        name: upload(backend.s3, Path(place), f"{spec.stem}/{name}/{Path(place).name}")
        if Path(place).exists()
        else place
        for name, place in places.items()
    }
    run = backend.run(pipeline, uris)
    return SpecRun(run, read_decision(backend, run))


def read_decision(backend: Cluster, run: Run, gate: str = "/gate") -> Decision | None:
    """Return the decision that a run's gate left in the store."""
    artifacts = run.tasks[gate].output_artifacts if gate in run.tasks else {}
    if "decision" not in artifacts:
        return None
    path = run.folder / "decision.json"
    return Decision.read(download(backend.s3, artifacts["decision"][0].uri, path))


def decide_here(spec: Path, folder: Path, overrides: Sequence[str] = ()) -> Decision:
    """Run a spec on this machine, with its runs and the cache in a folder."""
    name = load(spec, overrides).spec.name
    command = [QUANTGATE, "run", spec, "--quiet", "--runs-dir", folder, "--cache-dir", folder]
    settings = [word for override in overrides for word in ("--set", override)]
    done = subprocess.run([*command, *settings], capture_output=True, text=True)
    assert done.returncode in (0, 4), done.stdout + done.stderr
    return Decision.read(folder / name / "latest" / "decision.json")


def comparable(decision: Decision, *, without: Sequence[str] = ()) -> dict[str, Any]:
    """Return a decision without its time, measured times, and fields that depend on them.

    without: parts of its provenance that differ for another reason.
    """
    content = json.loads(decision.model_dump_json(exclude={"created", "content_sha256", "timing"}))
    entries = [content["baseline"], *content["candidates"]]
    for entry in entries:
        del entry["ratios"]
        measurements = entry["measurements"].items()
        entry["measurements"] = {key: of for key, of in measurements if key not in BENCHMARKED}
    warnings = zip(content["warning_ids"], content["warnings"], strict=True)
    content["warnings"] = [each for each in warnings if each[0] not in _OF_THE_CLOCK]
    del content["warning_ids"]
    if any(step.get("minimize") in BENCHMARKED for step in content["choose"]):
        _drop(content, _CHOSEN)
        for entry in entries:
            _drop(entry, _RANKED)
    _drop(content["provenance"], without)
    return content


def _drop(part: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        del part[name]


def assert_succeeded(run: Run) -> None:
    """Check that no task failed.

    DAGs are left out: KFP's store leaves one running whose tasks all came from the cache, and from
    2.17 on the root.
    """
    assert run.phase == "Succeeded", told(run)
    states = {path: task.state for path, task in run.tasks.items() if task.type != DAG_TYPE}
    assert set(states.values()) <= {"COMPLETE", "CACHED"}, states


def told(run: Run) -> str:
    """Return the output of the pods that failed."""
    logs = [log for node in run.failures if node.folder for log in node.folder.glob("*.log")]
    return "".join(log.read_text() for log in logs)
