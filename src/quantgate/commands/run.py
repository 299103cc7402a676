"""`quantgate run SPEC`."""

import argparse
import sys
import tempfile
from pathlib import Path

from quantgate.commands.common.arguments import add_cache_dir, add_runs_dir, add_spec, examples
from quantgate.commands.common.checking import check_files
from quantgate.commands.common.conclude import conclude, guarded_as_json
from quantgate.commands.common.secret_arguments import Secrets, add_secrets, secrets_of
from quantgate.display.json_lines import write_event
from quantgate.display.manner import Manner
from quantgate.display.names import title_of
from quantgate.errors import ExitCode
from quantgate.foundation.extras import import_kfp_without_client
from quantgate.planning.cluster import on_this_machine
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.runs.run import Settings, arguments_of, run_spec
from quantgate.runs.runners import LOCAL, RUNNERS, check_runner, check_targets
from quantgate.spec import LoadedSpec, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Compile a spec and run the pipeline on this machine, as a cluster would. "
        "Each run has its own folder with the decision, the report, the winner, the compiled "
        "pipeline, the resolved spec, and a log for each task. Tasks with the same code, "
        "parameters and inputs as in an earlier run are taken from the cache."
    )
    parser.epilog = examples(
        "quantgate run quantgate.yaml",
        "quantgate run quantgate.yaml --dry-run",
        "quantgate run quantgate.yaml --set 'quantize.modes=[dynamic_range]' --no-cache",
    )
    add_spec(parser)
    add_runs_dir(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="list the tasks, and show which would run and why, without running any",
    )
    caching = parser.add_mutually_exclusive_group()
    add_cache_dir(caching)
    caching.add_argument(
        "--no-cache",
        action="store_true",
        help="run every task, and cache no results",
    )
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="maximum number of tasks in parallel (default: the number of cores)",
    )
    parser.add_argument(
        "--runner",
        choices=RUNNERS,
        default=LOCAL,
        help="what runs the compiled pipeline: quantgate's own runner (local), or KFP's local "
        "runner with a process (kfp-local) or a container (docker) for each task "
        "(default: %(default)s)",
    )
    add_secrets(parser)
    _add_manner(parser)
    parser.set_defaults(handler=handle)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)


def _add_manner(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        dest="as_json",
        action="store_true",
        help="print each event as one line of JSON, and nothing else",
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument(
        "-v", "--verbose", action="store_true", help="also print the output of the tasks"
    )
    amount.add_argument("-q", "--quiet", action="store_true", help="print only the outcome")


def handle(options: argparse.Namespace) -> int:
    """Run the spec, or show what would run."""
    return guarded_as_json(_run, options) if options.as_json else _run(options)


def _run(options: argparse.Namespace) -> int:
    manner = Manner(options.as_json, options.verbose, options.quiet)
    loaded = load(options.spec, options.overrides)
    check_files(loaded)
    secrets = secrets_of(options.secrets, loaded.spec.cluster)
    plan = make_plan(on_this_machine(loaded.spec, with_secrets=bool(secrets)))
    check_runner(options.runner, plan, options.jobs, options.dry_run, bool(secrets))
    check_targets(options.runner, loaded)
    cache = None if options.no_cache or options.runner != LOCAL else options.cache_dir
    if options.dry_run:
        return _dry_run(loaded, plan, cache, manner, secrets)
    settings = Settings(options.runs_dir, options.jobs, cache, manner, options.runner, secrets)
    return conclude(run_spec(loaded, plan, settings), manner)


def _dry_run(
    loaded: LoadedSpec, plan: Plan, cache: Path | None, manner: Manner, secrets: Secrets
) -> int:
    import_kfp_without_client()
    from quantgate.local_runner import dry_run, read_pipeline
    from quantgate.pipelines import compile_pipeline

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        compile_pipeline(plan, loaded.sha256, path)
        tasks = dry_run(read_pipeline(path), arguments_of(loaded, plan), cache, secrets)
    fates = [(title_of(task), task.to_run) for task in tasks]
    if manner.as_json:
        _print_fates_as_json(fates)
    else:
        _print_fates(fates, manner.quiet)
    return ExitCode.OK


def _print_fates_as_json(fates: list[tuple[str, str | None]]) -> None:
    for title, to_run in fates:
        write_event(sys.stdout, "task_planned", task=title, cached=to_run is None, reason=to_run)
    write_event(sys.stdout, "result", outcome="planned", exit_code=int(ExitCode.OK))


def _print_fates(fates: list[tuple[str, str | None]], is_quiet: bool) -> None:
    width = max(len(title) for title, _ in fates)
    for number, (title, to_run) in enumerate([] if is_quiet else fates, start=1):
        fate = "cached" if to_run is None else f"to run: {to_run}"
        sys.stdout.write(f"{number:>4}  {title:<{width}}  {fate}\n")
    cached = sum(to_run is None for _, to_run in fates)
    running = "1 task" if len(fates) - cached == 1 else f"{len(fates) - cached} tasks"
    sys.stdout.write(f"{running} would run, {cached} cached. Nothing was run or written\n")
