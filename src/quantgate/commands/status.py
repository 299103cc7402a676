"""`quantgate status RUN`."""

import argparse
import sys

from quantgate.commands.common.arguments import examples
from quantgate.commands.common.cluster_arguments import checked_root
from quantgate.commands.common.connecting import add_connection, connected
from quantgate.commands.common.following import add_waiting, conclude, follow
from quantgate.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Show the state of a run on a Kubeflow cluster and of its tasks. If the run has ended, "
        "show its decision, and exit with the code that `quantgate run` has. If it is still in "
        "progress, the exit code is 0."
    )
    parser.epilog = examples(
        "quantgate status 0ab1c2d3-4e5f-6071-8293-a4b5c6d7e8f9 --host https://kubeflow.example.com",
    )
    parser.add_argument("run", metavar="RUN", help="the run's id, as `quantgate submit` prints it")
    add_connection(parser)
    parser.add_argument(
        "--pipeline-root",
        metavar="URI",
        help="the run's pipeline root (default: the root that the run was started with)",
    )
    add_waiting(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Show the run."""
    root = checked_root(options.pipeline_root) if options.pipeline_root else None
    client = connected(options)
    if options.wait:
        return follow(client, options.run, options)
    from quantgate.pipelines.cluster.following import look_at

    run = look_at(client, options.run)
    for task, state in run.tasks.items():
        sys.stdout.write(f"{state:<10}  {task}\n")
    sys.stdout.write(f"{run.state.value:<10}  the run: {client.page_of(run.run_id)}\n")
    return conclude(run, root) if run.state.ended else ExitCode.OK
