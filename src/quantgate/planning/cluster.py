"""What a spec means to a Kubeflow cluster, which sees neither this machine's files nor its code."""

from collections.abc import Iterator, Set
from pathlib import PurePosixPath

import yaml

from quantgate.errors import UsageError
from quantgate.planning.plan import Plan, run_parameters
from quantgate.spec.model.cluster import Cluster, Secret
from quantgate.spec.model.code import Code
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.spec import Spec

_PROMOTE_TO = "promote_to"


def on_this_machine(spec: Spec, with_secrets: bool = False) -> Spec:
    """Drop the cluster-only settings for a local run.

    Image names stay, for runs in containers, and so do the variables from secrets where the run
    is given some.
    """
    if spec.cluster is None:
        return spec
    images, secrets = spec.cluster.images, spec.cluster.secrets if with_secrets else []
    variables = [Secret(secret=each.secret, env=each.env) for each in secrets if each.env]
    kept = Cluster(images=images) if images.convert or images.runtime else None
    if variables:
        kept = Cluster(images=images, secrets=variables)
    return spec.model_copy(update={"cluster": kept})


def rendered(cluster: Cluster, without: Set[str] = frozenset()) -> str:
    """Return the settings that were given, one a line."""
    given = cluster.model_dump(exclude_unset=True, exclude=set(without))
    width = max(map(len, given), default=0)
    return "".join(f"  {key:<{width}}  {_flow(value)}\n" for key, value in given.items())


def described(code: Code) -> str:
    """Say how a Python file of the user's own reaches the pods."""
    way = "lies in storage" if scheme_of(code.file) else "travels inside of the pipeline"
    return f"{code.file} {way} (SHA-256 {code.sha256})"


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("...\n").strip()


def arguments_on_cluster(plan: Plan) -> dict[str, str]:
    """Return the run's arguments: where the cluster finds what the pipeline takes.

    Raises:
        UsageError: the spec names places of this machine.
    """
    if problems := list(_local_places(plan)):
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise UsageError(
            f"{plan.spec.name} cannot be sent to a cluster, which sees nothing of this machine:\n"
            f"{listed}"
        )
    return run_parameters(plan)


def parameters_left_open(plan: Plan) -> dict[str, str]:
    """Return the parameters of an uploaded pipeline; a local path is no default of one."""
    return {
        name: location if scheme_of(location) else "left open, for each run to say"
        for name, location in run_parameters(plan).items()
    }


def _local_places(plan: Plan) -> Iterator[str]:
    for parameter, location in run_parameters(plan).items():
        if scheme_of(location):
            continue
        key = key_of(plan, parameter)
        if parameter != _PROMOTE_TO:
            yield (
                f"{key}: {location} is a local path; upload it and name its URI, in the spec or "
                f"with --set {key}=gs://BUCKET/{PurePosixPath(location).name}"
            )
        elif not _is_mounted(location, plan.spec.cluster):
            yield (
                f"{key}: {location} would be a folder inside of a pod, and go with it; name a URI "
                f"with --set {key}=gs://BUCKET/FOLDER, or a folder of a volume that "
                "cluster.volumes mounts"
            )


def key_of(plan: Plan, parameter: str) -> str:
    """Return the spec's key that a run parameter is taken from."""
    if parameter == _PROMOTE_TO:
        return "promote.to"
    if parameter == "model":
        return "model.keras" if plan.spec.model.keras else "model.saved_model"
    for found in (*plan.calibration_data, *plan.evaluation_data):
        if found.parameter == parameter != parameter.partition("_")[0]:
            purpose = parameter.partition("_")[0]
            return f"data.{purpose}.signatures.{found.signature}.source"
    return f"data.{parameter}.source"


def _is_mounted(location: str, cluster: Cluster | None) -> bool:
    mounts = [volume.mount for volume in cluster.volumes] if cluster else []
    path = PurePosixPath(location)
    return ".." not in path.parts and any(path.is_relative_to(mount) for mount in mounts)
