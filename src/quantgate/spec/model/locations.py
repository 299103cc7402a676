"""Locations of models and data: local paths and URIs."""

import re

#: Schemes that KFP's launcher can read.
KUBEFLOW_SCHEMES = ("gs", "s3", "minio")

#: Schemes that `promote` can write to. The last three need fsspec and a package for the scheme.
PUBLISHING_SCHEMES = (*KUBEFLOW_SCHEMES, "abfs", "az", "hdfs")

#: A pipeline root as KFP's driver takes it: a bucket, a folder, and a query for the object store.
_PIPELINE_ROOT = re.compile(rf"({'|'.join(KUBEFLOW_SCHEMES)})://[^/?]+(/[^?]*)?(\?[^?]+)?")

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")


def scheme_of(location: str) -> str | None:
    """Return the scheme of a URI, None for a local path."""
    match = _SCHEME.match(location)
    return match.group(1) if match else None


def is_pipeline_root(uri: str) -> bool:
    """Return whether Kubeflow can write results below a URI."""
    return _PIPELINE_ROOT.fullmatch(uri) is not None
