"""An unreachable, slow or refusing cluster gives a sentence, no trace, and exit code 1."""

import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

API = "/apis/v2beta1"
TOKENS = "--existing-token, or a file that KF_PIPELINES_SA_TOKEN_PATH names"
REFUSED = f"give a valid token ({TOKENS}), and check --namespace\n"


NO_ANSWER = (
    "answers, but not like the API of Kubeflow Pipelines 2: it may be another page of the "
    "dashboard, a login, or a backend of version 1. Check --host, and log in with "
    f"{TOKENS} or --cookies\n"
)
VERBS = [("submit",), ("upload",), ("schedule", "--cron", "0 3 * * *")]


def paths(kfp) -> list[str]:
    return [path.removeprefix(API) for _, path, _ in kfp.asked]


def test_token_is_sent(quantgate, kfp, spec: Path) -> None:
    kfp.token = "secret"
    assert quantgate("submit", spec, "--existing-token", "secret").code == 0


def test_token_file_is_read(quantgate, kfp, spec: Path, tmp_path: Path, monkeypatch) -> None:
    kfp.token = "secret"
    (tmp_path / "token").write_text("secret")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "token"))
    assert quantgate("submit", spec).code == 0
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "none"))
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (
        2,
        f"error: KF_PIPELINES_SA_TOKEN_PATH: {tmp_path / 'none'} cannot be read. Name another\n",
    )


@pytest.mark.parametrize("verb", ["submit", "upload", "status"])
def test_unauthorized_request_is_explained(quantgate, kfp, spec: Path, verb: str, caplog) -> None:
    kfp.token = "right"
    with caplog.at_level(logging.DEBUG):
        done = quantgate(verb, "r1" if verb == "status" else spec, "--existing-token", "wrong-one")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {kfp.address} refuses the request (401 Unauthorized): {REFUSED}"
    )
    assert "wrong-one" not in caplog.text
    assert len(kfp.asked) == 1


def test_redirect_to_a_login_is_explained(quantgate, kfp, spec: Path) -> None:
    kfp.broken = {f"{API}/healthz": (302, {})}
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} refuses the request (302 Found): {REFUSED}",
    )


def test_web_page_instead_of_the_api_is_explained(quantgate, kfp, spec: Path) -> None:
    kfp.broken = {f"{API}/runs/r1": (200, "<html>Log in</html>")}
    done = quantgate("status", "r1")
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} {NO_ANSWER}",
    )


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "answer",
    [(200, "<html>Log in</html>"), (404, "<html>No page</html>"), (200, ["a", "list"])],
    ids=["a page", "no API of version 2", "another API"],
)
def test_other_api_is_explained(quantgate, kfp, spec: Path, verb, answer) -> None:
    kfp.broken = {f"{API}/healthz": answer}
    done = quantgate(*verb, spec)
    assert (done.code, done.stderr) == (1, f"error: {kfp.address} {NO_ANSWER}")
    assert paths(kfp) == ["/healthz"]


RUN = {"run_id": "r1", "state": "RUNNING"}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {**RUN, "created_at": "soon"},
        {**RUN, "run_details": {"task_details": [None]}},
        {**RUN, "pipeline_spec": {"pipeline_spec": [1]}},
        {**RUN, "pipeline_version_reference": {}},
    ],
    ids=["null", "no date", "no task", "no pipeline", "no version"],
)
def test_malformed_answer_is_explained(quantgate, kfp, answer) -> None:
    kfp.broken = {f"{API}/runs/r1": (200, answer)}
    done = quantgate("status", "r1")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {kfp.address} does not answer like a KFP API: ")


