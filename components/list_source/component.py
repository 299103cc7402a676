"""KFP interface of `list_source`."""

from kfp import dsl

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def list_source(uri: str) -> str:
    """List the files at a URI, without reading them.

    Args:
        uri: a file or a folder in `gs://`, `s3://` or `minio://`, or on a mounted volume.

    Returns:
        SHA-256 of the names, sizes and versions of all files.
    """
    from quantgate.foundation.storage.access import files_at

    return files_at(uri).listing(uri).sha256
