"""`quantgate submit SPEC`."""

import argparse
import sys
import time

from quantgate.commands.common.arguments import examples
from quantgate.commands.common.cluster_images import note_code_in_images, refuse_default_images
from quantgate.commands.common.connecting import connected_to_send
from quantgate.commands.common.following import add_waiting, follow, follow_hint, require_reading
from quantgate.commands.common.messages import write_message
from quantgate.commands.common.packaging import (
    add_experiment,
    add_sending,
    compiled_package,
    plan_to_send,
    submission_of,
)
from quantgate.commands.common.plugin_arguments import add_plugins, plugin_texts, plugins_input
from quantgate.commands.common.preview import add_dry_run, preview, run_purpose
from quantgate.errors import ExitCode
from quantgate.planning.cluster import arguments_on_cluster


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Compile a spec and start a run of it on a Kubeflow cluster. The cluster must "
        "be able to read the model and the data. Results are written below the pipeline root. "
        "With --wait the decision is read from there, using the credentials of this environment."
    )
    parser.epilog = examples(
        "quantgate submit quantgate.yaml --host https://kubeflow.example.com --wait",
        "quantgate submit quantgate.yaml --host https://kubeflow.example.com --dry-run",
    )
    add_sending(parser)
    add_experiment(parser)
    parser.add_argument(
        "--name", metavar="NAME", help="name of the run (default: the spec's name and the time)"
    )
    add_plugins(parser)
    add_dry_run(parser)
    add_waiting(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Start the run, and follow it if --wait is given."""
    plugins = plugins_input(options)
    cluster_plan = plan_to_send(options)
    if options.wait:
        require_reading(cluster_plan.pipeline_root)
    arguments = arguments_on_cluster(cluster_plan.plan)
    name = options.name or f"{cluster_plan.plan.spec.name} {time.strftime('%Y-%m-%d %H-%M-%S')}"
    with compiled_package(cluster_plan) as package:
        if options.dry_run:
            purpose = run_purpose(options, {"run": name})
            sys.stdout.write(
                preview(options, cluster_plan, package, purpose, arguments, plugin_texts(plugins))
            )
        refuse_default_images(cluster_plan.plan.spec)
        note_code_in_images(cluster_plan.plan.spec)
        if options.dry_run:
            return ExitCode.OK
        client = connected_to_send(options, bool(plugins))
        from quantgate.pipelines.cluster.submit import start_run

        submission = submission_of(options, cluster_plan, package, name, arguments, plugins)
        started = start_run(client, submission)
    run_id = started.run_id
    sys.stdout.write(f"run {run_id}: {client.page_of(run_id)}\n")
    sys.stdout.flush()
    for remark in started.remarks:
        write_message(remark, kind="note")
    if options.wait:
        return follow(client, run_id, options)
    sys.stdout.write(f"{follow_hint(run_id)}\n")
    return ExitCode.OK
