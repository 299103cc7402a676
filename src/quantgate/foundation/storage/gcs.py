"""Files in Google Cloud Storage."""

import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from quantgate.errors import StorageError
from quantgate.foundation.storage.gcs_client import (
    PATIENCE_S,
    bucket_and_key,
    explained,
    request_limits,
)
from quantgate.foundation.storage.operation import fetching
from quantgate.foundation.storage.remote import Listing, RemoteFile, file_listing, folder_listing

with warnings.catch_warnings():
    # The imports warn about grpcio, which is not used, and about old versions of Python.
    warnings.simplefilter("ignore")
    from google.cloud import storage
    from google.cloud.storage import transfer_manager

_WORKERS = 8
_FIELDS = "items(name,size,crc32c,md5Hash,generation,contentEncoding),nextPageToken"


class Gcs:
    """Reads `gs://`. Every object is read in the generation in which it was listed.

    Args:
        patience_s: seconds for which a failing request is repeated.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._limits = request_limits(patience_s)

    def listing(self, uri: str) -> Listing:
        """See `Storage`."""
        bucket, key = bucket_and_key(uri)
        with explained(fetching(uri)):
            is_folder = not key or key.endswith("/")
            blob = None if is_folder else self._client.bucket(bucket).get_blob(key, **self._limits)
            if blob is not None:
                return file_listing(uri, _described(uri, blob, key.rpartition("/")[2]))
            return folder_listing(uri, self._below(uri, bucket, key.rstrip("/")))

    def _below(self, uri: str, bucket: str, key: str) -> Iterator[RemoteFile]:
        prefix = f"{key}/" if key else ""
        blobs = self._client.list_blobs(bucket, prefix=prefix, fields=_FIELDS, **self._limits)
        for blob in blobs:
            # Consoles create such an object to show an empty folder.
            if not blob.name.endswith("/"):
                yield _described(uri, blob, blob.name.removeprefix(prefix))

    def fetch(self, uri: str, files: list[RemoteFile], folder: Path) -> None:
        """See `Storage`."""
        bucket = self._client.bucket(bucket_and_key(uri)[0])
        fresh = [file for file in files if not (folder / file.name).exists()]
        begun = [file for file in files if (folder / file.name).exists()]
        with explained(fetching(uri), _replaced):
            self._fetch_fresh(bucket, fresh, folder)
            for file in begun:
                self._resume(bucket, file, folder / file.name)

    def read(self, uri: str, file: RemoteFile, start: int, length: int) -> bytes:
        """See `Storage`."""
        if not length:
            return b""
        bucket = self._client.bucket(bucket_and_key(uri)[0])
        with explained(fetching(uri), _replaced):
            content: bytes = _pinned(bucket, file).download_as_bytes(
                start=start, end=start + length - 1, **self._download_settings
            )
        return content

    def _fetch_fresh(self, bucket: Any, files: list[RemoteFile], folder: Path) -> None:
        for parent in {(folder / file.name).parent for file in files}:
            parent.mkdir(parents=True, exist_ok=True)
        outcomes = transfer_manager.download_many(
            [(_pinned(bucket, file), str(folder / file.name)) for file in files],
            worker_type=transfer_manager.THREAD,
            max_workers=_WORKERS,
            download_kwargs=self._download_settings,
        )
        for error in outcomes:
            if isinstance(error, BaseException):
                raise error

    def _resume(self, bucket: Any, file: RemoteFile, path: Path) -> None:
        with path.open("ab") as stream:
            if stream.tell() < file.size_bytes:
                _pinned(bucket, file).download_to_file(
                    stream, start=stream.tell(), **self._download_settings
                )

    @property
    def _download_settings(self) -> dict[str, Any]:
        # The caller checks the checksum of the file on the disk, resumed or not.
        return {"raw_download": True, "checksum": None, **self._limits}

    @cached_property
    def _client(self) -> Any:
        return storage.Client()


def _pinned(bucket: Any, file: RemoteFile) -> Any:
    return bucket.blob(file.key, generation=int(file.version))


def _described(uri: str, blob: Any, name: str) -> RemoteFile:
    if blob.content_encoding == "gzip":
        raise StorageError(
            f"cannot fetch {uri}: `{blob.name}` is stored with `Content-Encoding: gzip`, so "
            "readers get other bytes than its checksum covers. Store it without that encoding"
        )
    # Composed objects have no MD5, and CRC32C alone is too short to identify content.
    content = blob.md5_hash or f"gs://{bucket_and_key(uri)[0]}/{blob.name}#{blob.generation}"
    return RemoteFile(
        name, blob.name, blob.size, str(blob.generation), f"{content} {blob.crc32c}", blob.crc32c
    )


def _replaced(error: Any) -> str | None:
    if error.code == 404:
        return "an object was replaced or deleted while it was fetched. Run again"
    return None
