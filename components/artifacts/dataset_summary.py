"""Write and read the summary of a data set, which says what is in it without its arrays."""

from pathlib import Path
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import MANIFEST, SIGNATURE, folder_of
from quantgate.decision.sample_sets import SampleSet
from quantgate.errors import InputError
from quantgate.records.datasets import Manifest

DIGESTS = "samples.npy"
GROUPS = "groups.npy"


def write_summary(
    summary: Path,
    signature: str,
    manifest: Manifest,
    digests: NDArray[np.uint64],
    groups: NDArray[np.str_],
) -> None:
    """Write the summary of a data set: its manifest, and a digest of each sample.

    Args:
        summary: folder to write to.
        signature: key of the signature.
        manifest: the manifest of the signature's samples.
        digests: uint64 [samples].
        groups: the names of the groups, each once.
    """
    folder = folder_of(summary, signature)
    folder.mkdir(parents=True, exist_ok=True)
    manifest.write(folder / MANIFEST)
    np.save(folder / DIGESTS, digests)
    np.save(folder / GROUPS, groups)


def read_summary(summary: str | Path) -> dict[str, SampleSet]:
    """Read the summary of a data set, by signature.

    Raises:
        InputError: the folder is not the summary of a data set.
    """
    folders = sorted(Path(summary).glob(f"{SIGNATURE}*"))
    if not folders:
        raise InputError(f"{summary} is not the summary of a data set: it has no signatures")
    return {unquote(path.name.removeprefix(SIGNATURE)): _sample_set(path) for path in folders}


def _sample_set(folder: Path) -> SampleSet:
    manifest = Manifest.read(folder / MANIFEST)
    try:
        digests = np.load(folder / DIGESTS, allow_pickle=False)
        groups = np.load(folder / GROUPS, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} is not the summary of a data set: {error}") from error
    return SampleSet(manifest, digests, groups)
