"""Runs that have a decision."""

from pathlib import Path

from quantgate.errors import SpecError, UsageError
from quantgate.records.decision import Decision
from quantgate.runs.folder import LATEST, RunFolder, RunRecord

SPEC_SUFFIXES = (".yaml", ".yml")
#: The name of a spec that `quantgate init` writes.
USUAL_SPEC = "quantgate.yaml"


def read_decision(path: Path) -> Decision:
    """Read the decision of a run.

    Raises:
        UsageError: as in `decision_file`.
    """
    return Decision.read(decision_file(path))


def decision_file(path: Path) -> Path:
    """Return the decision file of a run.

    Args:
        path: the run's folder, a model's folder of runs, or the decision file.

    Raises:
        UsageError: there is no run with a decision.
    """
    for file in (path, path / "decision.json", path / LATEST / "decision.json"):
        if file.is_file():
            return file
    raise UsageError(f"{path} {_why_undecided(path)}")


def _why_undecided(path: Path) -> str:
    if not path.exists():
        return "does not exist. Start a run with `quantgate run SPEC`"
    record = RunFolder(path).record
    if not record.is_file():
        return (
            "is not a run: it has neither a decision.json nor a latest run. "
            "`quantgate runs ls` lists the runs"
        )
    state = RunRecord.read(record).state
    if state == "running":
        return "is a run without a decision: it is still in progress, or it was killed"
    ended = "was interrupted" if state == "interrupted" else "failed"
    return f"is a run that {ended} before a decision. See its logs folder"


def decided_run(given: Path | None, runs_dir: Path) -> Path:
    """Return the path of a run whose decision can be read.

    Args:
        given: a run, a folder of runs, a decision, or a spec, whose newest run is returned. None
            stands for `quantgate.yaml` if that has runs, and otherwise for the newest run.
        runs_dir: folder of the runs.

    Raises:
        UsageError: there is no such run.
    """
    if given is not None and given.suffix not in SPEC_SUFFIXES:
        return given
    spec = given or Path(USUAL_SPEC)
    latest = runs_dir / _name_in(spec) / LATEST if spec.is_file() else None
    if latest and (latest / "decision.json").is_file():
        return latest.resolve()
    if given is not None:
        raise UsageError(
            f"{given} has no run with a decision in {runs_dir}. Start one with `quantgate run "
            f"{given}`"
        )
    return newest_decided(runs_dir)


def _name_in(spec: Path) -> str:
    from quantgate.spec.reading.reading import read

    try:
        return str(read(spec).value.get("name", ""))
    except SpecError:
        return ""


def newest_decided(runs_dir: Path) -> Path:
    """Return the newest run with a decision, of any model below a runs folder.

    Raises:
        UsageError: no run has a decision.
    """
    links = [link for link in runs_dir.glob(f"*/{LATEST}") if (link / "decision.json").is_file()]
    if not links:
        raise UsageError(
            f"there is no run with a decision in {runs_dir}. Start one with `quantgate run SPEC`"
        )
    return max(links, key=lambda link: (link / "decision.json").stat().st_mtime).resolve()
