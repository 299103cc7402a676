"""Where models and data are: local paths and URIs."""

import re

#: What KFP's launcher can read.
KUBEFLOW_SCHEMES = ("gs", "s3", "minio")

#: What `promote` can write to; the last ones through fsspec and packages of their own.
PUBLISHING_SCHEMES = (*KUBEFLOW_SCHEMES, "abfs", "az", "hdfs")

#: What KFP's driver takes as a pipeline root: a bucket, a folder in it, and a query for the store.
_PIPELINE_ROOT = re.compile(rf"({'|'.join(KUBEFLOW_SCHEMES)})://[^/?]+(/[^?]*)?(\?[^?]+)?")

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")


def scheme_of(location: str) -> str | None:
    """The scheme of a URI, None for a local path."""
    match = _SCHEME.match(location)
    return match.group(1) if match else None


def is_pipeline_root(uri: str) -> bool:
    """Return whether Kubeflow can write results below a URI."""
    return _PIPELINE_ROOT.fullmatch(uri) is not None
