"""The folder of a run: what it holds, and when it is whole.

    runs/<name>/<time>/  spec.yaml, pipeline.yaml, logs/, artifacts/, run.json,
                         and once the gate has decided winner/ (or baseline/, where that is kept),
                         report.*, decision.json
    runs/<name>/latest   a link to the newest run that ended in a decision

`decision.json` is written last, so a folder that has it has everything.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quantgate.errors import UsageError
from quantgate.foundation.files import replacing
from quantgate.records.base import Record
from quantgate.records.decision import Decision

LATEST = "latest"


class TaskRecord(Record):
    """How one task ended, or that it is RUNNING; `log` is relative to the run's folder.

    `cached` says that it did not run, for its outputs were there from an earlier run.
    """

    title: str
    state: str
    seconds: float
    log: str | None
    error: str | None
    cached: bool = False


class RunRecord(Record):
    """`run.json`: how a run went; a state of "running" in a folder nobody works on was killed."""

    state: Literal["running", "decided", "failed", "interrupted"]
    tasks: list[TaskRecord] = []

    def keep(self, run: "RunFolder") -> None:
        """Write the record in place of an older one, so that there is one at every moment."""
        with replacing(run.record) as partial:
            self.write(partial)


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run."""

    path: Path

    @property
    def spec(self) -> Path:
        """The resolved spec."""
        return self.path / "spec.yaml"

    @property
    def pipeline(self) -> Path:
        """The compiled pipeline."""
        return self.path / "pipeline.yaml"

    @property
    def logs(self) -> Path:
        """Folder of one log a task."""
        return self.path / "logs"

    @property
    def artifacts(self) -> Path:
        """The pipeline root."""
        return self.path / "artifacts"

    @property
    def decision(self) -> Path:
        """The decision, which comes last."""
        return self.path / "decision.json"

    @property
    def report(self) -> Path:
        """The report as Markdown."""
        return self.path / "report.md"

    @property
    def page(self) -> Path:
        """The report as HTML."""
        return self.path / "report.html"

    @property
    def winner(self) -> Path:
        """The winning model."""
        return self.path / "winner" / "model.tflite"

    @property
    def kept_baseline(self) -> Path:
        """The float baseline, where it is kept because nothing qualified."""
        return self.path / "baseline" / "model.tflite"

    def model_of(self, decision: Decision) -> Path | None:
        """The model that a decision promotes; None where it promotes none."""
        if decision.promoted is None:
            return None
        return self.kept_baseline if decision.winner is None else self.winner

    @property
    def record(self) -> Path:
        """How the run went."""
        return self.path / "run.json"


def create_run(runs_dir: Path, name: str) -> RunFolder:
    """Make a new run's folder, named by the time in UTC.

    Raises:
        UsageError: it cannot be made.
    """
    _refuse_strange_latest(runs_dir / name / LATEST)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for attempt in range(1, 1000):
        folder = runs_dir / name / (stamp if attempt == 1 else f"{stamp}-{attempt}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if folder.is_dir():
                continue
            raise _unwritable(runs_dir, "a file stands in its place") from None
        except OSError as error:
            raise _unwritable(runs_dir, error.strerror) from error
        return RunFolder(folder.resolve())
    raise _unwritable(runs_dir, f"{stamp} was taken a thousand times")


def _refuse_strange_latest(link: Path) -> None:
    if _is_strange(link):
        raise UsageError(
            f"{link} is not a link to a run, and is not replaced by one: move it away, keep "
            "`promote.to` out of the runs folder, or choose another one with --runs-dir"
        )


def _unwritable(runs_dir: Path, why: str | None) -> UsageError:
    return UsageError(
        f"cannot write the runs folder {runs_dir}: {why}; choose another one with --runs-dir"
    )


def keep_results(
    run: RunFolder,
    decision: Path,
    report: Path,
    page: Path,
    winner: Path,
    compiled: Path,
    *,
    keeps_baseline: bool = False,
) -> None:
    """Copy what the gate wrote to where people look for it, the decision last and at once.

    `winner` has the model that the decision promotes, if any; `keeps_baseline` says that it is the
    float baseline.
    """
    from quantgate.report import card

    shutil.copyfile(report, run.report)
    shutil.copyfile(page, run.page)
    if winner.stat().st_size > 0:
        model = run.kept_baseline if keeps_baseline else run.winner
        model.parent.mkdir(exist_ok=True)
        shutil.copyfile(winner, model)
        for made in compiled.glob("*.tflite"):
            shutil.copyfile(made, model.with_name(made.name))
        decided = Decision.read(decision)
        if decided.promoted:
            model.with_name("README.md").write_text(card.render(decided), encoding="utf-8")
    with replacing(run.decision) as partial:
        shutil.copyfile(decision, partial)
    _point_latest_at(run)


def _point_latest_at(run: RunFolder) -> None:
    link = run.path.parent / LATEST
    if _is_strange(link):
        return  # a `latest` that promotion has written there is what devices read
    with replacing(link) as fresh:
        fresh.symlink_to(run.path.name, target_is_directory=True)


def _is_strange(link: Path) -> bool:
    return link.exists() and not link.is_symlink()


def read_decision(path: Path) -> Decision:
    """Read the decision of a run, given its folder, a model's folder, or the file itself.

    Raises:
        UsageError: there is no decided run.
    """
    for place in (path, path / "decision.json", path / LATEST / "decision.json"):
        if place.is_file():
            return Decision.read(place)
    raise UsageError(f"{path} {_why_undecided(path)}")


def _why_undecided(path: Path) -> str:
    if not path.exists():
        return "does not exist; `quantgate run SPEC` makes a run"
    record = RunFolder(path).record
    if not record.is_file():
        return "holds no run: it has neither a decision.json nor a latest run"
    state = RunRecord.read(record).state
    if state == "running":
        return "holds a run that has not decided: it is still going on, or it was killed"
    ended = "was interrupted" if state == "interrupted" else "failed"
    return f"holds a run that {ended} before a decision; its logs folder says why"


def newest_decided(runs_dir: Path) -> Path:
    """Return the newest decided run of any model below a runs folder.

    Raises:
        UsageError: there is none.
    """
    links = [link for link in runs_dir.glob(f"*/{LATEST}") if (link / "decision.json").is_file()]
    if not links:
        raise UsageError(f"there is no decided run in {runs_dir}; `quantgate run SPEC` makes one")
    return max(links, key=lambda link: (link / "decision.json").stat().st_mtime).resolve()
