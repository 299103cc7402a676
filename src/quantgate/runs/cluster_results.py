"""What a run on a cluster wrote, found in the storage that it wrote to.

KFP's API does not return the URIs of artifacts. Its driver puts them below
`ROOT/PIPELINE/RUN/TASK/..`, and that folder can be listed.
"""

from dataclasses import dataclass
from pathlib import Path

from quantgate.errors import ClusterError, StorageError
from quantgate.foundation.storage.access import storage_of
from quantgate.foundation.storage.remote import Listing
from quantgate.records.decision import Decision
from quantgate.spec.model.locations import is_pipeline_root

_NO_PIPELINE = (
    "the cluster does not have the run's pipeline any more, whose name is a part of the URI of its "
    "results; look for them below the pipeline root"
)
_NO_ROOT = (
    "the run was started without a pipeline root, so its results went below the cluster's own "
    "(`defaultPipelineRoot` in the ConfigMap `kfp-launcher`, or minio://mlpipeline/v2/artifacts); "
    "name it with --pipeline-root"
)


@dataclass(frozen=True)
class Found:
    """A decision, and where what belongs to it lies, as URIs."""

    decision: Decision
    winner: str
    report: str
    page: str


def results_folder(root: str | None, pipeline: str, run_id: str) -> str:
    """Return the URI below which a run on a cluster writes, as KFP's driver joins it.

    A query of the root, such as `?region=eu-west-1`, is for the store and part of no artifact's
    URI.

    Raises:
        ClusterError: the root or the pipeline is not known.
    """
    if not root or not is_pipeline_root(root):
        raise ClusterError(_NO_ROOT)
    if not pipeline:
        raise ClusterError(_NO_PIPELINE)
    return f"{root.partition('?')[0].rstrip('/')}/{pipeline}/{run_id}"


def find_decision(results: str, folder: Path) -> Found:
    """Fetch the decision of a run.

    Args:
        results: URI of the folder with all that the run wrote.
        folder: takes the file.

    Raises:
        ClusterError: it cannot be read here; the error says where it lies.
    """
    storage = storage_of(results)
    try:
        listing = storage.listing(results)
        gate = _gate_of(listing)
        chosen = [file for file in listing.files if file.name == f"{gate}/decision"]
        storage.fetch(results, chosen, folder)
    except StorageError as error:
        raise ClusterError(f"{error}; the results lie below {results}") from None
    places = {name: f"{results}/{gate}/{name}" for name in ("winner", "report", "page")}
    return Found(Decision.read(folder / f"{gate}/decision"), **places)


def _gate_of(listing: Listing) -> str:
    """Return the folder, below the listing's, that the gate wrote to."""
    for file in listing.files:
        folder, _, name = file.name.rpartition("/")
        if name == "decision" and folder.partition("/")[0].lower() == "gate":
            return folder
    raise ClusterError(f"there is no decision below {listing.uri}")
