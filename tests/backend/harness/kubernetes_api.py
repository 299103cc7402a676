"""The part of Kubernetes' API that KFP's driver and launcher use: readable objects.

Served by TLS, for KFP's client takes nothing else inside of a cluster.
"""

import base64
import ipaddress
import json
import ssl
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PORT = 6443
NAMESPACE = "kubeflow"

Object = dict[str, Any]


def secret(name: str, values: Mapping[str, str]) -> Object:
    """Return a Secret."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return _named("v1", "Secret", name, data=data)


def config_map(name: str, values: Mapping[str, str]) -> Object:
    """Return a ConfigMap."""
    return _named("v1", "ConfigMap", name, data=dict(values))


def _named(version: str, kind: str, name: str, **fields: Any) -> Object:
    metadata = {"name": name, "namespace": NAMESPACE, "uid": f"{kind}-{name}".lower()}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def write_certificate(address: str, folder: Path) -> None:
    """Write a self-signed certificate: `ca.crt`, and together with its key `tls.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.now(timezone.utc)
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "ca.crt").write_bytes(public)
    (folder / "tls.pem").write_bytes(private + public)


class KubernetesApi:
    """A store of objects by kind and name, in one namespace."""

    def __init__(self, address: str, folder: Path) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.asked: list[str] = []
        write_certificate(address, folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.pem")
        self._server = _Server((address, PORT), _Handler)
        self._server.api = self
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05])
        self._thread.start()

    def put(self, resource: str, item: Object) -> None:
        """Store an object of a resource, such as `secrets`."""
        self.objects[resource, item["metadata"]["name"]] = item

    def data(self, resource: str, name: str) -> dict[str, str]:
        """Return the values of a Secret or ConfigMap.

        Raises:
            KeyError: there is none of this name.
        """
        values = self.objects[resource, name].get("data", {})
        if resource == "secrets":
            return {key: base64.b64decode(value).decode() for key, value in values.items()}
        return dict(values)

    def put_pod(self, name: str, uid: str, annotations: Mapping[str, str]) -> None:
        """Store the parts of a pod that the launcher reads."""
        pod = _named("v1", "Pod", name)
        pod["metadata"] |= {"uid": uid, "annotations": dict(annotations)}
        self.put("pods", pod)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    api: KubernetesApi


class _Handler(BaseHTTPRequestHandler):
    """Reads, creates and deletes single objects."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self.server.api.asked.append(self.path)
        self._answer(self.server.api.objects.get(self._key()))

    def do_POST(self) -> None:
        objects = self.server.api.objects
        item = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "name" not in item["metadata"]:
            item["metadata"]["name"] = f"{item['metadata']['generateName']}{len(objects)}"
        self.server.api.put(self._parts()[-1], item)
        self._answer(item, 201)

    def do_DELETE(self) -> None:
        self._answer(self.server.api.objects.pop(self._key(), None))

    def _parts(self) -> list[str]:
        return self.path.partition("?")[0].strip("/").split("/")

    def _key(self) -> tuple[str, str]:
        parts = self._parts()
        return parts[-2], parts[-1]

    def _answer(self, item: Object | None, code: int = 200) -> None:
        if item is None:
            code = 404
            item = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code}
            item |= {"reason": "NotFound", "message": f"{self.path} not found"}
        content = json.dumps(item).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass
