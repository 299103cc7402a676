"""A KFP backend of one version on this machine, without Kubernetes, Argo's controller or nodes.

Each cluster has a loopback address of its own, so that its services have the ports that KFP's
programs expect, and a hosts file that gives that address the names they expect.
"""

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.build import CHECKOUT, Built
from harness.kubernetes_api import NAMESPACE, PORT, KubernetesApi, config_map, secret
from harness.pods import Machine, require_namespaces
from harness.results import Run
from harness.workflow import Workflow

HERE = Path(__file__).resolve().parent
S3_PORT, API_PORT, CACHE_PORT = 9000, 8888, 8887
MLMD_PORT, MLMD_JSON_PORT = 8080, 8081
#: Names of Kubeflow's services, those of older versions too.
SERVICES = ("ml-pipeline", "metadata-grpc-service", "minio-service", "seaweedfs")
KEYS = {"accesskey": "minio", "secretkey": "minio123"}
BUCKET = "mlpipeline"
#: Variables of the metadata store in Kubeflow's manifests. Launchers of 2.14 read them.
METADATA_SERVICE = {
    "METADATA_GRPC_SERVICE_HOST": "metadata-grpc-service",
    "METADATA_GRPC_SERVICE_PORT": str(MLMD_PORT),
}
START_S = 60.0


@dataclass
class Cluster:
    """A backend that runs pipelines. `metadata` calls its store.

    environment: variables that every image sets, in addition to its own.
    image_folders: folders that every image has, at the same paths as on this machine.
    """

    built: Built
    folder: Path
    address: str
    api: KubernetesApi
    runs: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    image_folders: tuple[Path, ...] = ()

    @property
    def s3(self) -> str:
        """The address of its object store."""
        return f"http://{self.address}:{S3_PORT}"

    def use_s3(self, root: str = f"s3://{BUCKET}/v2/artifacts") -> None:
        """Make `s3://` the default of pipelines, as an administrator does."""
        reference = {
            "secretName": "mlpipeline-minio-artifact",
            "accessKeyKey": "accesskey",
            "secretKeyKey": "secretkey",
        }
        default = {
            "endpoint": f"{self.address}:{S3_PORT}",
            "disableSSL": True,
            "region": "us-east-1",
            "credentials": {"fromEnv": False, "secretRef": reference},
        }
        providers = json.dumps({"s3": {"default": default}})
        values = {"defaultPipelineRoot": root, "providers": providers}
        self.api.put("configmaps", config_map("kfp-launcher", values))

    def put_secret(self, name: str, values: Mapping[str, str]) -> None:
        """Create a Secret for tasks."""
        self.api.put("secrets", secret(name, values))

    def metadata(self, method: str, **request: Any) -> dict[str, Any]:
        """Call a method of the metadata store."""
        url = f"http://{self.address}:{MLMD_JSON_PORT}/{method}"
        return _post(url, request)

    def run(self, pipeline: str, parameters: Mapping[str, Any], root: str | None = None) -> Run:
        """Run a compiled pipeline to its end.

        Raises:
            Refused: the API server does not take it.
        """
        self.runs += 1
        name = f"run-{self.runs}"
        folder = self.folder / name
        manifest = self._submit(name, pipeline, parameters, root)
        folder.mkdir()
        (folder / "workflow.json").write_text(json.dumps(manifest, indent=1))
        self.api.put("workflows", manifest)
        workflow = Workflow(manifest, self._machine(), folder)
        ended = workflow.run()
        run_id = manifest["metadata"]["labels"]["pipeline/runid"]
        return Run.read(run_id, ended, workflow.nodes, self.metadata, folder)

    def _submit(
        self, name: str, pipeline: str, parameters: Mapping[str, Any], root: str | None
    ) -> dict[str, Any]:
        runtime: dict[str, Any] = {"parameters": dict(parameters)}
        if root:
            runtime["pipeline_root"] = root
        run = {"display_name": name, "pipeline_spec": _spec(pipeline), "runtime_config": runtime}
        return _post(f"http://{self.address}:{API_PORT}/runs", run)

    def _machine(self) -> Machine:
        binaries = f"{Path(sys.prefix) / 'bin'}:{self.built.programs}"
        image = {
            "PATH": f"{binaries}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "_KFP_RUNTIME": "true",
            "AWS_ENDPOINT_URL": self.s3,
            "AWS_ACCESS_KEY_ID": KEYS["accesskey"],
            "AWS_SECRET_ACCESS_KEY": KEYS["secretkey"],
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            **self.environment,
        }
        services = {
            "KUBERNETES_SERVICE_HOST": self.address,
            "KUBERNETES_SERVICE_PORT": str(PORT),
        }
        return Machine(
            api=self.api,
            state=self.folder / "state",
            image=image,
            services=services,
            reads=(
                CHECKOUT,
                Path(sys.prefix),
                Path(sys.base_prefix),
                self.built.programs,
                *self.image_folders,
            ),
            claims=self.folder / "claims",
            argument_files=self.built.version >= "2.17",
            seats=threading.Semaphore(os.cpu_count() or 1),
        )


