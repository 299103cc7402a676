"""`quantgate schedule SPEC`."""

import argparse
import sys

from quantgate.commands.common.cluster_images import note_code_in_images, refuse_default_images
from quantgate.commands.common.connecting import connected_to_send
from quantgate.commands.common.packaging import add_filing, add_sending, packaged, to_be_sent
from quantgate.commands.common.plugin_arguments import (
    add_plugins,
    plugins_input,
    refuse_what_schedules_lose,
    shown,
)
from quantgate.commands.common.preview import add_dry_run, preview, run_purpose
from quantgate.errors import ExitCode
from quantgate.planning.cluster import arguments_on_cluster

#: Fields of a crontab, and those that KFP reads, which begin with seconds.
_CRONTAB_FIELDS, _FIELDS = 5, 6


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "schedule",
        help="run a spec on a Kubeflow cluster again and again",
        description="Compile a spec and have a Kubeflow cluster run it by a schedule, one run at "
        "a time; runs that a pause of the cluster has missed are not made up for.",
    )
    add_sending(parser)
    add_filing(parser)
    parser.add_argument(
        "--cron",
        required=True,
        type=_cron,
        metavar="FIELDS",
        help="when, as in a crontab: '0 3 * * 1' is Mondays at three; or KFP's six fields, which "
        "begin with seconds",
    )
    parser.add_argument(
        "--name", metavar="NAME", help="what the schedule is called (default: the spec's name)"
    )
    add_plugins(parser)
    add_dry_run(parser)
    parser.set_defaults(handler=handle)


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) not in (_CRONTAB_FIELDS, _FIELDS):
        raise argparse.ArgumentTypeError(f"`{text}` has not the five fields of a crontab, or six")
    return " ".join(fields if len(fields) == _FIELDS else ["0", *fields])


def handle(options: argparse.Namespace) -> int:
    """Schedule the runs."""
    plugins = plugins_input(options)
    made = to_be_sent(options)
    arguments = arguments_on_cluster(made.plan)
    name = options.name or made.plan.spec.name
    with packaged(made) as package:
        if options.dry_run:
            purpose = run_purpose(options, {"schedule": name, "cron": options.cron})
            sys.stdout.write(preview(options, made, package, purpose, arguments, shown(plugins)))
        refuse_default_images(made.plan.spec)
        if plugins:
            refuse_what_schedules_lose(arguments, made.pipeline_root, package)
        note_code_in_images(made.plan.spec)
        if options.dry_run:
            return ExitCode.OK
        client = connected_to_send(options, bool(plugins))
        from quantgate.pipelines.cluster.submit import Submission, schedule_runs

        submission = Submission(
            package,
            arguments,
            name=name,
            pipeline=made.plan.spec.name,
            experiment=options.experiment,
            namespace=options.namespace,
            root=made.pipeline_root,
            service_account=made.service_account,
            plugins=plugins,
        )
        schedule_id = schedule_runs(client, submission, options.cron)
    sys.stdout.write(f"schedule {submission.name} ({schedule_id}): {options.cron}\n")
    return ExitCode.OK
