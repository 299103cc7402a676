"""The runners of a compiled pipeline on this machine: quantgate's own, and KFP's."""

from pathlib import Path
from typing import TYPE_CHECKING

from quantgate.domain.targets import TARGETS
from quantgate.errors import UsageError
from quantgate.foundation.extras import FOR_A_RUN, FOR_RECIPES, FOR_TENSORFLOW, require
from quantgate.planning.plan import Plan
from quantgate.runs.folder import RunFolder
from quantgate.spec import LoadedSpec
from quantgate.spec.model.functions import functions_left_behind
from quantgate.spec.model.libraries import needs_tensorflow

if TYPE_CHECKING:
    from quantgate.local_runner import Observer, RunResult

LOCAL = "local"
KFP_LOCAL = "kfp-local"
DOCKER = "docker"
RUNNERS = (LOCAL, KFP_LOCAL, DOCKER)


def check_runner(
    runner: str, plan: Plan, jobs: int | None, dry_run: bool, secrets: bool = False
) -> None:
    """Check that a runner and the libraries of a plan are installed, and the other options.

    Raises:
        UsageError: something is not installed, or the runner does not support an option.
    """
    if runner == LOCAL:
        require("running", *_modules(plan))
        return
    options = {"--jobs": jobs, "--dry-run": dry_run, "--secret": secrets}
    unsupported = next((option for option, value in options.items() if value), None)
    if unsupported:
        raise UsageError(
            f"{unsupported} works only with quantgate's own runner. "
            f"Remove it, or remove --runner {runner}"
        )
    require(f"--runner {runner}", *(("kfp", "docker") if runner == DOCKER else _modules(plan)))


def _modules(plan: Plan) -> tuple[str, ...]:
    """Return the modules that the tasks of a plan import."""
    return (
        *FOR_A_RUN,
        *(FOR_TENSORFLOW if needs_tensorflow(plan.spec) else ()),
        *(FOR_RECIPES if plan.recipes else ()),
    )


def check_targets(runner: str, loaded: LoadedSpec) -> None:
    """Check that the packages for the spec's targets are installed. Containers have them.

    Raises:
        UsageError: a package is missing. The message gives the `pip install` command.
    """
    names = [target.target for target in loaded.spec.measure.targets]
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
    """Run the compiled pipeline of a run's folder with the runner `KFP_LOCAL` or `DOCKER`.

    Raises:
        QuantgateError: as in `quantgate.local_runner.kfp.runner.run_with_kfp`.
    """
    from quantgate.local_runner.kfp.containers import Containers
    from quantgate.local_runner.kfp.runner import run_with_kfp

    containers = None
    if runner == DOCKER:
        published = [name for name in arguments if name == "promote_to"]
        containers = Containers(
            reads=tuple(Path(path) for name, path in arguments.items() if name not in published),
            writes=tuple(Path(arguments[name]) for name in published),
            code=_code_folder(loaded),
        )
    return run_with_kfp(run.pipeline, arguments, run.artifacts, run.logs, observer, containers)


def _code_folder(loaded: LoadedSpec) -> Path | None:
    """Return the spec's folder if it has a module of user functions, otherwise None."""
    folder = loaded.folder.resolve()
    names = [
        name.partition(":")[0].partition(".")[0] for name in functions_left_behind(loaded.spec)
    ]
    has_module = any(
        (folder / f"{name}.py").is_file() or (folder / name).is_dir() for name in names
    )
    return folder if has_module else None
