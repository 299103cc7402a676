"""`quantgate promote [RUN] --to TO`, and `quantgate promote --rollback TO`."""

import argparse
import sys
import tempfile
from pathlib import Path

from quantgate.commands.common.arguments import add_runs_dir, examples
from quantgate.errors import ExitCode, UsageError
from quantgate.records.decision import Decision
from quantgate.runs.decided import decided_run, read_decision
from quantgate.runs.folder import LATEST, RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Publish the winner of a run as `promote` in a spec does: write the folder of "
        "the version atomically, then point `latest` to it. Or roll back: point `latest` to the "
        "previous version again."
    )
    parser.epilog = examples(
        "quantgate promote runs/digits/latest --to promoted/digits",
        "quantgate promote --rollback promoted/digits",
    )
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="a run's folder or a model's folder of runs (default: the newest run with a decision)",
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--to", metavar="TO", help="publish the winner to this folder, gs:// URI or s3:// URI"
    )
    action.add_argument(
        "--rollback", metavar="TO", help="point `latest` in TO to the previous version"
    )
    add_runs_dir(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Publish or roll back.

    Raises:
        UsageError: both RUN and --rollback are given, or no run has a decision.
        InputError: publishing or rolling back failed. The message says why.
        NothingQualified: the run has no winner.
        Doubtful: the run is doubtful.
    """
    if options.rollback is None:
        return _promote(decided_run(options.run, options.runs_dir), options.to)
    if options.run is not None:
        raise UsageError(f"--rollback takes no run. Remove {options.run}")
    return _roll_back(options.rollback)


def _promote(run: Path, to: str) -> int:
    from quantgate.components.promote.versions import Promotion
    from quantgate.components.promote.work import promote

    folder, decision = _decided(run)
    model = RunFolder(folder).model_of(decision) or RunFolder(folder).winner
    with tempfile.TemporaryDirectory(prefix="quantgate-") as scratch:
        manifest = Path(scratch, "manifest.json")
        promote(
            str(folder / "decision.json"),
            winner_path=str(model),
            to=to,
            manifest_path=str(manifest),
            compiled_path=str(model.parent),
        )
        promotion = Promotion.read(manifest)
    sys.stdout.write(
        f"{to}: `latest` is now version {promotion.version}, `{promotion.candidate}` of "
        f"{promotion.name}\n"
    )
    return ExitCode.OK


def _decided(run: Path) -> tuple[Path, Decision]:
    """Return the folder of a run and its decision, after checking that the model exists."""
    decision = read_decision(run)
    folder = run.parent if run.is_file() else run
    if not (folder / "decision.json").is_file():
        folder = folder / LATEST
    model = RunFolder(folder).model_of(decision)
    if model is not None and not model.is_file():
        raise UsageError(f"the model of {folder} is missing: {model}. Run again")
    return folder, decision


def _roll_back(to: str) -> int:
    from quantgate.components.promote.work import roll_back

    left, version = roll_back(to)
    sys.stdout.write(f"{to}: `latest` is version {version} again instead of {left}\n")
    return ExitCode.OK
