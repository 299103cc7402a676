"""The output of --dry-run for commands that send something to a cluster."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from quantgate.commands.common.cluster_images import images_of
from quantgate.commands.common.packaging import ClusterPlan
from quantgate.planning.cluster import described, rendered
from quantgate.spec.model.cluster import Cluster

#: Settings of `cluster` that have their own lines.
_SHOWN_SEPARATELY = frozenset({"images", "pipeline_root", "service_account"})
_CLUSTER_DEFAULT = "the cluster's default"
_NONE: Mapping[str, str] = MappingProxyType({})


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add --dry-run."""
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be sent, without sending it"
    )


def run_purpose(options: argparse.Namespace, names: Mapping[str, str]) -> dict[str, str]:
    """Return the experiment and the names of a run or schedule, by title."""
    from quantgate.pipelines.cluster.destination import experiment_name

    return {"experiment": experiment_name(options.experiment), **names}


def preview(
    options: argparse.Namespace,
    cluster_plan: ClusterPlan,
    package: Path,
    purpose: Mapping[str, str],
    parameters: Mapping[str, str],
    plugins: Mapping[str, str] = _NONE,
) -> str:
    """Return a summary of what would be sent, without connecting to the cluster.

    Args:
        options: of the command line.
        cluster_plan: the plan.
        package: path of the compiled pipeline.
        purpose: names of the run, schedule or pipeline, by title. They override default lines.
        parameters: the run parameters.
        plugins: the values for plugins, by `PLUGIN.KEY`.
    """
    spec = cluster_plan.plan.spec
    cluster = spec.cluster or Cluster()
    sections = (
        _rows({**_destination(options), **_settings(cluster), **purpose}),
        _titled("images", _rows(images_of(spec))),
        _titled("parameters", _rows(parameters)),
        _titled("plugins", _rows(plugins)),
        _titled("code", f"  {described(spec.code)}\n" if spec.code else ""),
        _titled("cluster", rendered(cluster, without=_SHOWN_SEPARATELY)),
    )
    size = f"{package.stat().st_size:,}"
    return (
        f"{spec.name}: {cluster_plan.plan.extent}, a pipeline of {size} bytes\n"
        f"{''.join(sections)}nothing was sent\n"
    )


def _destination(options: argparse.Namespace) -> dict[str, str]:
    from quantgate.pipelines.cluster.destination import endpoint, namespace_name

    return {
        "host": endpoint(options.host, options.kube_context),
        "namespace": namespace_name(options.namespace) or _CLUSTER_DEFAULT,
    }


def _settings(cluster: Cluster) -> dict[str, str]:
    return {
        "pipeline root": cluster.pipeline_root or _CLUSTER_DEFAULT,
        "service account": cluster.service_account or _CLUSTER_DEFAULT,
    }


def _titled(title: str, lines: str) -> str:
    return f"{title}\n{lines}" if lines else ""


def _rows(values: Mapping[str, str]) -> str:
    width = max(map(len, values), default=0)
    return "".join(f"  {name:<{width}}  {value}\n" for name, value in values.items())
