"""The cluster's object store, as its users fill and read it."""

import os
from pathlib import Path
from typing import Any

import s3fs

from harness.cluster import BUCKET, KEYS


def store(endpoint: str) -> Any:
    """Return a file system of the store."""
    return s3fs.S3FileSystem(
        key=KEYS["accesskey"],
        secret=KEYS["secretkey"],
        endpoint_url=endpoint,
        skip_instance_cache=True,
        use_listings_cache=False,
    )


def upload(endpoint: str, path: Path, key: str) -> str:
    """Copy a file or folder, replacing an existing one, and return its URI."""
    files = store(endpoint)
    target = f"{BUCKET}/{key}"
    if files.exists(target):
        files.rm(target, recursive=True)
    if path.is_dir():
        files.put(f"{path}{os.sep}", f"{target}/", recursive=True)
    else:
        files.put(str(path), target)
    return f"s3://{target}"


def download(endpoint: str, uri: str, path: Path) -> Path:
    """Copy the file or folder at a URI of the store."""
    files = store(endpoint)
    key = uri.partition("://")[2]
    files.get(key, str(path), recursive=files.isdir(key))
    return path


def read(endpoint: str, uri: str) -> bytes:
    """Return the content of an object."""
    return store(endpoint).cat_file(uri.partition("://")[2])
