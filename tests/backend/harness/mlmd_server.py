"""Serve the ML Metadata store of the package `ml-metadata` by gRPC, and by JSON to read it.

Runs in an environment of its own: the package has no wheels for the Pythons that quantgate is
tested on.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

import grpc
from google.protobuf import json_format, message_factory
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store
from ml_metadata.proto import metadata_store_pb2, metadata_store_service_pb2

SERVICE = metadata_store_service_pb2.DESCRIPTOR.services_by_name["MetadataStoreService"]
STATUS = {code.value[0]: code for code in grpc.StatusCode}
PORT, JSON_PORT = 8080, 8081
LARGEST_MESSAGE = 64 * 2**20


class Store:
    """The in-memory store of one cluster, which serves one request at a time."""

    def __init__(self) -> None:
        config = metadata_store_pb2.ConnectionConfig()
        config.fake_database.SetInParent()
        migration = metadata_store_pb2.MigrationOptions()
        self._store = metadata_store.CreateMetadataStore(
            config.SerializeToString(), migration.SerializeToString()
        )
        self._lock = Lock()

    def call(self, method: str, request: bytes) -> tuple[bytes, str, int]:
        """Return the serialized response, and the message and code of an error or 0."""
        with self._lock:
            response, message, code = getattr(metadata_store, method)(self._store, request)
        return response, message.decode(), code


def _grpc_method(store: Store, name: str) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    def method(request: bytes, context: grpc.ServicerContext) -> bytes:
        response, message, code = store.call(name, request)
        if code:
            context.abort(STATUS[code], message)
        return response

    return method


def serve_grpc(store: Store, host: str) -> grpc.Server:
    """Start the service on its port."""
    options = [("grpc.max_receive_message_length", LARGEST_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(8), options=options)
    handlers = {
        method.name: grpc.unary_unary_rpc_method_handler(_grpc_method(store, method.name))
        for method in SERVICE.methods
    }
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(SERVICE.full_name, handlers)]
    )
    server.add_insecure_port(f"{host}:{PORT}")
    server.start()
    return server


def _json_handler(store: Store) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers `POST /<Method>` with the method's response in JSON."""

        def do_POST(self) -> None:
            method = SERVICE.methods_by_name[self.path.strip("/")]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = message_factory.GetMessageClass(method.input_type)()
            json_format.Parse(body, request)
            content, message, code = store.call(method.name, request.SerializeToString())
            response = message_factory.GetMessageClass(method.output_type)()
            response.ParseFromString(content)
            answer = {"error": message} if code else json_format.MessageToDict(response)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


if __name__ == "__main__":
    host = sys.argv[1]
    shared = Store()
    serving = serve_grpc(shared, host)
    ThreadingHTTPServer((host, JSON_PORT), _json_handler(shared)).serve_forever()
