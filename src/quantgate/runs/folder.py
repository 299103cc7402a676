"""Layout of a run's folder.

    runs/<name>/<time>/  spec.yaml, pipeline.yaml, logs/, artifacts/, run.json, and after the
                         gate's decision winner/ (or baseline/ if that is kept), report.*,
                         decision.json
    runs/<name>/latest   a link to the newest run with a decision

`decision.json` is written last, so a folder that has it is complete.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quantgate.domain.targets import SHIPPED
from quantgate.errors import InputError, UsageError
from quantgate.foundation.copies import link_or_copy
from quantgate.foundation.files import replacing
from quantgate.records.base import Record
from quantgate.records.decision import Decision

LATEST = "latest"


class TaskRecord(Record):
    """The state of a task.

    Attributes:
        title: the task's name as users see it.
        state: how the task ended, or RUNNING.
        seconds: how long it took.
        log: path of its log relative to the run's folder, None if it has none.
        error: why it failed, None if it did not.
        cached: whether its outputs were taken from an earlier run.
    """

    title: str
    state: str
    seconds: float
    log: str | None
    error: str | None
    cached: bool = False


class RunRecord(Record):
    """The contents of `run.json`.

    Attributes:
        state: how the run ended. A run that was killed keeps the state "running".
        tasks: the states of its tasks.
    """

    state: Literal["running", "decided", "failed", "interrupted"]
    tasks: list[TaskRecord] = []

    def keep(self, run: "RunFolder") -> None:
        """Replace the record atomically."""
        with replacing(run.record) as partial:
            self.write(partial)


@dataclass(frozen=True)
class RunFolder:
    """The paths of a run's files."""

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
        """The folder of the tasks' logs."""
        return self.path / "logs"

    @property
    def artifacts(self) -> Path:
        """The pipeline root."""
        return self.path / "artifacts"

    @property
    def decision(self) -> Path:
        """The decision, which is written last."""
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
        """The float baseline, kept if no candidate qualified."""
        return self.path / "baseline" / "model.tflite"

    def model_of(self, decision: Decision) -> Path | None:
        """Return the model that a decision promotes, None if it promotes none."""
        if decision.promoted is None:
            return None
        return self.kept_baseline if decision.winner is None else self.winner

    @property
    def record(self) -> Path:
        """The record of the run."""
        return self.path / "run.json"


def create_run(runs_dir: Path, name: str) -> RunFolder:
    """Create the folder of a new run, named after the time in UTC.

    Raises:
        UsageError: the folder cannot be created.
    """
    _refuse_foreign_latest(runs_dir / name / LATEST)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for attempt in range(1, 1000):
        folder = runs_dir / name / (stamp if attempt == 1 else f"{stamp}-{attempt}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if folder.is_dir():
                continue
            raise _unwritable(runs_dir, "there is a file with its name") from None
        except OSError as error:
            raise _unwritable(runs_dir, error.strerror) from error
        return RunFolder(folder.resolve())
    raise _unwritable(runs_dir, f"it has a thousand runs of {stamp}")


def _refuse_foreign_latest(link: Path) -> None:
    if _is_foreign(link):
        raise UsageError(
            f"{link} is not a link to a run, so it is not replaced by one: move it away, keep "
            "`promote.to` out of the runs folder, or choose another runs folder with --runs-dir"
        )


def _unwritable(runs_dir: Path, why: str | None) -> UsageError:
    return UsageError(
        f"cannot write the runs folder {runs_dir}: {why}. Choose another one with --runs-dir"
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
    """Copy the gate's results into the run's folder, the decision last and atomically.

    Args:
        run: the folder.
        decision: the decision as JSON.
        report: the report as Markdown.
        page: the report as HTML.
        winner: the promoted model, an empty file if the decision promotes none.
        compiled: folder of the winner compiled for targets.
        keeps_baseline: whether the promoted model is the float baseline.
    """
    from quantgate.report import card

    contents = Decision.read(decision)
    shutil.copyfile(report, run.report)
    shutil.copyfile(page, run.page)
    if winner.stat().st_size > 0:
        model = run.kept_baseline if keeps_baseline else run.winner
        model.parent.mkdir(exist_ok=True)
        link_or_copy(winner, model)
        for for_target in (path for path in compiled.iterdir() if path.suffix in SHIPPED):
            link_or_copy(for_target, model.with_name(for_target.name))
        if contents.promoted:
            model.with_name("README.md").write_text(card.render(contents), encoding="utf-8")
    _add_changes(run, contents)
    with replacing(run.decision) as partial:
        shutil.copyfile(decision, partial)
    _point_latest_at(run)


def _add_changes(run: RunFolder, decision: Decision) -> None:
    """Add the changes since the previous run to the reports, if its decision can be read."""
    from quantgate.report import previous

    link = run.path.parent / LATEST
    before = RunFolder(link.resolve())
    if not link.is_symlink() or before.path == run.path or not before.decision.is_file():
        return
    try:
        earlier = Decision.read(before.decision)
    except InputError:
        return
    page = run.page.read_text("utf-8")
    name = before.path.name
    run.page.write_text(previous.on_page(page, earlier, decision, name), encoding="utf-8")
    with run.report.open("a", encoding="utf-8") as report:
        report.write(previous.as_markdown(earlier, decision, name))


def _point_latest_at(run: RunFolder) -> None:
    link = run.path.parent / LATEST
    if _is_foreign(link):
        return  # written by a promotion into this folder, and read by devices
    with replacing(link) as partial:
        partial.symlink_to(run.path.name, target_is_directory=True)


def _is_foreign(link: Path) -> bool:
    return link.exists() and not link.is_symlink()
