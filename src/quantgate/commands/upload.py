"""`quantgate upload SPEC`."""

import argparse
import sys

from quantgate.commands.common.arguments import examples
from quantgate.commands.common.cluster_images import note_code_in_images, warn_of_default_images
from quantgate.commands.common.connecting import connected_to_send
from quantgate.commands.common.packaging import add_sending, compiled_package, plan_to_send
from quantgate.commands.common.preview import add_dry_run, preview
from quantgate.errors import ExitCode
from quantgate.foundation.pipeline_file import version_of
from quantgate.planning.cluster import uploaded_parameters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Compile a spec and upload the pipeline, to be run from the UI or by others. "
        "The first version creates the pipeline. A version that exists already is not uploaded "
        "again. Local paths in the spec become run parameters without a default."
    )
    parser.epilog = examples(
        "quantgate upload quantgate.yaml --host https://kubeflow.example.com",
    )
    add_sending(parser)
    parser.add_argument(
        "--name", metavar="NAME", help="name of the pipeline (default: the spec's name)"
    )
    parser.add_argument(
        "--pipeline-version",
        metavar="VERSION",
        help="name of the version (default: a hash of the compiled pipeline)",
    )
    add_dry_run(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Upload the pipeline."""
    cluster_plan = plan_to_send(options)
    with compiled_package(cluster_plan) as package:
        name = options.name or cluster_plan.plan.spec.name
        version = options.pipeline_version or version_of(package)
        if options.dry_run:
            purpose = {
                "namespace": options.namespace or "shared by all",
                "service account": "set by each run",
                "pipeline": name,
                "version": version,
            }
            parameters = uploaded_parameters(cluster_plan.plan)
            sys.stdout.write(preview(options, cluster_plan, package, purpose, parameters))
        warn_of_default_images(cluster_plan.plan.spec)
        note_code_in_images(cluster_plan.plan.spec)
        if options.dry_run:
            return ExitCode.OK
        client = connected_to_send(options)
        from quantgate.pipelines.cluster.submit import upload

        uploaded = upload(client, package, name, version, options.namespace)
    outcome = "uploaded" if uploaded.is_new else "exists already. Nothing was uploaded"
    sys.stdout.write(f"pipeline {name} ({uploaded.pipeline_id}): version {version} {outcome}\n")
    return ExitCode.OK
