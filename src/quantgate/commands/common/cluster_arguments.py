"""Arguments that override the spec's `cluster`."""

import argparse
import re
from collections.abc import Sequence
from typing import Any

from quantgate.commands.common.cluster_images import KINDS, released
from quantgate.errors import UsageError
from quantgate.foundation.credentials import refuse_credentials
from quantgate.spec.model.cluster import Cluster, Images
from quantgate.spec.model.locations import KUBEFLOW_SCHEMES, is_pipeline_root
from quantgate.spec.model.spec import Spec

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def add_placement(parser: argparse.ArgumentParser) -> None:
    """Add the options that override settings in the spec's `cluster`."""
    group = parser.add_argument_group("on the cluster", "These override the spec's `cluster`.")
    group.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="[KIND=]IMAGE",
        help="the image of tasks that need TensorFlow (convert=), of the others (runtime=), or of "
        "all tasks (repeatable)",
    )
    group.add_argument(
        "--image-digest",
        action="append",
        default=[],
        metavar="[KIND=]DIGEST",
        help="digest to pin the image to, as sha256:... (repeatable)",
    )
    group.add_argument(
        "--pipeline-root",
        metavar="URI",
        help="URI to write results below (default: the cluster's own pipeline root)",
    )


def with_placement(spec: Spec, options: argparse.Namespace) -> Spec:
    """Return the spec with the images and the pipeline root of the command line.

    Raises:
        UsageError: an image kind, a digest or the pipeline root is invalid.
    """
    cluster = spec.cluster or Cluster()
    named = {**cluster.images.model_dump(), **_by_kind(options.image, "--image")}
    for kind, digest in _by_kind(options.image_digest, "--image-digest").items():
        if not _DIGEST.fullmatch(digest):
            raise UsageError(f"--image-digest {digest}: a digest is `sha256:` and 64 hex digits")
        named[kind] = f"{named.get(kind) or released(kind)}@{digest}"
    update: dict[str, Any] = {"images": Images(**named)} if named else {}
    if options.pipeline_root:
        update["pipeline_root"] = checked_root(options.pipeline_root)
    if not update:
        return spec
    return spec.model_copy(update={"cluster": cluster.model_copy(update=update)})


def checked_root(uri: str) -> str:
    """Return the value of --pipeline-root.

    Raises:
        UsageError: Kubeflow cannot write to such a URI, or it has credentials in it.
    """
    refuse_credentials(uri)
    if not is_pipeline_root(uri):
        known = ", ".join(f"{scheme}://BUCKET" for scheme in KUBEFLOW_SCHEMES)
        raise UsageError(f"--pipeline-root {uri}: Kubeflow writes to {known}. Give such a URI")
    return uri


def _by_kind(arguments: Sequence[str], option: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for argument in arguments:
        kind, separator, value = argument.rpartition("=")
        if separator and kind not in KINDS:
            raise UsageError(
                f"{option} {argument}: unknown kind `{kind}`. Write convert= or runtime="
            )
        values |= dict.fromkeys([kind] if separator else KINDS, value)
    return values
