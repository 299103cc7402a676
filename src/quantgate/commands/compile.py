"""`quantgate compile SPEC`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.arguments import add_spec
from quantgate.errors import ExitCode
from quantgate.extras import import_kfp_without_client, require
from quantgate.plan import make_plan
from quantgate.spec import load


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
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Write the compiled pipeline."""
    loaded = load(options.spec, options.overrides)
    plan = make_plan(loaded.spec)
    require("compiling", "kfp")
    import_kfp_without_client()
    from quantgate.pipelines import compile_pipeline

    compile_pipeline(plan, loaded.sha256, options.output)
    sys.stdout.write(f"{options.output} holds the pipeline {loaded.spec.name}: {plan.extent}\n")
    return ExitCode.OK
