"""KFP interface of `list_source`."""

from kfp import dsl
from kfp.dsl import Artifact, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def list_source(uri: str, listing: Output[Artifact], content: str = "") -> str:
    """List the files at a URI, without reading them.

    Args:
        uri: a file or a folder in `gs://`, `s3://` or `minio://`, or on a mounted volume.
        listing: a file with the name, size and version of each file.
        content: expected hash. A source with another one is refused.

    Returns:
        SHA-256 of the names, sizes and versions of all files.
    """
    from quantgate.components.list_source.work import list_source as work

    return work(uri, content, listing.path)
