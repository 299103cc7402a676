"""Checks of `cluster` for settings that Kubernetes would refuse."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quantgate.domain.units import bytes_of
from quantgate.errors import KeyPath
from quantgate.spec.model.cluster import Cluster, Pod, Secret, Toleration
from quantgate.spec.model.locations import KUBEFLOW_SCHEMES, is_pipeline_root
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed

#: The backend names a volume after its secret or claim, but volume names are more restricted.
_VOLUME_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_VOLUME_RULE = (
    "Kubeflow names the volume after it, and a volume name has at most 63 lowercase letters, "
    "digits and `-`."
)
_COPY_SECRET = "Copy the secret to one with such a name, or pass it as variables with `env`."
_OTHER_CLAIM = "Create a claim with such a name for the same volume."
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def cluster_findings(cluster: Cluster) -> Iterator[Finding]:
    """Check a well-formed `cluster`."""
    yield from _root_findings(cluster)
    for kind, pod in (("convert", cluster.convert), ("runtime", cluster.runtime)):
        yield from _pod_findings(pod, ("cluster", kind))
    for number, toleration in enumerate(cluster.tolerations):
        yield from _toleration_findings(toleration, ("cluster", "tolerations", number))
    for number, secret in enumerate(cluster.secrets):
        yield from _secret_findings(secret, ("cluster", "secrets", number))
    yield from _mount_findings(_mounted(cluster))


def cores_of(cores: float | str) -> float:
    """Return a number of cores from `2`, `0.5` or `500m`."""
    return float(cores.removesuffix("m")) / 1000 if isinstance(cores, str) else cores


def memory_bytes(memory: str) -> int:
    """Return an amount of memory in bytes. The unit may lack its B, as in `8Gi`."""
    return bytes_of(f"{memory.removesuffix('B')}B")


def _root_findings(cluster: Cluster) -> Iterator[Finding]:
    root, path = cluster.pipeline_root, ("cluster", "pipeline_root")
    if root and not is_pipeline_root(root):
        prefixes = listed(f"{known}://" for known in KUBEFLOW_SCHEMES)
        message = f"{dotted(path)} is not a URI that Kubeflow can write to"
        yield Finding(path, message, f"Use {prefixes} and the name of a bucket.")


def _pod_findings(pod: Pod, path: KeyPath) -> Iterator[Finding]:
    if pod.cpu and pod.cpu_limit and cores_of(pod.cpu) > cores_of(pod.cpu_limit):
        yield _above_limit(path, "cpu")
    if (
        pod.memory
        and pod.memory_limit
        and memory_bytes(pod.memory) > memory_bytes(pod.memory_limit)
    ):
        yield _above_limit(path, "memory")


def _above_limit(path: KeyPath, key: str) -> Finding:
    message = f"{dotted((*path, key))} is above `{key}_limit`"
    return Finding((*path, key), message, "Kubernetes refuses such tasks. Raise the limit.")


def _toleration_findings(toleration: Toleration, path: KeyPath) -> Iterator[Finding]:
    if toleration.operator == "Exists" and toleration.value:
        message = f"{dotted(path)} has `operator: Exists`, which takes no `value`"
        yield Finding((*path, "value"), message, "Remove one of them.", at_key=True)
    if toleration.operator == "Equal" and not toleration.key:
        message = f"{dotted(path)} needs the key `key`"
        yield Finding(path, message, "Add it, or `operator: Exists` to tolerate all taints.")


def _secret_findings(secret: Secret, path: KeyPath) -> Iterator[Finding]:
    if not secret.env and not secret.mount:
        message = f"{dotted(path)} needs `env` or `mount`"
        yield Finding(path, message, "Write for example `env: {key: AWS_ACCESS_KEY_ID}`.")
    for key, variable in secret.env.items():
        if not _VARIABLE.fullmatch(variable):
            message = f"`{variable}` is not a valid name of an environment variable"
            yield Finding((*path, "env", key), message, "Use letters, digits and `_`.")


@dataclass(frozen=True)
class _Mount:
    """A mounted secret or claim.

    Attributes:
        path: its path in the spec.
        kind: the key of its name, `secret` or `claim`.
        name: its name, which the backend also gives to the pod's volume.
        folder: the folder that it is mounted in.
        way_out: what to do if the name is invalid for a volume.
    """

    path: KeyPath
    kind: str
    name: str
    folder: str
    way_out: str


def _mounted(cluster: Cluster) -> list[_Mount]:
    secrets = [
        _Mount(("cluster", "secrets", number), "secret", secret.secret, secret.mount, _COPY_SECRET)
        for number, secret in enumerate(cluster.secrets)
        if secret.mount
    ]
    volumes = [
        _Mount(("cluster", "volumes", number), "claim", volume.claim, volume.mount, _OTHER_CLAIM)
        for number, volume in enumerate(cluster.volumes)
    ]
    return [*secrets, *volumes]


def _mount_findings(mounts: list[_Mount]) -> Iterator[Finding]:
    for number, mount in enumerate(mounts):
        earlier = mounts[:number]
        yield from _folder_findings(mount, [other.folder for other in earlier])
        yield from _name_findings(mount, [other.name for other in earlier])


def _folder_findings(mount: _Mount, taken: list[str]) -> Iterator[Finding]:
    path, folder = (*mount.path, "mount"), mount.folder
    if not folder.startswith("/"):
        message = f"{dotted(path)} must be an absolute path, not `{folder}`"
        yield Finding(path, message, f"Write `/{folder}`.")
    elif folder in taken:
        message = f"{dotted(path)}: `{folder}` has another mount"
        yield Finding(path, message, "Choose another folder.")


def _name_findings(mount: _Mount, taken: list[str]) -> Iterator[Finding]:
    """Check a name as Kubernetes does when the backend names the volume after it."""
    path = (*mount.path, mount.kind)
    if not _VOLUME_NAME.fullmatch(mount.name):
        message = f"{dotted(path)} is mounted, but `{mount.name}` is not a valid volume name"
        yield Finding(path, message, f"{_VOLUME_RULE} {mount.way_out}")
    elif mount.name in taken:
        message = f"{dotted(path)}: `{mount.name}` is mounted already"
        yield Finding(
            path, message, "Kubeflow would give both volumes the same name. Mount it once."
        )
