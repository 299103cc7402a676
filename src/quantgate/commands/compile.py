"""`quantgate compile SPEC`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.common.arguments import add_spec, examples
from quantgate.commands.common.cluster_arguments import add_placement
from quantgate.commands.common.cluster_images import note_code_in_images, warn_of_default_images
from quantgate.commands.common.manifest_arguments import (
    KUBERNETES,
    add_format,
    manifest_names,
    refuse_names_without_manifests,
)
from quantgate.commands.common.packaging import (
    ClusterPlan,
    plan_for_cluster,
    plan_to_send,
    prepare_compiler,
    write_package,
)
from quantgate.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Compile a spec into a KFP v2 pipeline that can be uploaded. Model and data "
        "become run parameters. URIs in the spec become their defaults. For local paths the "
        "parameters have no default."
    )
    parser.epilog = examples(
        "quantgate compile quantgate.yaml -o pipeline.yaml",
        "quantgate compile quantgate.yaml --format kubernetes",
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
    cluster_plan, message = written(options)
    warn_of_default_images(cluster_plan.plan.spec)
    note_code_in_images(cluster_plan.plan.spec)
    sys.stdout.write(message)
    return ExitCode.OK


def _write_pipeline(options: argparse.Namespace) -> tuple[ClusterPlan, str]:
    refuse_names_without_manifests(options)
    cluster_plan = plan_for_cluster(options)
    write_package(cluster_plan, options.output)
    name, extent = cluster_plan.plan.spec.name, cluster_plan.plan.extent
    return cluster_plan, f"wrote {options.output}: pipeline {name}, {extent}\n"


def _write_manifests(options: argparse.Namespace) -> tuple[ClusterPlan, str]:
    cluster_plan = plan_to_send(options)
    prepare_compiler(cluster_plan)
    from quantgate.pipelines.manifests import compile_manifests

    names = manifest_names(options)
    plan, output = cluster_plan.plan, options.output
    pipeline, version = compile_manifests(plan, cluster_plan.spec_sha256, output, names)
    return cluster_plan, (
        f"wrote {output}: Pipeline {pipeline} and PipelineVersion {version}, {plan.extent}\n"
        f"create them with `kubectl apply --server-side -f {output}`\n"
    )
