"""Whatever fsspec can write to, `s3://` for one, as a place to publish in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from quantgate.components.promote.shelf import Overtaken, Stored
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes

#: Where folders are parts of names, and to make one may make a bucket that nobody wanted.
_OF_OBJECTS = ("s3", "minio", "abfs", "az")


class FsspecShelf:
    """Contents are files, read again after they were written.

    fsspec has no preconditions: of two that write within the same moment the later one wins, whole.
    """

    def __init__(self, to: str) -> None:
        self.to = to
        with _explained(to):
            import fsspec

            scheme, _, rest = to.partition("://")
            # KFP's name for S3 behind another endpoint, which AWS_ENDPOINT_URL names here.
            uri = f"s3://{rest}" if scheme == "minio" else to
            system, root = fsspec.url_to_fs(uri, use_listings_cache=False)
            self._system: Any = system
            self._has_folders = scheme not in _OF_OBJECTS
            self._root = str(root).rstrip("/")

    def read(self, name: str) -> Stored | None:
        """See `Shelf`."""
        with _explained(self.to):
            try:
                content = bytes(self._system.cat_file(f"{self._root}/{name}"))
            except FileNotFoundError:
                return None
        return Stored(content, sha256_of_bytes(content))

    def write(self, name: str, content: bytes, instead_of: Stored | None) -> None:
        """See `Shelf`."""
        if self.read(name) != instead_of:
            raise Overtaken(f"{self.to}/{name} was written by somebody else meanwhile")
        path = f"{self._root}/{name}"
        with _explained(self.to):
            if self._has_folders:
                self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._system.pipe_file(path, content)
        if self.read(name) != Stored(content, sha256_of_bytes(content)):
            raise Overtaken(f"{self.to}/{name} was written by somebody else meanwhile")


@contextmanager
def _explained(to: str) -> Iterator[None]:
    try:
        yield
    except (ImportError, ValueError) as error:
        raise InputError(
            f"cannot publish in {to}: {error}; `{to.partition('://')[0]}://` is written through "
            "fsspec and the package it asks for, `pip install 'quantgate[s3]'` for S3"
        ) from error
    except OSError as error:
        message = f"cannot publish in {to}: {error}; check its name and your rights"
        raise InputError(message) from error
    except Exception as error:
        # Packages behind a scheme raise errors of their own: of endpoints, credentials, servers.
        raise InputError(
            f"cannot publish in {to}: storage cannot be reached ({type(error).__name__}: {error}); "
            "check its endpoint and the credentials in the environment"
        ) from error
