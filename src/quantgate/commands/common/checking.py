"""The check of a spec's files that all verbs share."""

import os
from collections.abc import Iterable, Sequence

from quantgate.planning.planner import make_plan
from quantgate.spec import LoadedSpec
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.preflight.paths import preflight
from quantgate.spec.problems.findings import Finding


def spare_threads() -> None:
    """Let NumPy start no threads in a process that checks files and does nothing else."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def check_files(loaded: LoadedSpec, *, runs_here: bool = True) -> None:
    """Check the files of a spec as far as that is possible without TensorFlow.

    Args:
        loaded: the spec.
        runs_here: whether the spec will run on this machine. If not, paths may be missing here.

    Raises:
        SpecError: a run would refuse a file. The error lists all problems.
    """

    def contents(known: Sequence[Finding]) -> Iterable[Finding]:
        if scheme_of(loaded.spec.model.location) or _are_about_the_model(known):
            return ()
        from quantgate.components.rehearsal.rehearse import rehearse

        return rehearse(make_plan(loaded.spec), loaded, known)

    preflight(loaded, contents, runs_here=runs_here)


def _are_about_the_model(findings: Sequence[Finding]) -> bool:
    return any(finding.path[0] == "model" for finding in findings)
