"""The storage behind a URI or a path."""

from quantgate.foundation.credentials import refuse_credentials
from quantgate.foundation.storage.local import LocalStorage, is_local
from quantgate.foundation.storage.operation import fetching, requiring_google_client
from quantgate.foundation.storage.remote import Storage


def files_at(location: str) -> Storage:
    """Return what reads the files at a URI or a local path.

    Raises:
        UsageError: the URI has credentials in it.
        StorageError: Google's client is not installed.
    """
    return LocalStorage() if is_local(location) else storage_of(location)


def storage_of(uri: str) -> Storage:
    """Return what reads a URI: Google's own client for `gs://`, fsspec for the rest.

    Raises:
        UsageError: the URI has credentials in it.
        StorageError: Google's client is not installed.
    """
    refuse_credentials(uri)
    if uri.startswith("gs://"):
        with requiring_google_client(fetching(uri)):
            from quantgate.foundation.storage.gcs import Gcs
        return Gcs()
    from quantgate.foundation.storage.fsspec import FsspecStorage

    return FsspecStorage()
