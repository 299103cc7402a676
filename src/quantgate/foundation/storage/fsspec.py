"""Files in any storage that fsspec supports, such as `s3://`.

Credentials come from the environment.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quantgate.errors import StorageError
from quantgate.foundation.files import is_disk_full
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.foundation.storage.operation import Operation, fetching
from quantgate.foundation.storage.remote import (
    Listing,
    RemoteFile,
    file_listing,
    folder_listing,
    replaced,
)

#: The keys under which file systems give the time of the last change.
_TIMES = ("mtime", "modified", "LastModified", "last_modified", "created")


class FsspecStorage:
    """Reads whole files, and detects by a fingerprint when one is replaced in the meantime."""

    def listing(self, uri: str) -> Listing:
        """See `Storage`."""
        with explained(fetching(uri)):
            system, path = open_uri(uri)
            if system.isfile(path):
                return file_listing(uri, _described(system.info(path), path.rpartition("/")[2]))
            described = [
                _described(_with_tag(system, info), key.removeprefix(path).lstrip("/"))
                for key, info in system.find(path, detail=True).items()
            ]
            return folder_listing(uri, described)

    def fetch(self, uri: str, files: list[RemoteFile], folder: Path) -> None:
        """See `Storage`. A file that arrived in part is fetched from its beginning."""
        with explained(fetching(uri)):
            system, _ = open_uri(uri)
            for file in files:
                path = folder / file.name
                path.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(file.key, str(path))
                if _is_replaced(system, file):
                    path.unlink()
                    raise replaced(uri, file.key)

    def read(self, uri: str, file: RemoteFile, start: int, length: int) -> bytes:
        """See `Storage`."""
        with explained(fetching(uri)):
            system, _ = open_uri(uri)
            content: bytes = system.cat_file(file.key, start=start, end=start + length)
            if _is_replaced(system, file):
                raise replaced(uri, file.key)
            if len(content) != min(length, file.size_bytes - start):
                raise fetching(uri).error(
                    f"`{file.key}`: storage sent {len(content):,} bytes instead of {length:,}. Run "
                    "again, and if it happens again, use storage that reads ranges of files"
                )
            return content


def open_uri(uri: str, **options: Any) -> tuple[Any, str]:
    """Return the file system of a URI, and the path in it.

    Args:
        uri: `minio://` is KFP's name for S3 at the endpoint that AWS_ENDPOINT_URL names.
        options: settings of the file system.
    """
    import fsspec

    scheme, _, rest = uri.partition("://")
    system, path = fsspec.url_to_fs(f"s3://{rest}" if scheme == "minio" else uri, **options)
    return system, str(path)


def _is_replaced(system: Any, file: RemoteFile) -> bool:
    system.invalidate_cache()
    return _fingerprint(system.info(file.key)) != file.version


def _with_tag(system: Any, info: dict[str, Any]) -> dict[str, Any]:
    # Some file systems write times differently in listings than in the facts about one file.
    return info if info.get("ETag") else dict(system.info(info["name"]))


def _described(info: dict[str, Any], name: str) -> RemoteFile:
    fingerprint = _fingerprint(info)
    return RemoteFile(name, info["name"], info["size"], fingerprint, fingerprint)


def _fingerprint(info: dict[str, Any]) -> str:
    tag = info.get("ETag") or info.get("etag")
    times = [str(info[key]) for key in _TIMES if key in info]
    facts = [tag] if tag else [info["name"], *times]
    return sha256_of_bytes(repr([*facts, info["size"]]).encode())


@contextmanager
def explained(operation: Operation) -> Iterator[None]:
    """Turn the errors of fsspec, and of the packages that it uses, into sentences.

    Raises:
        StorageError: the operation failed.
        OSError: the local disk failed.
    """
    try:
        yield
    except StorageError:
        raise
    except (ImportError, ValueError) as error:
        raise operation.error(
            f"{error}. `{operation.uri.partition('://')[0]}://` needs fsspec and the package it "
            "asks for, `pip install 'quantgate[s3]'` for S3"
        ) from error
    except FileNotFoundError as error:
        raise operation.error(f"there is nothing ({error}). Check its name") from error
    except PermissionError as error:
        raise operation.error(
            f"permission denied ({error}). Check your rights, and the credentials in the "
            "environment"
        ) from error
    except Exception as error:
        # Packages raise errors of their own about endpoints, credentials and servers.
        if is_disk_full(error) or getattr(error, "errno", None) in (errno.EFBIG, errno.EROFS):
            raise
        raise operation.error(
            f"storage cannot be reached, or failed at every attempt ({type(error).__name__}: "
            f"{error}). Check its endpoint and the credentials in the environment, and run again"
        ) from error
