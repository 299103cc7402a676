"""A small Google Cloud Storage server on loopback with generations and configurable failures.

It knows what quantgate asks of storage: listing, metadata, media with ranges, and uploads in one
request. Every request is written down, and a fault may meet each of them.
"""

import base64
import hashlib
import json
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from email.parser import BytesParser
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import google_crc32c

Fault = Callable[["Request"], None]


@dataclass
class Object:
    """One generation of an object."""

    content: bytes
    generation: int
    crc32c: str
    encoding: str | None = None


@dataclass
class Request:
    """A request that a fault may change: `answer` sends a status, `cut_after` breaks off."""

    method: str
    name: str
    is_media: bool
    cut_after: int | None = None
    after_media: Callable[[], object] | None = None
    damage: bool = False

    def answer(self, status: int, message: str = "told to fail") -> None:
        raise Refused(status, message)


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Bucket:
    """The content of the server. Generations are numbered in order."""

    objects: dict[str, Object] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    after: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, bool]] = field(default_factory=list)
    methods: list[tuple[str, str]] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)
    generation: int = 1000
    sent_bytes: int = 0

    def put(self, name: str, content: bytes, encoding: str | None = None) -> None:
        with self.lock:
            self.generation += 1
            checksum = google_crc32c.Checksum(content).digest()
            crc32c = base64.b64encode(checksum).decode()
            self.objects[name] = Object(content, self.generation, crc32c, encoding)

    def fail(
        self, fault: Fault, times: int = 1, method: str = "GET", media: bool | None = None
    ) -> None:
        """Apply a fault to the next requests of a kind."""
        left = times

        def limited(request: Request) -> None:
            nonlocal left
            if request.method == method and media in (None, request.is_media) and left > 0:
                left -= 1
                fault(request)

        self.faults.append(limited)

    def text(self, name: str) -> str | None:
        stored = self.objects.get(name)
        return stored.content.decode() if stored else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    bucket: Bucket

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        try:
            answer = self._answered(method)
        except Refused as refused:
            told = {"error": {"code": refused.status, "message": str(refused)}}
            self._send(refused.status, json.dumps(told).encode())
        except ConnectionAbortedError:
            self.close_connection = True
        else:
            if answer is not None:
                self._send(200, json.dumps(answer).encode())

    def _answered(self, method: str) -> dict[str, Any] | None:
        """Return the answer, or None if content was sent. Errors are raised."""
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bucket, *name = url.path.partition("/b/")[2].split("/o", 1)
        act: Callable[[], dict[str, Any] | None]
        request = Request(method, "", query.get("alt") == "media")
        if method == "POST":
            metadata, content = multipart(self.headers["Content-Type"], body)
            request.name = metadata["name"]
            act = partial(self._upload, request, metadata, content, query)
        elif not name:
            # Google's client requests it in the background after a 404.
            return self._bucket_facts(bucket)
        elif name[0]:
            request.name = urllib.parse.unquote(name[0].removeprefix("/"))
            act = partial(self._get, request, query)
        else:
            act = partial(self._list, query)
        return self._with_faults(bucket, request, act)

    def _with_faults(
        self, bucket: str, request: Request, act: Callable[[], dict[str, Any] | None]
    ) -> dict[str, Any] | None:
        self.bucket.asked.append((request.name, request.is_media))
        self.bucket.methods.append((request.method, request.name))
        for fault in list(self.bucket.faults):
            fault(request)
        if bucket != "bucket":
            raise Refused(404, "The specified bucket does not exist.")
        with self.bucket.lock:
            answer = act()
        for fault in list(self.bucket.after):
            fault(request)
        return answer

    def _bucket_facts(self, bucket: str) -> dict[str, Any]:
        if bucket != "bucket":
            raise Refused(404, "The specified bucket does not exist.")
        return {"kind": "storage#bucket", "name": bucket}

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        prefix = query.get("prefix", "")
        names = [name for name in sorted(self.bucket.objects) if name.startswith(prefix)]
        return {"kind": "storage#objects", "items": [self._described(name) for name in names]}

    def _described(self, name: str) -> dict[str, Any]:
        stored = self.bucket.objects[name]
        facts = {
            "kind": "storage#object",
            "name": name,
            "bucket": "bucket",
            "size": str(len(stored.content)),
            "generation": str(stored.generation),
            "crc32c": stored.crc32c,
            "md5Hash": base64.b64encode(hashlib.md5(stored.content).digest()).decode(),
        }
        return facts | ({"contentEncoding": stored.encoding} if stored.encoding else {})

    def _get(self, request: Request, query: dict[str, str]) -> dict[str, Any] | None:
        name = request.name
        stored = self.bucket.objects.get(name)
        asked = query.get("generation")
        if stored is None or (asked and int(asked) != stored.generation):
            raise Refused(404, f"No such object: bucket/{name}")
        if not request.is_media:
            return self._described(name)
        self._send_media(request, stored)
        return None

    def _send_media(self, request: Request, stored: Object) -> None:
        first, last = 0, len(stored.content)
        if wanted := self.headers.get("Range"):
            self.bucket.ranges.append(wanted)
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(start), min(int(end) + 1 if end else last, last)
            if first >= len(stored.content):
                raise Refused(416, "Requested range not satisfiable")
        content = stored.content[first:last]
        with self.bucket.lock:
            self.bucket.sent_bytes += len(content)
        if request.damage:
            content = bytes(255 - byte for byte in content)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Goog-Hash", f"crc32c={stored.crc32c}")
        self.send_header("X-Goog-Generation", str(stored.generation))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last - 1}/{len(stored.content)}")
        self.end_headers()
        if request.cut_after is None:
            self.wfile.write(content)
        else:
            self.wfile.write(content[: request.cut_after])
            self.wfile.flush()
            self.close_connection = True
        if request.after_media:
            request.after_media()

    def _upload(
        self, request: Request, metadata: dict[str, Any], content: bytes, query: dict[str, str]
    ) -> dict[str, Any]:
        name = request.name
        stored = self.bucket.objects.get(name)
        if (wanted := query.get("ifGenerationMatch")) is not None and int(wanted) != (
            stored.generation if stored else 0
        ):
            raise Refused(412, "At least one of the pre-conditions you specified did not hold.")
        checksum = base64.b64encode(google_crc32c.Checksum(content).digest()).decode()
        if metadata.get("crc32c") not in (None, checksum):
            raise Refused(400, "Provided CRC32C does not match the content.")
        self.bucket.put(name, content[::-1] if request.damage else content)
        return self._described(name)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """Split an upload into metadata and content."""
    boundary = content_type.partition("boundary=")[2].strip("\"'").encode()
    _, metadata, content, _ = body.split(b"--" + boundary, 3)
    return (
        json.loads(BytesParser().parsebytes(metadata.lstrip()).get_payload()),
        content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n"),
    )


class Server(ThreadingHTTPServer):
    """The server. `url` is the value for STORAGE_EMULATOR_HOST."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"bucket": bucket}))
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that was killed is part of the tests
