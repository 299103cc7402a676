"""S3 on loopback: moto's server behind an application that can let requests fail."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

App = Callable[[dict[str, Any], Any], Iterable[bytes]]
Fault = Callable[[App, dict[str, Any], Any], Iterable[bytes]]


def answer(status: str, code: str) -> Fault:
    """Return a fault that answers with an error in S3's form."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"

    def fault(app: App, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start(status, [("Content-Type", "application/xml")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text.encode()]

    return fault


def cut(app: App, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """Send only a part of the content, and close the connection."""
    content = b"".join(app(environ, start))
    yield content[: len(content) // 2]
    raise ConnectionAbortedError


@dataclass
class Door:
    """An application with configurable failures.

    `faults` are triples of a method, a part of the path, and a fault for the next such request. A
    fault is used once. Those in `always` are used for every such request.
    """

    app: App
    faults: list[tuple[str, str, Fault]] = field(default_factory=list)
    always: list[tuple[str, str, Fault]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    sent_bytes: int = 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.asked.append((method, path))
        for entry in (*self.always, *self.faults):
            wanted, part, fault = entry
            if wanted == method and part in path:
                if entry in self.faults:
                    self.faults.remove(entry)
                return fault(self.app, environ, start)
        content = b"".join(self.app(environ, start))
        self.sent_bytes += len(content) if method == "GET" else 0
        return [content]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


class Server:
    """The door, served on a free port."""

    def __init__(self) -> None:
        self.door = Door(DomainDispatcherApplication(create_backend_app))
        self._server = make_server("127.0.0.1", 0, self.door, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02])
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
