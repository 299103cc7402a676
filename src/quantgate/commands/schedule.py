"""`quantgate schedule SPEC`."""

import argparse
import sys

from quantgate.commands.common.arguments import examples
from quantgate.commands.common.cluster_images import note_code_in_images, refuse_default_images
from quantgate.commands.common.connecting import connected_to_send
from quantgate.commands.common.packaging import (
    add_experiment,
    add_sending,
    compiled_package,
    plan_to_send,
    submission_of,
)
from quantgate.commands.common.plugin_arguments import (
    add_plugins,
    plugin_texts,
    plugins_input,
    refuse_what_schedules_lose,
)
from quantgate.commands.common.preview import add_dry_run, preview, run_purpose
from quantgate.errors import ExitCode
from quantgate.planning.cluster import arguments_on_cluster

#: Number of fields in a crontab, and in KFP's cron format, which starts with seconds.
_CRONTAB_FIELDS, _FIELDS = 5, 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Compile a spec and schedule recurring runs of it on a Kubeflow cluster, one "
        "at a time. Runs that the cluster misses while it is down are not caught up."
    )
    parser.epilog = examples(
        "quantgate schedule quantgate.yaml --host https://kubeflow.example.com --cron '0 3 * * 1'",
    )
    add_sending(parser)
    add_experiment(parser)
    parser.add_argument(
        "--cron",
        required=True,
        type=_cron,
        metavar="FIELDS",
        help="the times, as in a crontab ('0 3 * * 1' is Mondays at 3:00), or as KFP's six "
        "fields, which start with seconds",
    )
    parser.add_argument(
        "--name", metavar="NAME", help="name of the schedule (default: the spec's name)"
    )
    add_plugins(parser)
    add_dry_run(parser)
    parser.set_defaults(handler=handle)


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) not in (_CRONTAB_FIELDS, _FIELDS):
        raise argparse.ArgumentTypeError(
            f"`{text}` is not a schedule: give the five fields of a crontab, or KFP's six"
        )
    return " ".join(fields if len(fields) == _FIELDS else ["0", *fields])


def handle(options: argparse.Namespace) -> int:
    """Schedule the runs."""
    plugins = plugins_input(options)
    cluster_plan = plan_to_send(options)
    arguments = arguments_on_cluster(cluster_plan.plan)
    name = options.name or cluster_plan.plan.spec.name
    with compiled_package(cluster_plan) as package:
        if options.dry_run:
            purpose = run_purpose(options, {"schedule": name, "cron": options.cron})
            sys.stdout.write(
                preview(options, cluster_plan, package, purpose, arguments, plugin_texts(plugins))
            )
        refuse_default_images(cluster_plan.plan.spec)
        if plugins:
            refuse_what_schedules_lose(arguments, cluster_plan.pipeline_root, package)
        note_code_in_images(cluster_plan.plan.spec)
        if options.dry_run:
            return ExitCode.OK
        client = connected_to_send(options, bool(plugins))
        from quantgate.pipelines.cluster.submit import schedule_runs

        submission = submission_of(options, cluster_plan, package, name, arguments, plugins)
        schedule_id = schedule_runs(client, submission, options.cron)
    sys.stdout.write(f"schedule {submission.name} ({schedule_id}): {options.cron}\n")
    return ExitCode.OK
