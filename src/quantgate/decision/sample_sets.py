"""The data sets of a decision, without their values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quantgate.records.datasets import Manifest


@dataclass(frozen=True)
class SampleSet:
    """A data set without its values.

    Attributes:
        manifest: what is in it and how it was chosen.
        digests: uint64 [samples], a digest of each sample's inputs. Equal samples have equal ones.
        groups: the names of the groups that they belong to, if the spec names a key of groups.
    """

    manifest: Manifest
    digests: NDArray[np.uint64]
    groups: NDArray[np.str_] = field(default_factory=lambda: np.array([], np.str_))


#: Data sets by signature.
SampleSets = Mapping[str, SampleSet]


def random_purposes(*groups: SampleSets) -> list[str]:
    """Return the kinds of data that are random: "calibration", "evaluation", "search"."""
    purposes = [
        samples.manifest.purpose
        for group in groups
        for samples in group.values()
        if samples.manifest.synthetic
    ]
    return list(dict.fromkeys(purposes))
