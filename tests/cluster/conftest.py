"""A server with the part of KFP's REST API that the client uses. It records all requests."""

import gc
import importlib.util
import json
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from quantgate import pipelines
from quantgate.cli import main
from quantgate.pipelines import compile_pipeline
from quantgate.planning.plan import Plan

API = "/apis/v2beta1"
SPEC = """\
version: 1
name: digits
model: {saved_model: gs://models/digits}
data:
  calibration: {source: gs://data/train.npz, samples: 100}
  evaluation: {source: gs://data/test.npz, label: y}
quantize: {modes: [float16, integer_only_int8]}
measure: {metrics: [top1]}
gate: {top1: {max_drop: 0.01}}
"""
IMAGES = """\
cluster:
  images: {convert: registry.example/convert:1, runtime: registry.example/runtime:1}
"""


@dataclass
class Kfp:
    """A cluster's API, with its requests and its configurable answers.

    The run has the next of `states` at each request, and in the end the last one. The status codes
    in `outages` are answered first, where 0 stands for a normal answer. The run has the runtime
    config that it was started with. `root` is the pipeline root of a run that was not started here.
    """

    address: str = ""
    version: dict[str, str] = field(default_factory=lambda: {"tag_name": "2.17.0"})
    token: str | None = None
    states: list[str] = field(default_factory=lambda: ["SUCCEEDED"])
    tasks: list[dict[str, Any]] = field(default_factory=list)
    pipeline_spec: dict[str, Any] = field(
        default_factory=lambda: {"pipelineInfo": {"name": "digits"}}
    )
    version_spec: dict[str, Any] | None = None
    root: str | None = None
    delay_s: float = 0.0
    broken: dict[str, tuple[int, Any]] = field(default_factory=dict)
    outages: list[int] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    pipelines: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    schedules: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0

    def sent(self, method: str, path: str) -> list[Any]:
        """Return the bodies of requests, or their queries if they have no body."""
        return [body for m, p, body in self.asked if (m, p) == (method, path)]

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Return the JSON answer to a request, or a status and a message."""
        known: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "/healthz"): lambda: {
                "commit_sha": "d1b1cbe",
                **self.version,
                "multi_user": False,
                "pipeline_store": "database",
            },
            ("GET", "/experiments"): lambda: {"experiments": [{"experiment_id": "e1"}]},
            ("POST", "/runs"): lambda: {"run_id": "r1", **body},
            ("GET", "/runs/r1"): self._run,
            ("GET", "/pipelines/p1/versions/v1"): lambda: {"pipeline_spec": self.version_spec},
            ("GET", "/recurringruns"): lambda: {"recurringRuns": self.schedules},
            ("POST", "/recurringruns"): lambda: {"recurring_run_id": "s1"},
            ("GET", "/pipelines"): lambda: {
                "pipelines": [{"pipeline_id": name} for name in self.pipelines]
            },
            ("POST", "/pipelines"): lambda: self._kept(self.pipelines, "p1", {}),
            ("GET", "/pipelines/p1/versions"): lambda: self._versions(query["filter"]),
            ("POST", "/pipelines/upload_version"): lambda: self._kept(
                self.versions, query["name"], {"pipeline_version_id": query["name"]}
            ),
        }
        answer = known.get((method, path.removeprefix(API)))
        return answer() if answer else (404, f"{path} not found")

    def _kept(self, names: list[str], name: str, ids: dict[str, str]) -> dict[str, str]:
        names.append(name)
        return {"pipeline_id": "p1", **ids}

    def _versions(self, wanted: str) -> dict[str, Any]:
        name = json.loads(wanted)["predicates"][0]["stringValue"]
        versions = [{"pipeline_version_id": known} for known in self.versions if known == name]
        return {"pipeline_versions": versions}

    def _run(self) -> dict[str, Any]:
        state = self.states[min(self.looks, len(self.states) - 1)]
        self.looks += 1
        return {
            "run_id": "r1",
            "state": state,
            **self._source(),
            "runtime_config": self._runtime_config(),
            "run_details": {"task_details": self.tasks},
        }

    def _source(self) -> dict[str, Any]:
        """Return the pipeline of a run, or a reference to its uploaded version."""
        if self.pipeline_spec:
            return {"pipeline_spec": {"pipeline_spec": self.pipeline_spec}}
        version = "v1" if self.version_spec else "deleted"
        reference = {"pipeline_id": "p1", "pipeline_version_id": version}
        return {"pipeline_version_reference": reference}

    def _runtime_config(self) -> dict[str, Any]:
        started = self.sent("POST", f"{API}/runs")
        given = started[-1]["runtime_config"] if started else {}
        return {**given, "pipeline_root": self.root} if self.root else given


class _Handler(BaseHTTPRequestHandler):
    kfp: Kfp

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        is_json = raw and "json" in self.headers.get("Content-Type", "")
        body = json.loads(raw) if is_json else query
        self.kfp.asked.append((method, url.path, body))
        time.sleep(self.kfp.delay_s)
        self._reply(*self._settled(method, url.path, query, body))

    def _settled(self, method: str, path: str, query: dict, body: Any) -> tuple[int, Any]:
        kfp = self.kfp
        if kfp.token and self.headers.get("Authorization") != f"Bearer {kfp.token}":
            return 401, {"error": "unauthorized"}
        if path in kfp.broken:
            return kfp.broken[path]
        if "/runs/" in path and kfp.outages and (status := kfp.outages.pop(0)):
            return status, {"message": "upstream is away"}
        answer = kfp.answer(method, path, query, body)
        return (answer[0], {"message": answer[1]}) if isinstance(answer, tuple) else (200, answer)

    def _reply(self, status: int, content: Any) -> None:
        is_page = isinstance(content, str)
        payload = content.encode() if is_page else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if is_page else "application/json")
        self.send_header("Set-Cookie", "session=hidden")
        if 300 <= status < 400:
            self.send_header("Location", "/login")
        self.send_header("Content-Length", str(len(payload)))
        with suppress(ConnectionError):  # the client may have stopped waiting
            self.end_headers()
            self.wfile.write(payload)


@pytest.fixture(scope="session", autouse=True)
def _compile_each_plan_once() -> Iterator[None]:
    """Write a pipeline that a test has compiled before, as most tests send the same one."""
    texts: dict[tuple[str, str], str] = {}

    def compile_once(plan: Plan, spec_sha256: str, path: Path) -> None:
        key = (repr(plan), spec_sha256)
        if key in texts and path.parent.is_dir() and not path.exists():
            path.write_text(texts[key], encoding="utf-8")
            return
        compile_pipeline(plan, spec_sha256, path)
        texts[key] = path.read_text(encoding="utf-8")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipelines, "compile_pipeline", compile_once)
        yield


@pytest.fixture
def kfp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kfp]:
    """A cluster's API on loopback, with its address in the environment."""
    cluster = Kfp()
    handler = type("Handler", (_Handler,), {"kfp": cluster})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = False
        cluster.address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("KF_PIPELINES_ENDPOINT", cluster.address)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        monkeypatch.chdir(tmp_path)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield cluster
        server.shutdown()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The bucket `gs://bucket` on the server of the storage tests."""
    place = Path(__file__).parents[1] / "storage" / "gcs_server.py"
    spec = importlib.util.spec_from_file_location("gcs_server_for_runs", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    content = module.Bucket()
    with module.Server(content) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        yield content
        server.shutdown()
        thread.join()
    with warnings.catch_warnings():
        # Google's client does not close its connections.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec with model, data and images that a cluster can read."""
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC + IMAGES)
    return path


@pytest.fixture
def imageless(tmp_path: Path) -> Path:
    """The spec without its images."""
    path = tmp_path / "imageless.yaml"
    path.write_text(SPEC)
    return path


@dataclass(frozen=True)
class Done:
    """The exit code and output of a command."""

    code: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def quantgate(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `quantgate ARGUMENTS`."""

    def run(*arguments: object) -> Done:
        code = main([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return run