@pytest.mark.parametrize(
    ("verb", "place", "posted"),
    [
        (("submit",), "/experiments", ["/experiments"]),
        (("schedule", "--cron", "0 3 * * *"), "/experiments", ["/experiments"]),
        (("upload",), "/pipelines", ["/pipelines"]),
        (("upload",), "/pipelines/upload_version", ["/pipelines", "/pipelines/upload_version"]),
    ],
)
def test_web_page_during_a_command_is_explained(
    quantgate, kfp, spec: Path, verb, place, posted
) -> None:
    kfp.broken = {f"{API}{place}": (200, "<html>Log in</html>")}
    done = quantgate(*verb, spec)
    assert (done.code, done.stderr) == (1, f"error: {kfp.address} {NO_ANSWER}")
    assert [path.removeprefix(API) for method, path, _ in kfp.asked if method == "POST"] == posted


def test_refused_upload_is_explained(quantgate, kfp, spec: Path) -> None:
    kfp.broken = {f"{API}/pipelines/upload_version": (400, {"error_message": "no such schema"})}
    done = quantgate("upload", spec)
    assert (done.code, done.stderr) == (1, f"error: {kfp.address} answers 400: no such schema\n")


@pytest.fixture
def unknown_certificate(tmp_path: Path) -> Iterator[str]:
    """The URL of a server with a self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (tmp_path / "both.pem").write_bytes(
        key.private_bytes(pem, form, plain) + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_untrusted_certificate_is_explained(
    quantgate, kfp, spec: Path, unknown_certificate: str
) -> None:
    done = quantgate("submit", spec, "--host", unknown_certificate)
    assert done.code == 1
    assert done.stderr.startswith(f"error: {unknown_certificate} cannot be trusted: ")
    assert done.stderr.endswith(". Name its certificate with --ssl-ca-cert\n")


def test_unreachable_cluster_is_explained(quantgate, kfp, spec: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        done = quantgate("submit", spec, "--host", address)
    assert (done.code, done.stderr) == (
        1,
        f"error: {address} cannot be reached: [Errno 111] Connection refused. Check --host, and "
        "that a port is forwarded or a proxy named where one is needed\n",
    )


@pytest.mark.parametrize("address", ["http://[::1", "http://127.0.0.1:99999"])
def test_invalid_url_is_a_usage_error(quantgate, kfp, address: str) -> None:
    done = quantgate("status", "r1", "--host", address)
    assert (done.code, done.stderr) == (2, f"error: {address} is not a URL. Check --host\n")


def test_message_about_a_proxy_has_no_password(quantgate, kfp, caplog) -> None:
    with socket.socket() as closed, caplog.at_level(logging.DEBUG):
        closed.bind(("127.0.0.1", 0))
        proxy = f"http://me:hush@127.0.0.1:{closed.getsockname()[1]}"
        done = quantgate("status", "r1", "--proxy", proxy)
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} cannot be reached: [Errno 111] Connection refused. Check --host, "
        "and that a port is forwarded or a proxy named where one is needed\n",
    )
    assert "hush" not in caplog.text


@pytest.mark.parametrize("place", ["healthz", "runs/r1"])
def test_slow_cluster_is_explained(quantgate, kfp, spec: Path, place: str) -> None:
    kfp.delay_s = 1.0
    namespace = ("--namespace", "mine") if place != "healthz" else ()
    done = quantgate("status", "r1", "--request-timeout", "0.2", *namespace)
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} does not answer in time. Try again, or allow more with "
        "--request-timeout\n",
    )
    assert [path for _, path, _ in kfp.asked] == [f"{API}/{place}"]


def test_unknown_run_is_explained(quantgate, kfp) -> None:
    done = quantgate("status", "r2")
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} answers 404: {API}/runs/r2 not found\n",
    )


def test_message_of_the_server_is_shown_without_headers(quantgate, kfp, spec: Path) -> None:
    kfp.broken = {f"{API}/runs": (400, {"message": "namespace is needed"})}
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} answers 400: namespace is needed\n",
    )


def test_missing_endpoint_is_a_usage_error(
    quantgate, kfp, spec: Path, monkeypatch, tmp_path
) -> None:
    monkeypatch.delenv("KF_PIPELINES_ENDPOINT")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (
        2,
        "error: no Kubeflow Pipelines endpoint is named: give --host URL or set "
        "KF_PIPELINES_ENDPOINT (without either, the current context of kubectl is taken, and "
        "there is none)\n",
    )
