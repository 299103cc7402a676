"""What can run a compiled pipeline on this machine: quantgate's runner, or one of KFP's own."""

from pathlib import Path
from typing import TYPE_CHECKING

from quantgate.domain.targets import TARGETS
from quantgate.errors import UsageError
from quantgate.foundation.extras import FOR_A_RUN, require
from quantgate.runs.folder import RunFolder
from quantgate.spec import LoadedSpec
from quantgate.spec.model.functions import functions_left_behind

if TYPE_CHECKING:
    from quantgate.local_runner import Observer, RunResult

LOCAL = "local"
KFP_LOCAL = "kfp-local"
DOCKER = "docker"
RUNNERS = (LOCAL, KFP_LOCAL, DOCKER)


def check_runner(runner: str, jobs: int | None, dry_run: bool, secrets: bool = False) -> None:
    """Make sure that a runner is installed and can do what else is asked for.

    Raises:
        UsageError: it is not, or cannot.
    """
    if runner == LOCAL:
        require("running", *FOR_A_RUN)
        return
    options = {"--jobs": jobs, "--dry-run": dry_run, "--secret": secrets}
    asked = next((option for option, value in options.items() if value), None)
    if asked:
        raise UsageError(
            f"{asked} is for quantgate's own runner: leave it out, or leave out --runner {runner}"
        )
    require(f"--runner {runner}", *(("kfp", "docker") if runner == DOCKER else FOR_A_RUN))


def check_targets(runner: str, loaded: LoadedSpec) -> None:
    """Make sure that what measures on the spec's targets is installed; in containers it is.

    Raises:
        UsageError: it is not; the command that installs it is named.
    """
    names = [each.target for each in loaded.spec.measure.targets]
    needed = [module for name in names if (module := TARGETS[name].module)]
    if runner != DOCKER and needed:
        require("`measure.targets`", *needed)


def run_by_kfp(
    runner: str,
    loaded: LoadedSpec,
    run: RunFolder,
    arguments: dict[str, str],
    observer: "Observer",
) -> "RunResult":
    """Run the compiled pipeline of a run's folder by `KFP_LOCAL` or `DOCKER`.

    Raises:
        QuantgateError: as `quantgate.local_runner.kfp.runner.run_with_kfp` says.
    """
    from quantgate.local_runner.kfp.containers import Containers
    from quantgate.local_runner.kfp.runner import run_with_kfp

    containers = None
    if runner == DOCKER:
        published = [name for name in arguments if name == "promote_to"]
        containers = Containers(
            reads=tuple(Path(place) for name, place in arguments.items() if name not in published),
            writes=tuple(Path(arguments[name]) for name in published),
            code=_code_folder(loaded),
        )
    return run_with_kfp(run.pipeline, arguments, run.artifacts, run.logs, observer, containers)


def _code_folder(loaded: LoadedSpec) -> Path | None:
    """Return the spec's folder where a module lies in it; others are in the images."""
    folder = loaded.folder.resolve()
    names = [
        name.partition(":")[0].partition(".")[0] for name in functions_left_behind(loaded.spec)
    ]
    is_there = any((folder / f"{name}.py").is_file() or (folder / name).is_dir() for name in names)
    return folder if is_there else None
