"""Arguments of the verbs that make something for a cluster, or talk to one."""

import argparse
import re
from collections.abc import Sequence
from typing import Any

from quantgate.commands.common.cluster_images import KINDS, released
from quantgate.errors import UsageError
from quantgate.spec.model.cluster import Cluster, Images
from quantgate.spec.model.locations import KUBEFLOW_SCHEMES, is_pipeline_root
from quantgate.spec.model.spec import Spec

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def add_placement(parser: argparse.ArgumentParser) -> None:
    """Add what stands for settings in the spec's `cluster`."""
    group = parser.add_argument_group("on the cluster", "These go before the spec's `cluster`.")
    group.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="[KIND=]IMAGE",
        help="the image that tasks run in: of the kind `convert` (with TensorFlow), `runtime` "
        "(without), or both; repeatable",
    )
    group.add_argument(
        "--image-digest",
        action="append",
        default=[],
        metavar="[KIND=]DIGEST",
        help="pin the image by its digest, sha256:..; repeatable",
    )
    group.add_argument(
        "--pipeline-root",
        metavar="URI",
        help="where results go below (default: what the cluster is set to)",
    )


def placed(spec: Spec, options: argparse.Namespace) -> Spec:
    """Return the spec with the images and the root that the command line names.

    Raises:
        UsageError: a kind or a digest is none.
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
        UsageError: Kubeflow could not write there.
    """
    if not is_pipeline_root(uri):
        known = ", ".join(f"{scheme}://BUCKET" for scheme in KUBEFLOW_SCHEMES)
        raise UsageError(f"--pipeline-root {uri}: Kubeflow writes to {known}; name such a URI")
    return uri


def _by_kind(given: Sequence[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in given:
        kind, separator, value = entry.rpartition("=")
        if separator and kind not in KINDS:
            raise UsageError(f"{option} {entry}: `{kind}` is no kind; write convert= or runtime=")
        found |= dict.fromkeys([kind] if separator else KINDS, value)
    return found
