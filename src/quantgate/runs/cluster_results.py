"""Results of a run on a cluster, read from its storage.

KFP's API does not return the URIs of artifacts. Its driver writes them below
`ROOT/PIPELINE/RUN/TASK/...`, so that folder is listed.
"""

from dataclasses import dataclass
from pathlib import Path

from quantgate.errors import ClusterError, StorageError
from quantgate.foundation.storage.access import storage_of
from quantgate.foundation.storage.remote import Listing
from quantgate.records.decision import Decision
from quantgate.spec.model.locations import is_pipeline_root

_NO_PIPELINE = (
    "the run's pipeline was deleted from the cluster, and its name is a part of the URI of the "
    "results. Look for them below the pipeline root"
)
_NO_ROOT = (
    "the run was started without a pipeline root, so its results are below the cluster's own "
    "(`defaultPipelineRoot` in the ConfigMap `kfp-launcher`, or minio://mlpipeline/v2/artifacts). "
    "Pass it as --pipeline-root"
)


@dataclass(frozen=True)
class ClusterResults:
    """The decision of a run on a cluster.

    Attributes:
        decision: the decision.
        winner: URI of the promoted model.
        report: URI of the report as Markdown.
        page: URI of the report as HTML.
    """

    decision: Decision
    winner: str
    report: str
    page: str


def results_folder(root: str | None, pipeline: str, run_id: str) -> str:
    """Return the URI that a run on a cluster writes below, as KFP's driver builds it.

    The root may have a query for the object store, such as `?region=eu-west-1`. It is not part of
    the artifacts' URIs.

    Raises:
        ClusterError: the root or the pipeline is unknown.
    """
    if not root or not is_pipeline_root(root):
        raise ClusterError(_NO_ROOT)
    if not pipeline:
        raise ClusterError(_NO_PIPELINE)
    return f"{root.partition('?')[0].rstrip('/')}/{pipeline}/{run_id}"


def fetch_results(uri: str, folder: Path) -> ClusterResults:
    """Fetch the decision of a run.

    Args:
        uri: URI of the run's results.
        folder: local folder to download the decision to.

    Raises:
        ClusterError: the decision cannot be read. The message has the URI of the results.
    """
    storage = storage_of(uri)
    try:
        listing = storage.listing(uri)
        gate = _gate_of(listing)
        decisions = [file for file in listing.files if file.name == f"{gate}/decision"]
        storage.fetch(uri, decisions, folder)
    except StorageError as error:
        raise ClusterError(f"{error}. The results are below {uri}") from None
    uris = {name: f"{uri}/{gate}/{name}" for name in ("winner", "report", "page")}
    return ClusterResults(Decision.read(folder / f"{gate}/decision"), **uris)


def _gate_of(listing: Listing) -> str:
    """Return the gate's output folder, relative to the listing."""
    for file in listing.files:
        folder, _, name = file.name.rpartition("/")
        if name == "decision" and folder.partition("/")[0].lower() == "gate":
            return folder
    raise ClusterError(f"there is no decision below {listing.uri}")
