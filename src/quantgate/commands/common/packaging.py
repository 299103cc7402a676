"""Planning and compiling of a spec for a cluster."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from quantgate.commands.common.arguments import add_spec
from quantgate.commands.common.checking import check_files
from quantgate.commands.common.cluster_arguments import add_placement, with_placement
from quantgate.commands.common.connecting import add_connection
from quantgate.foundation.extras import import_kfp_without_client, require
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.spec import load
from quantgate.spec.model.cluster import Cluster

if TYPE_CHECKING:
    from quantgate.pipelines.cluster.plugins import PluginsInput
    from quantgate.pipelines.cluster.submit import Submission


@dataclass(frozen=True)
class ClusterPlan:
    """A plan for a cluster.

    Attributes:
        plan: the plan, with the settings of the command line.
        spec_sha256: hash of the spec, without the settings of the command line.
    """

    plan: Plan
    spec_sha256: str

    @property
    def service_account(self) -> str | None:
        """The service account of the runs, None if the spec names none."""
        cluster = self.plan.spec.cluster
        return cluster.service_account if cluster else None

    @property
    def pipeline_root(self) -> str | None:
        """The pipeline root, None if neither the command line nor the spec names one."""
        cluster = self.plan.spec.cluster
        return cluster.pipeline_root if cluster else None


def add_sending(parser: argparse.ArgumentParser) -> None:
    """Add SPEC, the options for its tasks, and the connection to the cluster."""
    add_spec(parser)
    add_placement(parser)
    add_connection(parser)


def add_experiment(parser: argparse.ArgumentParser) -> None:
    """Add --experiment."""
    parser.add_argument(
        "--experiment",
        metavar="NAME",
        help="experiment of the runs (default: $KF_PIPELINES_DEFAULT_EXPERIMENT_NAME, or Default)",
    )


def plan_for_cluster(options: argparse.Namespace) -> ClusterPlan:
    """Plan the spec of a command line, with the settings of the command line.

    Raises:
        UsageError: a setting is invalid.
        SpecError: the spec is invalid.
    """
    loaded = load(options.spec, options.overrides)
    check_files(loaded, runs_here=False)
    return ClusterPlan(make_plan(with_placement(loaded.spec, options)), loaded.sha256)


def plan_to_send(options: argparse.Namespace) -> ClusterPlan:
    """Plan a spec as `plan_for_cluster` does, with default cluster settings if it has none.

    Raises:
        UsageError: a setting is invalid.
        SpecError: the spec is invalid.
    """
    cluster_plan = plan_for_cluster(options)
    spec = cluster_plan.plan.spec
    with_cluster = spec.model_copy(update={"cluster": spec.cluster or Cluster()})
    return replace(cluster_plan, plan=replace(cluster_plan.plan, spec=with_cluster))


def submission_of(
    options: argparse.Namespace,
    cluster_plan: ClusterPlan,
    package: Path,
    name: str,
    arguments: dict[str, str],
    plugins: "PluginsInput",
) -> "Submission":
    """Return the run or schedule to create from a compiled pipeline."""
    from quantgate.pipelines.cluster.submit import Submission

    return Submission(
        package,
        arguments,
        name=name,
        pipeline=cluster_plan.plan.spec.name,
        experiment=options.experiment,
        namespace=options.namespace,
        root=cluster_plan.pipeline_root,
        service_account=cluster_plan.service_account,
        plugins=plugins,
    )


def prepare_compiler(cluster_plan: ClusterPlan) -> None:
    """Import kfp.

    Raises:
        UsageError: kfp is not installed.
    """
    require("compiling", "kfp")
    import_kfp_without_client()
    if cluster_plan.plan.spec.cluster:
        require("the spec's `cluster`", "kfp.kubernetes")


def write_package(cluster_plan: ClusterPlan, path: Path) -> None:
    """Write the compiled pipeline.

    Raises:
        UsageError: kfp is not installed, or the file cannot be written.
        PipelineError: no cluster can run the pipeline.
    """
    prepare_compiler(cluster_plan)
    from quantgate.pipelines import compile_pipeline

    compile_pipeline(cluster_plan.plan, cluster_plan.spec_sha256, path)


@contextmanager
def compiled_package(cluster_plan: ClusterPlan) -> Iterator[Path]:
    """Compile into a temporary file, and yield its path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        write_package(cluster_plan, path)
        yield path
