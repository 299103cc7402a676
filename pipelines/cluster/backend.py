"""The oldest releases of Kubeflow Pipelines that quantgate and its options need."""

import re
from dataclasses import dataclass

from quantgate.errors import ClusterError
from quantgate.pipelines.cluster.api_errors import explained
from quantgate.pipelines.cluster.connection import ImpatientClient

_RELEASE = re.compile(r"v?(\d+)\.(\d+)(\.\d+)?([-+.].*)?")


@dataclass(frozen=True)
class Requirement:
    """A feature that needs a release of the backend.

    Attributes:
        who: the feature.
        release: major and minor number of the oldest release.
        way_out: what to do if the backend is older.
    """

    who: str
    release: tuple[int, int]
    way_out: str

    @property
    def oldest(self) -> str:
        """The release as text."""
        return ".".join(map(str, self.release))


#: Older releases, up to 2.5, do not find outputs of tasks with display names.
PIPELINES = Requirement(
    "quantgate", (2, 14), "upgrade the backend, or name another one with --host"
)
#: Older releases do not know `plugins_input`.
PLUGINS = Requirement(
    "--plugin", (2, 17), "upgrade the backend, name another one with --host, or leave out --plugin"
)


def check_backend(client: ImpatientClient, requirement: Requirement = PIPELINES) -> str | None:
    """Refuse a backend that is too old. Return a note if its version is unknown.

    Raises:
        ClusterError: it is too old, cannot be reached, or does not answer like KFP's API.
    """
    with explained(client.address):
        version = client.version
    release = _RELEASE.fullmatch(version)
    if release is None:
        return (
            f"{client.address} does not report its release ({version or 'no version'}), and "
            f"{requirement.who} needs Kubeflow Pipelines {requirement.oldest} or newer"
        )
    if (int(release[1]), int(release[2])) < requirement.release:
        raise ClusterError(
            f"{client.address} is Kubeflow Pipelines {version}, and {requirement.who} needs "
            f"{requirement.oldest} or newer: {requirement.way_out}. Nothing was sent"
        )
    return None
