"""Settings and run arguments of a spec on a Kubeflow cluster."""

from collections.abc import Iterator, Set
from pathlib import PurePosixPath

import yaml

from quantgate.errors import UsageError
from quantgate.planning.plan import Plan, run_parameters
from quantgate.planning.sharding import with_local_shards
from quantgate.spec.model.cluster import Cluster, Secret
from quantgate.spec.model.code import Code
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.spec import Spec

_PROMOTE_TO = "promote_to"


def on_this_machine(spec: Spec, with_secrets: bool = False) -> Spec:
    """Drop the cluster-only settings for a local run, and fit `shards: auto` to this machine.

    Image names are kept for runs in containers.

    Args:
        spec: the spec.
        with_secrets: whether to keep the environment variables from secrets.
    """
    spec = with_local_shards(spec)
    if spec.cluster is None:
        return spec
    images, secrets = spec.cluster.images, spec.cluster.secrets if with_secrets else []
    variables = [Secret(secret=secret.secret, env=secret.env) for secret in secrets if secret.env]
    cluster = Cluster(images=images, retries=0) if images.convert or images.runtime else None
    if variables:
        cluster = Cluster(images=images, secrets=variables, retries=0)
    return spec.model_copy(update={"cluster": cluster})


def rendered(cluster: Cluster, without: Set[str] = frozenset()) -> str:
    """Return the settings in the spec, one in each line."""
    given = cluster.model_dump(exclude_unset=True, exclude=set(without))
    width = max(map(len, given), default=0)
    return "".join(f"  {key:<{width}}  {_flow(value)}\n" for key, value in given.items())


def described(code: Code) -> str:
    """Return a sentence about how the user's Python file reaches the pods."""
    route = "is read from storage" if scheme_of(code.file) else "is packaged with the pipeline"
    return f"{code.file} {route} (SHA-256 {code.sha256})"


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("...\n").strip()


def arguments_on_cluster(plan: Plan) -> dict[str, str]:
    """Return the arguments of a run on a cluster.

    Raises:
        UsageError: the spec has local paths.
    """
    if problems := list(_local_paths(plan)):
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise UsageError(
            f"{plan.spec.name} cannot be sent to a cluster, which has no access to local paths:\n"
            f"{listed}"
        )
    return run_parameters(plan)


def uploaded_parameters(plan: Plan) -> dict[str, str]:
    """Return the parameters of an uploaded pipeline with their defaults, which are URIs."""
    return {
        name: location if scheme_of(location) else "set by each run"
        for name, location in run_parameters(plan).items()
    }


def _local_paths(plan: Plan) -> Iterator[str]:
    for parameter, location in run_parameters(plan).items():
        if scheme_of(location):
            continue
        key = key_of(plan, parameter)
        if parameter != _PROMOTE_TO:
            yield (
                f"{key}: {location} is a local path. Upload it and give its URI in the spec or "
                f"with --set {key}=gs://BUCKET/{PurePosixPath(location).name}"
            )
        elif not _is_mounted(location, plan.spec.cluster):
            yield (
                f"{key}: {location} would be a folder in a pod, and be lost with it. Give a URI "
                f"with --set {key}=gs://BUCKET/FOLDER, or a folder of a volume in cluster.volumes"
            )


def key_of(plan: Plan, parameter: str) -> str:
    """Return the spec's key with the location of a run parameter."""
    if parameter == _PROMOTE_TO:
        return "promote.to"
    if parameter == "model":
        return f"model.{plan.spec.model.key}"
    for data in plan.data:
        if data.parameter == parameter != parameter.partition("_")[0]:
            purpose = parameter.partition("_")[0]
            return f"data.{purpose}.signatures.{data.signature}.source"
    return f"data.{parameter}.source"


def _is_mounted(location: str, cluster: Cluster | None) -> bool:
    mounts = [volume.mount for volume in cluster.volumes] if cluster else []
    path = PurePosixPath(location)
    return ".." not in path.parts and any(path.is_relative_to(mount) for mount in mounts)
