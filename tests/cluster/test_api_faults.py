"""A cluster that is away, slow, or refuses: a sentence, no trace, and exit code 1."""

import logging
import socket
from pathlib import Path

import pytest

API = "/apis/v2beta1"
TOKENS = "--existing-token, or a file that KF_PIPELINES_SA_TOKEN_PATH names"
REFUSED = f"give a valid token ({TOKENS}), and check --namespace\n"


NO_ANSWER = (
    "answers, and not as the API of Kubeflow Pipelines 2 does: it may be another page of the "
    "dashboard, a login, or a backend of version 1; check --host, and log in with "
    f"{TOKENS} or --cookies\n"
)
VERBS = [("submit",), ("upload",), ("schedule", "--cron", "0 3 * * *")]


def paths(kfp) -> list[str]:
    return [path.removeprefix(API) for _, path, _ in kfp.asked]


def test_a_token_opens_the_door(quantgate, kfp, spec: Path) -> None:
    kfp.token = "secret"
    assert quantgate("submit", spec, "--existing-token", "secret").code == 0


def test_a_file_holds_the_token(quantgate, kfp, spec: Path, tmp_path: Path, monkeypatch) -> None:
    kfp.token = "secret"
    (tmp_path / "token").write_text("secret")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "token"))
    assert quantgate("submit", spec).code == 0
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "none"))
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (
        2,
        f"error: KF_PIPELINES_SA_TOKEN_PATH: {tmp_path / 'none'} cannot be read; name another\n",
    )


@pytest.mark.parametrize("verb", ["submit", "upload", "status"])
def test_unauthorized(quantgate, kfp, spec: Path, verb: str, caplog) -> None:
    kfp.token = "right"
    with caplog.at_level(logging.DEBUG):
        done = quantgate(verb, "r1" if verb == "status" else spec, "--existing-token", "wrong-one")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {kfp.address} refuses the request (401 Unauthorized): {REFUSED}"
    )
    assert "wrong-one" not in caplog.text
    assert len(kfp.asked) == 1


def test_a_redirect_to_a_login_is_a_refusal(quantgate, kfp, spec: Path) -> None:
    kfp.broken = {f"{API}/healthz": (302, {})}
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} refuses the request (302 Found): {REFUSED}",
    )


def test_a_page_is_no_answer(quantgate, kfp, spec: Path) -> None:
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
def test_no_api_of_kfp(quantgate, kfp, spec: Path, verb, answer) -> None:
    kfp.broken = {f"{API}/healthz": answer}
    done = quantgate(*verb, spec)
    assert (done.code, done.stderr) == (1, f"error: {kfp.address} {NO_ANSWER}")
    assert paths(kfp) == ["/healthz"]


def test_unreachable(quantgate, kfp, spec: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        done = quantgate("submit", spec, "--host", address)
    assert (done.code, done.stderr) == (
        1,
        f"error: {address} cannot be reached: [Errno 111] Connection refused; check --host, and "
        "that a port is forwarded or a proxy named where one is needed\n",
    )


@pytest.mark.parametrize("place", ["healthz", "runs/r1"])
def test_slow(quantgate, kfp, spec: Path, place: str) -> None:
    kfp.delay_s = 1.0
    namespace = ("--namespace", "mine") if place != "healthz" else ()
    done = quantgate("status", "r1", "--request-timeout", "0.2", *namespace)
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} does not answer in time; try again, or allow more with "
        "--request-timeout\n",
    )
    assert [path for _, path, _ in kfp.asked] == [f"{API}/{place}"]


def test_no_such_run(quantgate, kfp) -> None:
    done = quantgate("status", "r2")
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} answers 404: {API}/runs/r2 not found\n",
    )


def test_what_the_server_says_is_told_without_its_headers(quantgate, kfp, spec: Path) -> None:
    kfp.broken = {f"{API}/runs": (400, {"message": "namespace is needed"})}
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} answers 400: namespace is needed\n",
    )


def test_no_endpoint_is_wrong_usage(quantgate, kfp, spec: Path, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("KF_PIPELINES_ENDPOINT")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (
        2,
        "error: no Kubeflow Pipelines endpoint is named: give --host URL or set "
        "KF_PIPELINES_ENDPOINT (without either, the current context of kubectl is taken, and "
        "there is none)\n",
    )
