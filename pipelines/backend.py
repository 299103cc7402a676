"""The oldest backend of Kubeflow Pipelines that runs quantgate's pipelines."""

import re

from quantgate.errors import ClusterError
from quantgate.pipelines.api_errors import explained
from quantgate.pipelines.connection import ImpatientClient

#: The releases before it, 2.5 and older, find no output of a task that has a display name.
OLDEST_BACKEND = (2, 14)

_RELEASE = re.compile(r"v?(\d+)\.(\d+)(\.\d+)?([-+.].*)?")


def oldest_backend() -> str:
    """Return the oldest version as text."""
    return ".".join(map(str, OLDEST_BACKEND))


def check_backend(client: ImpatientClient) -> str | None:
    """Refuse a backend that is too old; return a note where its version is not known.

    Raises:
        ClusterError: it is too old, cannot be reached, or does not answer as KFP's API does.
    """
    with explained(client.address):
        version = client.version
    release = _RELEASE.fullmatch(version)
    if release is None:
        return (
            f"{client.address} does not tell which release it is ({version or 'no version'}); "
            f"quantgate needs Kubeflow Pipelines {oldest_backend()} or newer"
        )
    if (int(release[1]), int(release[2])) < OLDEST_BACKEND:
        raise ClusterError(
            f"{client.address} is Kubeflow Pipelines {version}, and quantgate needs "
            f"{oldest_backend()} or newer: upgrade the backend, or name another one with --host; "
            "nothing was sent"
        )
    return None
