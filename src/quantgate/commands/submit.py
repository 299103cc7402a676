"""`quantgate submit SPEC`."""

import argparse
import sys
import time

from quantgate.commands.common.cluster_images import note_code_in_images, refuse_default_images
from quantgate.commands.common.connecting import connected_to_send
from quantgate.commands.common.following import add_waiting, follow, require_reading, way_back
from quantgate.commands.common.packaging import add_filing, add_sending, packaged, to_be_sent
from quantgate.commands.common.plugin_arguments import add_plugins, plugins_input, shown
from quantgate.commands.common.preview import add_dry_run, preview, run_purpose
from quantgate.errors import ExitCode
from quantgate.planning.cluster import arguments_on_cluster


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "submit",
        help="run a spec on a Kubeflow cluster",
        description="Compile a spec and start a run of it on a Kubeflow cluster. Model and data "
        "have to lie where the cluster sees them. Results go below the pipeline root; with --wait "
        "the decision is read from there, with the credentials of this environment.",
    )
    add_sending(parser)
    add_filing(parser)
    parser.add_argument(
        "--name", metavar="NAME", help="what the run is called (default: the spec's name, and now)"
    )
    add_plugins(parser)
    add_dry_run(parser)
    add_waiting(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Start the run, and follow it where that is asked for."""
    plugins = plugins_input(options)
    made = to_be_sent(options)
    if options.wait:
        require_reading(made.pipeline_root)
    arguments = arguments_on_cluster(made.plan)
    name = options.name or f"{made.plan.spec.name} {time.strftime('%Y-%m-%d %H-%M-%S')}"
    with packaged(made) as package:
        if options.dry_run:
            purpose = run_purpose(options, {"run": name})
            sys.stdout.write(preview(options, made, package, purpose, arguments, shown(plugins)))
        refuse_default_images(made.plan.spec)
        note_code_in_images(made.plan.spec)
        if options.dry_run:
            return ExitCode.OK
        client = connected_to_send(options, bool(plugins))
        from quantgate.pipelines.cluster.submit import Submission, start_run

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
        started = start_run(client, submission)
    run_id = started.run_id
    sys.stdout.write(f"run {run_id}: {client.page_of(run_id)}\n")
    sys.stdout.flush()
    for remark in started.remarks:
        sys.stderr.write(f"note: {remark}\n")
    if options.wait:
        return follow(client, run_id, options)
    sys.stdout.write(f"{way_back(run_id)}\n")
    return ExitCode.OK
