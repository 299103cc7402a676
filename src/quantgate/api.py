"""The Python API: run a spec, and read decisions as tables."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from quantgate.commands.common.arguments import default_cache
from quantgate.commands.common.checking import check_files
from quantgate.display.manner import Manner
from quantgate.errors import StepFailed
from quantgate.planning.cluster import on_this_machine
from quantgate.planning.planner import make_plan
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.records.verdicts import Verdict
from quantgate.report import notebook
from quantgate.report.table import standing
from quantgate.runs.decided import decided_run, decision_file
from quantgate.runs.folder import RunFolder
from quantgate.runs.run import Settings, run_spec
from quantgate.runs.runners import LOCAL, check_runner, check_targets
from quantgate.spec import load

#: A `pandas.DataFrame` if pandas is installed, otherwise a list with a dict for each row.
Table: TypeAlias = Any


@dataclass(frozen=True)
class Result:
    """The decision of a run, with its tables. A notebook shows the candidates.

    Attributes:
        decision: the decision.
        path: the folder of the run.
    """

    decision: Decision
    path: Path

    @property
    def winner(self) -> str | None:
        """The name of the winning candidate, None if no candidate qualifies."""
        return self.decision.winner

    @property
    def model(self) -> Path | None:
        """The .tflite file of the model to ship, None if there is none."""
        return RunFolder(self.path).model_of(self.decision)

    def candidates(self) -> Table:
        """Return a row for the baseline and for each candidate, with its measurements."""
        return _table([self._candidate(entry) for entry in self.decision.entries])

    def limits(self) -> Table:
        """Return a row for each limit and candidate, with the verdict."""
        entries = self.decision.entries
        return _table([_limit(entry, verdict) for entry in entries for verdict in entry.verdicts])

    def _candidate(self, entry: Entry) -> dict[str, Any]:
        return {
            "candidate": entry.name,
            "mode": entry.mode,
            "standing": standing(entry, self.decision),
            "qualified": entry.qualified,
            "pareto": entry.pareto,
            **entry.measurements,
        }

    def _repr_html_(self) -> str:
        """Return HTML for a notebook."""
        return notebook.render(self.decision)

    def __repr__(self) -> str:
        """Return one line with the outcome."""
        return f"<Result {self.decision.name}: {self.decision.summary}>"


def run(
    spec: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    runs_dir: str | Path = "runs",
    cache: str | Path | None = None,
    jobs: int | None = None,
    quiet: bool = False,
) -> Result:
    """Run a spec on this machine, as `quantgate run` does.

    Args:
        spec: path of the spec.
        overrides: values to set, such as `{"gate.top1.max_drop": 0.02}`.
        runs_dir: folder of the runs.
        cache: folder of the cache. None means that of the command.
        jobs: maximum number of tasks in parallel. None means the number of cores.
        quiet: whether to print nothing while it runs.

    Returns:
        The decision. If no candidate qualifies, `winner` is None, and `decision.summary` says why.

    Raises:
        SpecError: the spec or a file that it names has a problem.
        StepFailed: a task failed, so there is no decision or no promotion.
    """
    loaded = load(Path(spec), [f"{key}={json.dumps(value)}" for key, value in _given(overrides)])
    check_files(loaded)
    plan = make_plan(on_this_machine(loaded.spec))
    check_runner(LOCAL, plan, jobs, dry_run=False)
    check_targets(LOCAL, loaded)
    kept = default_cache() if cache is None else Path(cache)
    conclusion = run_spec(loaded, plan, Settings(Path(runs_dir), jobs, kept, Manner(quiet=quiet)))
    if conclusion.failures is not None or conclusion.decision is None:
        raise StepFailed(conclusion.failures or "no decision was made")
    return Result(conclusion.decision, conclusion.run.path)


def load_decision(
    run: "str | os.PathLike[str] | None" = None, *, runs_dir: str | Path = "runs"
) -> Result:
    """Read the decision of a run, as `quantgate show` does.

    Args:
        run: a run's folder, a model's folder of runs, a decision.json, or a spec, for its newest
            run. None means the newest run of quantgate.yaml, or else of all.
        runs_dir: folder of the runs.

    Raises:
        UsageError: there is no run with a decision.
    """
    file = decision_file(decided_run(None if run is None else Path(run), Path(runs_dir)))
    return Result(Decision.read(file), file.parent.resolve())


def _given(overrides: Mapping[str, Any] | None) -> Sequence[tuple[str, Any]]:
    return list((overrides or {}).items())


def _limit(entry: Entry, verdict: Verdict) -> dict[str, Any]:
    return {
        "candidate": entry.name,
        "figure": verdict.name,
        "rule": verdict.rule,
        "limit": verdict.limit,
        "value": verdict.value,
        "bound": verdict.bound,
        "confidence": verdict.confidence,
        "outcome": verdict.outcome.value,
        "samples_needed": verdict.samples_needed,
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    """Return a DataFrame if pandas is installed, otherwise the rows."""
    if find_spec("pandas") is None:
        return rows
    import pandas

    return pandas.DataFrame(rows)
