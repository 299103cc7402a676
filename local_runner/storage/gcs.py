"""Google Cloud Storage; credentials are those that the environment has."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from quantgate.local_runner.ir.values import TaskError
from quantgate.local_runner.storage.remote import Listing, RemoteFile, file_listing, folder_listing

with warnings.catch_warnings():
    # Of grpcio, which is not used, and of the age of a Python.
    warnings.simplefilter("ignore")
    import requests
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud import storage
    from google.cloud.storage import transfer_manager
    from google.cloud.storage.retry import DEFAULT_RETRY

#: Seconds for which one request is tried again after 429, 5xx or a cut connection.
PATIENCE_S = 120.0

#: Seconds to connect, and between two pieces of an answer.
_TIMEOUT_S = (10.0, 60.0)
_WORKERS = 8
_FIELDS = "items(name,size,crc32c,md5Hash,generation,contentEncoding),nextPageToken"


class Gcs:
    """Reads `gs://`; every object in the generation that it was listed in."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s

    def listing(self, uri: str) -> Listing:
        """See `Storage`."""
        bucket, _, key = uri.removeprefix("gs://").partition("/")
        with explained(f"cannot fetch {uri}"):
            alone = None if not key or key.endswith("/") else self._blob_at(bucket, key)
            if alone is not None:
                return file_listing(uri, _described(uri, alone, key.rpartition("/")[2]))
            return folder_listing(uri, self._below(uri, bucket, key.rstrip("/")))

    def _below(self, uri: str, bucket: str, key: str) -> Iterator[RemoteFile]:
        prefix = f"{key}/" if key else ""
        blobs = self._client.list_blobs(
            bucket, prefix=prefix, fields=_FIELDS, retry=self._retry, timeout=_TIMEOUT_S
        )
        for blob in blobs:
            # What a console makes to show an empty folder.
            if not blob.name.endswith("/"):
                yield _described(uri, blob, blob.name.removeprefix(prefix))

    def _blob_at(self, bucket: str, key: str) -> Any:
        place = self._client.bucket(bucket)
        return place.get_blob(key, retry=self._retry, timeout=_TIMEOUT_S)

    def fetch(self, uri: str, files: list[RemoteFile], folder: Path) -> None:
        """See `Storage`."""
        bucket = self._client.bucket(uri.removeprefix("gs://").partition("/")[0])
        fresh = [file for file in files if not (folder / file.name).exists()]
        begun = [file for file in files if (folder / file.name).exists()]
        with explained(f"cannot fetch {uri}", _replaced):
            self._fetch_fresh(bucket, fresh, folder)
            for file in begun:
                self._go_on(bucket, file, folder / file.name)

    def _fetch_fresh(self, bucket: Any, files: list[RemoteFile], folder: Path) -> None:
        for parent in {(folder / file.name).parent for file in files}:
            parent.mkdir(parents=True, exist_ok=True)
        outcomes = transfer_manager.download_many(
            [(_pinned(bucket, file), str(folder / file.name)) for file in files],
            worker_type=transfer_manager.THREAD,
            max_workers=_WORKERS,
            download_kwargs=self._how,
        )
        for error in outcomes:
            if isinstance(error, BaseException):
                raise error

    def _go_on(self, bucket: Any, file: RemoteFile, place: Path) -> None:
        with place.open("ab") as stream:
            if stream.tell() < file.size_bytes:
                _pinned(bucket, file).download_to_file(stream, start=stream.tell(), **self._how)

    @property
    def _how(self) -> dict[str, Any]:
        # Checksums are compared on what has reached the disk, resumed or not, by the caller.
        return {
            "raw_download": True,
            "checksum": None,
            "retry": self._retry,
            "timeout": _TIMEOUT_S,
        }

    @property
    def _retry(self) -> Any:
        return DEFAULT_RETRY.with_delay(initial=0.5, maximum=30.0).with_timeout(self._patience_s)

    @cached_property
    def _client(self) -> Any:
        return storage.Client()


def _pinned(bucket: Any, file: RemoteFile) -> Any:
    return bucket.blob(file.key, generation=int(file.version))


def _described(uri: str, blob: Any, name: str) -> RemoteFile:
    if blob.content_encoding == "gzip":
        raise TaskError(
            f"cannot fetch {uri}: `{blob.name}` is stored with `Content-Encoding: gzip`, so that "
            "who reads it gets other bytes than its checksum is of; store it without"
        )
    # Objects that were composed have no MD5, and CRC32C alone is too short to know bytes by.
    content = blob.md5_hash or f"gs://{uri.split('/')[2]}/{blob.name}#{blob.generation}"
    return RemoteFile(
        name, blob.name, blob.size, str(blob.generation), f"{content} {blob.crc32c}", blob.crc32c
    )


def _replaced(error: Any) -> str | None:
    if error.code == 404:
        return "an object was replaced or deleted while it was fetched; run again"
    return None


@contextmanager
def explained(what: str, special: Callable[[Any], str | None] = lambda _: None) -> Iterator[None]:
    """Turn what Google's client raises into a sentence.

    Raises:
        TaskError: `what`, and why.
    """
    try:
        yield
    except GoogleAPICallError as error:
        raise TaskError(f"{what}: {special(error) or _said(error)}") from error
    except GoogleAuthError as error:
        raise TaskError(f"{what}: {_NO_CREDENTIALS} ({error})") from error
    except (RetryError, requests.RequestException, ConnectionError) as error:
        cause = getattr(error, "cause", None) or error
        raise TaskError(
            f"{what}: storage cannot be reached, or failed each time it was asked ({cause}); run "
            "again later, and what has arrived is not fetched again"
        ) from error


_NO_CREDENTIALS = (
    "there are no credentials; set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth "
    "application-default login`"
)


def _said(error: Any) -> str:
    if error.code in (401, 403):
        return (
            f"permission denied; the account of this environment needs to list and get objects "
            f"there (roles/storage.objectViewer). Storage says: {error.message}"
        )
    if error.code == 404:
        return "there is no such bucket; check its name"
    return f"storage says {error.code}: {error.message}"
