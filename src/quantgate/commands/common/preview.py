"""What --dry-run shows of what would be sent to a cluster."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from quantgate.commands.common.cluster_images import images_of
from quantgate.commands.common.packaging import ForCluster
from quantgate.planning.cluster import described, rendered
from quantgate.spec.model.cluster import Cluster

#: Settings of `cluster` that have a line of their own.
_SHOWN_APART = frozenset({"images", "pipeline_root", "service_account"})
_LEFT_TO_CLUSTER = "as the cluster is set"
_NONE: Mapping[str, str] = MappingProxyType({})


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add --dry-run."""
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be sent, and send nothing"
    )


def run_purpose(options: argparse.Namespace, names: Mapping[str, str]) -> dict[str, str]:
    """Return the purpose of a run or schedule: its experiment, and names."""
    from quantgate.pipelines.cluster.destination import experiment_name

    return {"experiment": experiment_name(options.experiment), **names}


def preview(
    options: argparse.Namespace,
    made: ForCluster,
    package: Path,
    purpose: Mapping[str, str],
    parameters: Mapping[str, str],
    plugins: Mapping[str, str] = _NONE,
) -> str:
    """Return what would be sent, as text; no connection is made.

    Args:
        options: of the command line.
        made: the plan.
        package: its compiled pipeline.
        purpose: names of the run, schedule or pipeline, by title; these lines replace others.
        parameters: the run parameters.
        plugins: what is handed to plugins, by `PLUGIN.KEY`.
    """
    spec = made.plan.spec
    cluster = spec.cluster or Cluster()
    sections = (
        _rows({**_destination(options), **_settings(cluster), **purpose}),
        _titled("images", _rows(images_of(spec))),
        _titled("parameters", _rows(parameters)),
        _titled("plugins", _rows(plugins)),
        _titled("code", f"  {described(spec.code)}\n" if spec.code else ""),
        _titled("cluster", rendered(cluster, without=_SHOWN_APART)),
    )
    size = f"{package.stat().st_size:,}"
    return (
        f"{spec.name}: {made.plan.extent}, a pipeline of {size} bytes\n"
        f"{''.join(sections)}nothing was sent\n"
    )


def _destination(options: argparse.Namespace) -> dict[str, str]:
    from quantgate.pipelines.cluster.destination import endpoint, namespace_name

    return {
        "host": endpoint(options.host, options.kube_context),
        "namespace": namespace_name(options.namespace) or _LEFT_TO_CLUSTER,
    }


def _settings(cluster: Cluster) -> dict[str, str]:
    return {
        "pipeline root": cluster.pipeline_root or _LEFT_TO_CLUSTER,
        "service account": cluster.service_account or _LEFT_TO_CLUSTER,
    }


def _titled(title: str, lines: str) -> str:
    return f"{title}\n{lines}" if lines else ""


def _rows(values: Mapping[str, str]) -> str:
    width = max(map(len, values), default=0)
    return "".join(f"  {name:<{width}}  {value}\n" for name, value in values.items())
