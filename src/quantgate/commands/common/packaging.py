"""A spec as the package that is sent to a cluster."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from quantgate.commands.common.arguments import add_spec
from quantgate.commands.common.cluster_arguments import add_placement, placed
from quantgate.commands.common.connecting import add_connection
from quantgate.foundation.extras import import_kfp_without_client, require
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.spec import load
from quantgate.spec.model.cluster import Cluster


@dataclass(frozen=True)
class ForCluster:
    """A plan as a cluster is to run it; `spec_sha256` is of the spec as its file has it."""

    plan: Plan
    spec_sha256: str

    @property
    def service_account(self) -> str | None:
        """The account that runs have, where the spec names one."""
        cluster = self.plan.spec.cluster
        return cluster.service_account if cluster else None

    @property
    def pipeline_root(self) -> str | None:
        """The URI that results go below, where the command line or the spec names one."""
        cluster = self.plan.spec.cluster
        return cluster.pipeline_root if cluster else None


def add_sending(parser: argparse.ArgumentParser) -> None:
    """Add SPEC, where its tasks run, and how the cluster is reached."""
    add_spec(parser)
    add_placement(parser)
    add_connection(parser)


def add_filing(parser: argparse.ArgumentParser) -> None:
    """Add what runs are filed under."""
    parser.add_argument(
        "--experiment",
        metavar="NAME",
        help="what runs are filed under "
        "(default: $KF_PIPELINES_DEFAULT_EXPERIMENT_NAME, or Default)",
    )


def for_cluster(options: argparse.Namespace) -> ForCluster:
    """Plan the spec of a command line, with the settings that the command line adds.

    Raises:
        UsageError: a setting is none.
        SpecError: the spec is invalid.
    """
    loaded = load(options.spec, options.overrides)
    return ForCluster(make_plan(placed(loaded.spec, options)), loaded.sha256)


def to_be_sent(options: argparse.Namespace) -> ForCluster:
    """Plan a spec as `for_cluster` does, and settle its tasks even where `cluster` says nothing.

    Raises:
        UsageError: a setting is none.
        SpecError: the spec is invalid.
    """
    made = for_cluster(options)
    spec = made.plan.spec
    settled = spec.model_copy(update={"cluster": spec.cluster or Cluster()})
    return replace(made, plan=replace(made.plan, spec=settled))


def prepare_compiler(made: ForCluster) -> None:
    """Import kfp.

    Raises:
        UsageError: kfp is not installed.
    """
    require("compiling", "kfp")
    import_kfp_without_client()
    if made.plan.spec.cluster:
        require("the spec's `cluster`", "kfp.kubernetes")


def write_package(made: ForCluster, path: Path) -> None:
    """Write the compiled pipeline.

    Raises:
        UsageError: kfp is not installed, or the file cannot be written.
        PipelineError: no cluster would run the pipeline.
    """
    prepare_compiler(made)
    from quantgate.pipelines import compile_pipeline

    compile_pipeline(made.plan, made.spec_sha256, path)


@contextmanager
def packaged(made: ForCluster) -> Iterator[Path]:
    """Compile into a file that lasts as long as it is sent."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        write_package(made, path)
        yield path
