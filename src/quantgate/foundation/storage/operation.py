"""Operations on storage, and the parts of their error messages that every client shares."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from quantgate.errors import StorageError


@dataclass(frozen=True)
class Operation:
    """An operation on storage, as messages about its failure describe it.

    Attributes:
        verb: the verb in "cannot fetch gs://bucket/train".
        uri: the file or folder in storage.
        rights: the rights that an account of Google Cloud needs, with their role.
        advice: what to do after storage has failed at every attempt.
    """

    verb: str
    uri: str
    rights: str
    advice: str

    @property
    def failure(self) -> str:
        """The start of every message."""
        return f"cannot {self.verb} {self.uri}"

    def error(self, reason: str) -> StorageError:
        """Return the error for a reason."""
        return StorageError(f"{self.failure}: {reason}")


def fetching(uri: str) -> Operation:
    """Return the operation of fetching a file or folder."""
    return Operation(
        "fetch",
        uri,
        "list and get objects there (roles/storage.objectViewer)",
        "run again later, and what has arrived is not fetched again",
    )


@contextmanager
def requiring_google_client(operation: Operation) -> Iterator[None]:
    """Explain that Google's client is not installed if an import fails.

    Raises:
        StorageError: the import failed.
    """
    try:
        yield
    except ImportError as error:
        raise operation.error(
            "google-cloud-storage is not installed: pip install 'quantgate[gcs]'"
        ) from error
