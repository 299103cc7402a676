"""`quantgate compile SPEC`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.common.arguments import add_spec
from quantgate.commands.common.cluster_arguments import add_placement
from quantgate.commands.common.cluster_images import note_code_in_images, warn_of_default_images
from quantgate.commands.common.manifest_arguments import (
    KUBERNETES,
    add_format,
    manifest_names,
    refuse_names_without_manifests,
)
from quantgate.commands.common.packaging import (
    ForCluster,
    for_cluster,
    prepare_compiler,
    to_be_sent,
    write_package,
)
from quantgate.errors import ExitCode


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "compile",
        help="compile a spec into a Kubeflow pipeline",
        description="Compile a spec into a KFP v2 pipeline, ready to be uploaded. Model and data "
        "become run parameters; URIs in the spec are their defaults, local paths are for local "
        "runs and leave them open.",
    )
    add_spec(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("pipeline.yaml"),
        metavar="FILE",
        help="the compiled pipeline (default: %(default)s)",
    )
    add_placement(parser)
    add_format(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Write the compiled pipeline."""
    written = _write_manifests if options.format == KUBERNETES else _write_pipeline
    made, message = written(options)
    warn_of_default_images(made.plan.spec)
    note_code_in_images(made.plan.spec)
    sys.stdout.write(message)
    return ExitCode.OK


def _write_pipeline(options: argparse.Namespace) -> tuple[ForCluster, str]:
    refuse_names_without_manifests(options)
    made = for_cluster(options)
    write_package(made, options.output)
    name, extent = made.plan.spec.name, made.plan.extent
    return made, f"{options.output} holds the pipeline {name}: {extent}\n"


def _write_manifests(options: argparse.Namespace) -> tuple[ForCluster, str]:
    made = to_be_sent(options)
    prepare_compiler(made)
    from quantgate.pipelines.manifests import compile_manifests

    names = manifest_names(options)
    pipeline, version = compile_manifests(made.plan, made.spec_sha256, options.output, names)
    return made, (
        f"{options.output} holds the Pipeline {pipeline} and the PipelineVersion {version}: "
        f"{made.plan.extent}\n`kubectl apply --server-side -f {options.output}` makes them\n"
    )