class Refused(Exception):
    """A refusal by a service."""


def _post(url: str, content: Any) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(content).encode(), method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(error.read().decode().strip()) from None


def _spec(pipeline: str) -> dict[str, Any]:
    """Return a compiled pipeline in the form of the API, with one or two documents."""
    import yaml

    documents = [document for document in yaml.safe_load_all(pipeline) if document]
    if len(documents) == 1:
        return documents[0]
    return {"pipeline_spec": documents[0], "platform_spec": documents[1]}


@contextmanager
def cluster(built: Built, folder: Path) -> Iterator[Cluster]:
    """Start a cluster with its services in a folder, and stop it at the end."""
    require_namespaces()
    address = _free_address()
    state = folder / "state"
    account = state / "serviceaccount"
    account.mkdir(parents=True)
    (account / "namespace").write_text(NAMESPACE)
    (account / "token").write_text("token")
    (state / "hosts").write_text(_hosts(address))
    with ExitStack() as stack:
        api = KubernetesApi(address, account)
        stack.callback(api.close)
        for name, command in _services(built, address).items():
            stack.enter_context(_service(name, command, state))
        for port in (S3_PORT, API_PORT, CACHE_PORT, MLMD_PORT, MLMD_JSON_PORT):
            _wait_for(address, port, state)
        started = Cluster(built, folder, address, api)
        started.put_secret("mlpipeline-minio-artifact", KEYS)
        api.put("configmaps", config_map("metadata-grpc-configmap", METADATA_SERVICE))
        bucket = urllib.request.Request(f"{started.s3}/{BUCKET}", method="PUT")
        urllib.request.urlopen(bucket).close()
        yield started


def _services(built: Built, address: str) -> dict[str, list[str]]:
    return {
        "s3": [sys.executable, "-m", "moto.server", "-H", address, "-p", str(S3_PORT)],
        "mlmd": [str(built.metadata_python), str(HERE / "mlmd_server.py"), address],
        "apiserver": [str(built.programs / "apiserver"), "-host", address],
    }


def _free_address() -> str:
    """Return a loopback address on which nothing listens."""
    while True:
        address = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(2, 254)}"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((address, API_PORT)):
                return address


def _hosts(address: str) -> str:
    names = [
        name
        for service in SERVICES
        for name in (
            service,
            f"{service}.{NAMESPACE}",
            f"{service}.{NAMESPACE}.svc",
            f"{service}.{NAMESPACE}.svc.cluster.local",
        )
    ]
    return f"127.0.0.1 localhost\n{address} {' '.join(names)}\n"


@contextmanager
def _service(name: str, command: list[str], state: Path) -> Iterator[None]:
    environment = {**os.environ, "POD_NAMESPACE": NAMESPACE}
    with (state / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _wait_for(address: str, port: int, state: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex((address, port)):
                return
        time.sleep(0.1)
    logs = "\n".join(log.read_text()[-2000:] for log in state.glob("*.log"))
    raise TimeoutError(f"nothing listens on {address}:{port}\n{logs}")
