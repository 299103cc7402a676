"""`quantgate upload SPEC`."""

import argparse
import sys

from quantgate.commands.common.cluster_images import note_code_in_images, warn_of_default_images
from quantgate.commands.common.connecting import connected_to_send
from quantgate.commands.common.packaging import add_sending, packaged, to_be_sent
from quantgate.commands.common.preview import add_dry_run, preview
from quantgate.errors import ExitCode
from quantgate.foundation.pipeline_file import version_of
from quantgate.planning.cluster import parameters_left_open


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "upload",
        help="upload a spec's pipeline to a Kubeflow cluster, as a new version",
        description="Compile a spec and upload the pipeline, to be run from the UI or by others. "
        "The first version creates the pipeline; one that is there already is not uploaded again. "
        "What the spec gives as a local path is left open, for each run to say.",
    )
    add_sending(parser)
    parser.add_argument(
        "--name", metavar="NAME", help="what the pipeline is called (default: the spec's name)"
    )
    parser.add_argument(
        "--pipeline-version",
        metavar="VERSION",
        help="what the version is called (default: a hash of the compiled pipeline)",
    )
    add_dry_run(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Upload the pipeline."""
    made = to_be_sent(options)
    with packaged(made) as package:
        name = options.name or made.plan.spec.name
        version = options.pipeline_version or version_of(package)
        if options.dry_run:
            purpose = {
                "namespace": options.namespace or "shared by all",
                "service account": "left open, for each run to say",
                "pipeline": name,
                "version": version,
            }
            parameters = parameters_left_open(made.plan)
            sys.stdout.write(preview(options, made, package, purpose, parameters))
        warn_of_default_images(made.plan.spec)
        note_code_in_images(made.plan.spec)
        if options.dry_run:
            return ExitCode.OK
        client = connected_to_send(options)
        from quantgate.pipelines.cluster.submit import upload

        uploaded = upload(client, package, name, version, options.namespace)
    what = "uploaded" if uploaded.is_new else "is there already; nothing was uploaded"
    sys.stdout.write(f"pipeline {name} ({uploaded.pipeline_id}): version {version} {what}\n")
    return ExitCode.OK
