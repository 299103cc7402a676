"""KFP interface of `fingerprint`."""

from kfp import dsl
from kfp.dsl import Artifact, Input

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def fingerprint(artifact: Input[Artifact]) -> str:
    """Hash the content of an artifact.

    Args:
        artifact: a file or a folder.

    Returns:
        SHA-256 of the file, or of the names and bytes of all files in the folder.
    """
    from quantgate.components.fingerprint.work import fingerprint as work

    return work(artifact.path)
