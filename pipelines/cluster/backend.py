"""The oldest backends of Kubeflow Pipelines that do what is asked of them."""

import re
from dataclasses import dataclass

from quantgate.errors import ClusterError
from quantgate.pipelines.cluster.api_errors import explained
from quantgate.pipelines.cluster.connection import ImpatientClient

_RELEASE = re.compile(r"v?(\d+)\.(\d+)(\.\d+)?([-+.].*)?")


@dataclass(frozen=True)
class Requirement:
    """What needs a backend of some release, and the way out where there is none."""

    who: str
    release: tuple[int, int]
    way_out: str

    @property
    def oldest(self) -> str:
        """The release as text."""
        return ".".join(map(str, self.release))


#: The releases before it, 2.5 and older, find no output of a task that has a display name.
PIPELINES = Requirement(
    "quantgate", (2, 14), "upgrade the backend, or name another one with --host"
)
#: Releases before it do not know `plugins_input`.
PLUGINS = Requirement(
    "--plugin", (2, 17), "upgrade the backend, name another one with --host, or leave out --plugin"
)


def check_backend(client: ImpatientClient, requirement: Requirement = PIPELINES) -> str | None:
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
            f"{requirement.who} needs Kubeflow Pipelines {requirement.oldest} or newer"
        )
    if (int(release[1]), int(release[2])) < requirement.release:
        raise ClusterError(
            f"{client.address} is Kubeflow Pipelines {version}, and {requirement.who} needs "
            f"{requirement.oldest} or newer: {requirement.way_out}; nothing was sent"
        )
    return None
