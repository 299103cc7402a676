"""Whatever fsspec knows: `s3://` and others; credentials are those that the environment has."""

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quantgate.local_runner.ir.values import TaskError
from quantgate.local_runner.storage.remote import Listing, RemoteFile, file_listing, folder_listing

#: What file systems call the time at which a file was last written.
_TIMES = ("mtime", "modified", "LastModified", "last_modified", "created")
#: Errors of this machine's disk, and not of storage.
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class FsspecStorage:
    """Reads files whole; one that is replaced in the meantime is noticed by its fingerprint."""

    def listing(self, uri: str) -> Listing:
        """See `Storage`."""
        with _explained(uri):
            system, path = _opened(uri)
            if system.isfile(path):
                return file_listing(uri, _described(system.info(path), path.rpartition("/")[2]))
            described = [
                _described(_with_tag(system, info), key.removeprefix(path).lstrip("/"))
                for key, info in system.find(path, detail=True).items()
            ]
            return folder_listing(uri, described)

    def fetch(self, uri: str, files: list[RemoteFile], folder: Path) -> None:
        """See `Storage`; a file that was cut is fetched from its beginning."""
        with _explained(uri):
            system, _ = _opened(uri)
            for file in files:
                place = folder / file.name
                place.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(file.key, str(place))
                system.invalidate_cache()
                if _fingerprint(system.info(file.key)) != file.version:
                    place.unlink()
                    raise TaskError(
                        f"cannot fetch {uri}: `{file.key}` was replaced while it was fetched; "
                        "run again"
                    )


def _opened(uri: str) -> tuple[Any, str]:
    import fsspec

    scheme, _, rest = uri.partition("://")
    # KFP's name for S3 behind another endpoint, which AWS_ENDPOINT_URL names here.
    system, path = fsspec.url_to_fs(f"s3://{rest}" if scheme == "minio" else uri)
    return system, path


def _with_tag(system: Any, info: dict[str, Any]) -> dict[str, Any]:
    # Listings of some file systems write times in another way than facts about one file.
    return info if info.get("ETag") else dict(system.info(info["name"]))


def _described(info: dict[str, Any], name: str) -> RemoteFile:
    fingerprint = _fingerprint(info)
    return RemoteFile(name, info["name"], info["size"], fingerprint, fingerprint)


def _fingerprint(info: dict[str, Any]) -> str:
    tag = info.get("ETag") or info.get("etag")
    times = [str(info[key]) for key in _TIMES if key in info]
    facts = [tag] if tag else [info["name"], *times]
    return hashlib.sha256(repr([*facts, info["size"]]).encode()).hexdigest()


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    scheme = uri.partition("://")[0]
    try:
        yield
    except (ImportError, ValueError) as error:
        raise TaskError(
            f"cannot fetch {uri}: {error}; `{scheme}://` is read through fsspec and the package it "
            "asks for, `pip install 'quantgate[s3]'` for S3"
        ) from error
    except FileNotFoundError as error:
        message = f"cannot fetch {uri}: there is nothing ({error}); check its name"
        raise TaskError(message) from error
    except PermissionError as error:
        raise TaskError(
            f"cannot fetch {uri}: permission denied ({error}); credentials come from the "
            "environment, as the package behind the scheme takes them"
        ) from error
    except TaskError:
        raise
    except Exception as error:
        # Packages behind a scheme raise errors of their own: of endpoints, credentials, servers.
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            raise
        raise TaskError(
            f"cannot fetch {uri}: storage cannot be reached, or failed each time it was asked "
            f"({type(error).__name__}: {error}); check its endpoint and the credentials in the "
            "environment, and run again"
        ) from error
