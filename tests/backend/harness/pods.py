"""Pods without nodes: each container is a process with its own mount namespace."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.kubernetes_api import KubernetesApi
from harness.pod_spec import Object, arguments, expanded, pod_spec

HERE = Path(__file__).resolve().parent
ENTER = HERE / "enter_pod.sh"
SERVICE_ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
#: Folders that a pod has instead of those of the machine.
OWN = ("/tmp/", "/run/", "/mnt/", "/media/")


@dataclass(frozen=True)
class Pod:
    """A pod to run.

    folder: where its volumes, its `/tmp` and its logs are kept.
    """

    name: str
    uid: str
    node: str
    template: Object
    folder: Path


@dataclass(frozen=True)
class Ended:
    """The end of a pod: the exit code of the container that failed, or 0, and its last message."""

    code: int
    message: str = ""


@dataclass(frozen=True)
class Machine:
    """This machine in the role of a cluster's nodes.

    state: the folder with `hosts` and the service account's files.
    image: variables that every image sets, and that Kubernetes does not know.
    services: variables that Kubernetes sets in every container.
    reads: folders of this machine that processes in pods read.
    claims: the folder of the persistent volume claims.
    argument_files: True if Argo passes long arguments in files.
    seats: limits the number of pods that run at once.
    """

    api: KubernetesApi
    state: Path
    image: dict[str, str]
    services: dict[str, str]
    reads: tuple[Path, ...]
    claims: Path
    argument_files: bool
    seats: threading.Semaphore

    def run(self, pod: Pod) -> Ended:
        """Run a pod's containers, one after the other, and remove the contents of its volumes."""
        annotations = {"workflows.argoproj.io/node-name": pod.node}
        self.api.put_pod(pod.name, pod.uid, annotations)
        spec = pod_spec(pod.template)
        (pod.folder / "tmp").mkdir(parents=True)
        try:
            with self.seats:
                for container in (*spec["initContainers"], *spec["containers"]):
                    ended = self._run_container(pod, spec, container)
                    if ended.code:
                        return ended
                return Ended(0)
        except KeyError as error:
            return Ended(-1, f"the pod cannot start: {error.args[0]} is not there")
        finally:
            shutil.rmtree(pod.folder / "volumes", ignore_errors=True)

    def _run_container(self, pod: Pod, spec: Object, container: Object) -> Ended:
        variables = self._variables(pod, container)
        command, in_file = arguments(container, variables, files=self.argument_files)
        if in_file:
            command = _with_files(command, pod.folder / "tmp")
        root = pod.folder / "root"
        root.mkdir(exist_ok=True)
        mounts = pod.folder / f"{container['name']}.mounts"
        volumes = [*self._mounts(pod, spec, container)]
        mounts.write_text("".join(f"{source}\t{target}\n" for source, target in volumes))
        log = pod.folder / f"{container['name']}.log"
        inside = [*_unshared(), str(ENTER), str(root), str(mounts), *command]
        return _run(inside, self.image | variables, log)

    def _variables(self, pod: Pod, container: Object) -> dict[str, str]:
        """Return the variables that `$(NAME)` may name."""
        variables = dict(self.services)
        for source in container.get("envFrom", []):
            variables |= self._all_of(source)
        for entry in container.get("env", []):
            variables[entry["name"]] = (
                self._value_from(pod, entry["valueFrom"])
                if "valueFrom" in entry
                else expanded(entry.get("value", ""), variables)
            )
        return variables

    def _all_of(self, source: Object) -> dict[str, str]:
        for reference, resource in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
            if reference in source:
                try:
                    return self.api.data(resource, source[reference]["name"])
                except KeyError:
                    if not source[reference].get("optional"):
                        raise
        return {}

    def _value_from(self, pod: Pod, source: Object) -> str:
        if "fieldRef" in source:
            fields = {"metadata.name": pod.name, "metadata.uid": pod.uid}
            return fields[source["fieldRef"]["fieldPath"]]
        for reference, resource in (("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")):
            if reference in source:
                key = source[reference]
                return self.api.data(resource, key["name"])[key["key"]]
        raise KeyError(str(source))

    def _mounts(self, pod: Pod, spec: Object, container: Object) -> Iterator[tuple[Path, str]]:
        yield pod.folder / "tmp", "/tmp"
        yield self.state / "serviceaccount", SERVICE_ACCOUNT
        yield self.state / "hosts", "/etc/hosts"
        for folder in self.reads:
            if str(folder).startswith(OWN):
                yield folder, str(folder)
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        for mount in container.get("volumeMounts", []):
            source = self._volume(pod, volumes[mount["name"]]) / mount.get("subPath", "")
            source.mkdir(parents=True, exist_ok=True)
            yield source, mount["mountPath"]

    def _volume(self, pod: Pod, volume: Object) -> Path:
        if claim := volume.get("persistentVolumeClaim"):
            return self.claims / claim["claimName"]
        folder = pod.folder / "volumes" / volume["name"]
        for key, resource in (("secret", "secrets"), ("configMap", "configmaps")):
            if key in volume:
                name = volume[key].get("secretName") or volume[key]["name"]
                folder.mkdir(parents=True, exist_ok=True)
                for file, content in self.api.data(resource, name).items():
                    (folder / file).write_text(content)
        return folder


def _with_files(command: list[str], folder: Path) -> list[str]:
    """Write arguments that are too long to files, as Argo 4 does, and name those."""
    short = []
    for index, argument in enumerate(command):
        if len(argument) > 131072:
            (folder / f"argo_arg_{index}.txt").write_text(argument)
            argument = f"@/tmp/argo_arg_{index}.txt"
        short.append(argument)
    return short


def _unshared() -> list[str]:
    """Return the command that gives a process its own mount namespace."""
    return (
        ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    )


def _run(command: list[str], variables: dict[str, str], log: Path) -> Ended:
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            output.write(f"{error.strerror}\n".encode())
            return Ended(-1, f"the container cannot start: {error.strerror}")
        try:
            code = process.wait()
        finally:
            _end(process)
    return Ended(code, _last_words(log) if code else "")


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_words(log: Path) -> str:
    """Return the lines in which KFP's programs give the reason of their end, or the last three."""
    lines = log.read_text(errors="replace").splitlines()
    fatal = [line.split("] ", 1)[-1] for line in lines if line[:1] == "F" and "] " in line]
    panics = [line for line in lines if line.startswith("panic: ")]
    return "\n".join(fatal or panics or lines[-3:])


def require_namespaces() -> None:
    """Refuse a machine that gives processes no mount namespaces.

    Raises:
        PermissionError: it gives none. The message says how to allow them.
    """
    tried = subprocess.run([*_unshared(), "true"], capture_output=True, text=True)
    if tried.returncode:
        raise PermissionError(
            f"pods need mount namespaces, and this machine refuses them ({tried.stderr.strip()}): "
            "run as root, or allow user namespaces "
            "(sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0)"
        )
