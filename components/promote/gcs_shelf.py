"""Google Cloud Storage as a place to publish in; credentials come from the environment."""

import base64
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from quantgate.components.promote.shelf import Overtaken, Stored
from quantgate.errors import InputError

with warnings.catch_warnings():
    # Of grpcio, which is not used, and of the age of a Python.
    warnings.simplefilter("ignore")
    import google_crc32c
    import requests
    from google.api_core.exceptions import (
        GoogleAPICallError,
        NotFound,
        PreconditionFailed,
        RetryError,
    )
    from google.auth.exceptions import GoogleAuthError
    from google.cloud import storage
    from google.cloud.storage.exceptions import DataCorruption
    from google.cloud.storage.retry import DEFAULT_RETRY

#: Seconds for which one request is tried again after 429, 5xx or a cut connection.
PATIENCE_S = 120.0

#: Seconds to connect, and between two pieces of an answer.
_TIMEOUT_S = (10.0, 60.0)
_NO_CREDENTIALS = (
    "there are no credentials; set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth "
    "application-default login`"
)


class GcsShelf:
    """Contents are objects; what was read is known by its generation.

    Args:
        to: as in `gs://bucket/models/fashion`.
    """

    def __init__(self, to: str) -> None:
        self.to = to
        bucket, _, prefix = to.removeprefix("gs://").partition("/")
        self._bucket_name = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def read(self, name: str) -> Stored | None:
        """See `Shelf`; the content is compared with its checksum."""
        with _explained(self.to):
            try:
                found = self._bucket.get_blob(self._prefix + name, **self._how)
                if found is None:
                    return None
                pinned = self._bucket.blob(found.name, generation=found.generation)
                content = pinned.download_as_bytes(checksum="crc32c", **self._how)
            except NotFound as error:
                raise Overtaken(f"{self.to}/{name} was replaced while it was read") from error
        return Stored(content, str(found.generation))

    def write(self, name: str, content: bytes, instead_of: Stored | None) -> None:
        """See `Shelf`."""
        blob = self._bucket.blob(self._prefix + name)
        generation = int(instead_of.token) if instead_of else 0
        with _explained(self.to):
            try:
                blob.upload_from_string(
                    content,
                    content_type=_content_type(name),
                    checksum="crc32c",
                    if_generation_match=generation,
                    **self._how,
                )
            except PreconditionFailed as error:
                self._check_own(name, content, error)
                return
        if blob.crc32c != _crc32c(content):
            raise InputError(
                f"cannot publish in {self.to}: `{name}` arrived with other bytes than were sent; "
                "run again"
            )

    def _check_own(self, name: str, content: bytes, error: Exception) -> None:
        """Let pass what is there already: where an answer was lost, the request was repeated."""
        found = self.read(name)
        if found is None or found.content != content:
            raise Overtaken(f"{self.to}/{name} was written by somebody else meanwhile") from error

    @property
    def _how(self) -> dict[str, Any]:
        retry = DEFAULT_RETRY.with_delay(initial=0.5, maximum=30.0).with_timeout(PATIENCE_S)
        return {"retry": retry, "timeout": _TIMEOUT_S}

    @cached_property
    def _bucket(self) -> Any:
        with _explained(self.to):
            return storage.Client().bucket(self._bucket_name)


def _content_type(name: str) -> str:
    if name.endswith(".tflite"):
        return "application/octet-stream"
    return "application/json" if name.endswith(".json") else "text/plain; charset=utf-8"


def _crc32c(content: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


@contextmanager
def _explained(to: str) -> Iterator[None]:
    what = f"cannot publish in {to}"
    try:
        yield
    except GoogleAPICallError as error:
        raise InputError(f"{what}: {_said(error)}") from error
    except GoogleAuthError as error:
        raise InputError(f"{what}: {_NO_CREDENTIALS} ({error})") from error
    except DataCorruption as error:
        raise InputError(
            f"{what}: an object arrived with other bytes than its checksum is of; run again"
        ) from error
    except (RetryError, requests.RequestException, ConnectionError) as error:
        cause = getattr(error, "cause", None) or error
        raise InputError(
            f"{what}: storage cannot be reached, or failed each time it was asked ({cause}); "
            "`latest` is as it was or names the new version whole, so run again later"
        ) from error


def _said(error: Any) -> str:
    if error.code in (401, 403):
        return (
            "permission denied; the account of this environment needs to get, create and replace "
            f"objects there (roles/storage.objectUser). Storage says: {error.message}"
        )
    if error.code == 404:
        return "there is no such bucket; make it, or check its name"
    return f"storage says {error.code}: {error.message}"
