"""`quantgate compile SPEC`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.arguments import add_spec
from quantgate.commands.cluster_arguments import add_placement
from quantgate.commands.cluster_images import warn_of_default_images
from quantgate.commands.packaging import for_cluster, write_package
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
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Write the compiled pipeline."""
    made = for_cluster(options)
    write_package(made, options.output)
    warn_of_default_images(made.plan.spec)
    plan = made.plan
    sys.stdout.write(f"{options.output} holds the pipeline {plan.spec.name}: {plan.extent}\n")
    return ExitCode.OK
