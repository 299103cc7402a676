"""Google Cloud Storage as a publication target, with credentials from the environment."""

import warnings
from functools import cached_property
from typing import Any

from quantgate.components.promote.shelf import Stored, needs_writing, overtaken, publishing_in
from quantgate.foundation.hashing import crc32c_of_bytes
from quantgate.foundation.storage import gcs_client
from quantgate.foundation.storage.gcs_client import bucket_and_key, explained, request_limits

with warnings.catch_warnings():
    # The imports warn about grpcio, which is not used, and about old versions of Python.
    warnings.simplefilter("ignore")
    from google.api_core.exceptions import NotFound, PreconditionFailed
    from google.cloud import storage


class GcsShelf:
    """A shelf of objects. The token of a content is its generation.

    Args:
        to: as in `gs://bucket/models/fashion`.
    """

    def __init__(self, to: str) -> None:
        self.to = to
        self._operation = publishing_in(to)
        self._limits = request_limits(gcs_client.PATIENCE_S)
        bucket, prefix = bucket_and_key(to)
        self._bucket_name = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def read(self, name: str) -> Stored | None:
        """See `Shelf`. The content is compared with its checksum."""
        with explained(self._operation):
            try:
                blob = self._bucket.get_blob(self._prefix + name, **self._limits)
                if blob is None:
                    return None
                pinned = self._bucket.blob(blob.name, generation=blob.generation)
                content = pinned.download_as_bytes(checksum="crc32c", **self._limits)
            except NotFound as error:
                raise overtaken(self, name) from error
        return Stored(content, str(blob.generation))

    def write(self, name: str, content: bytes, instead_of: Stored | None) -> None:
        """See `Shelf`."""
        blob = self._bucket.blob(self._prefix + name)
        generation = int(instead_of.token) if instead_of else 0
        with explained(self._operation):
            try:
                blob.upload_from_string(
                    content,
                    content_type=_content_type(name),
                    checksum="crc32c",
                    if_generation_match=generation,
                    **self._limits,
                )
            except PreconditionFailed as error:
                # A request is sent again if its response was lost.
                if needs_writing(self, name, content, instead_of):
                    raise overtaken(self, name) from error
                return
        if blob.crc32c != crc32c_of_bytes(content):
            raise self._operation.error(f"`{name}` was damaged in transit. Run again")

    @cached_property
    def _bucket(self) -> Any:
        with explained(self._operation):
            return storage.Client().bucket(self._bucket_name)


def _content_type(name: str) -> str:
    if name.endswith(".tflite"):
        return "application/octet-stream"
    return "application/json" if name.endswith(".json") else "text/plain; charset=utf-8"
