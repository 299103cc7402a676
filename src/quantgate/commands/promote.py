"""`quantgate promote [RUN] --to TO`, and `quantgate promote --rollback TO`."""

import argparse
import sys
import tempfile
from pathlib import Path

from quantgate.commands.common.arguments import add_runs_dir
from quantgate.errors import ExitCode, UsageError
from quantgate.records.decision import Decision
from quantgate.runs.folder import LATEST, RunFolder, newest_decided, read_decision


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "promote",
        help="publish the winner of a run, or go back to the version before",
        description="Publish the winner of a run as `promote` in a spec does: a folder for the "
        "version, whole or not at all, and then its name in `latest`. Or let `latest` name the "
        "version that it named before.",
    )
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="a run's folder or a model's folder of runs (default: the newest decided run)",
    )
    aim = parser.add_mutually_exclusive_group(required=True)
    aim.add_argument(
        "--to", metavar="TO", help="publish the winner there: a folder, or its gs:// or s3:// URI"
    )
    aim.add_argument(
        "--rollback", metavar="TO", help="let `latest` there name the version that it named before"
    )
    add_runs_dir(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Publish, or go back.

    Raises:
        UsageError: RUN and --rollback, or no decided run.
        InputError: it cannot be done; the message says why.
        NothingQualified: the run has no winner.
    """
    if options.rollback is None:
        return _promote(options.run or newest_decided(options.runs_dir), options.to)
    if options.run is not None:
        raise UsageError(f"--rollback takes no run; leave {options.run} out")
    return _roll_back(options.rollback)


def _promote(run: Path, to: str) -> int:
    from quantgate.components.promote.versions import Promotion
    from quantgate.components.promote.work import promote

    folder, decision = _decided(run)
    with tempfile.TemporaryDirectory(prefix="quantgate-") as scratch:
        manifest = Path(scratch, "manifest.json")
        promote(
            str(folder / "decision.json"),
            winner_path=str(RunFolder(folder).model_of(decision) or RunFolder(folder).winner),
            to=to,
            manifest_path=str(manifest),
            compiled_path=str(RunFolder(folder).winner.parent),
        )
        promotion = Promotion.read(manifest)
    sys.stdout.write(
        f"{to}: `latest` names version {promotion.version}, `{promotion.candidate}` of "
        f"{promotion.name}\n"
    )
    return ExitCode.OK


def _decided(run: Path) -> tuple[Path, Decision]:
    """Return the folder of a run that has what it promotes, and its decision."""
    decision = read_decision(run)
    folder = run.parent if run.is_file() else run
    if not (folder / "decision.json").is_file():
        folder = folder / LATEST
    model = RunFolder(folder).model_of(decision)
    if model is not None and not model.is_file():
        raise UsageError(f"{folder} has lost its model, {model}; run again")
    return folder, decision


def _roll_back(to: str) -> int:
    from quantgate.components.promote.work import roll_back

    left, version = roll_back(to)
    sys.stdout.write(f"{to}: `latest` names version {version} again, and no more {left}\n")
    return ExitCode.OK
