"""The data sets of a decision, without their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quantgate.records.tasks import Manifest


@dataclass(frozen=True)
class SampleSet:
    """A data set without its values.

    Attributes:
        manifest: what is in it and how it was chosen.
        digests: one digest for the inputs of each sample. Equal samples have equal digests.
    """

    manifest: Manifest
    digests: Sequence[bytes]

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The number of each sample's group, from 0, int64 [samples]. Equal samples share one."""
        numbers: dict[bytes, int] = {}
        ordered = [numbers.setdefault(digest, len(numbers)) for digest in self.digests]
        return np.array(ordered, dtype=np.int64)


#: Data sets by signature.
SampleSets = Mapping[str, SampleSet]


def random_purposes(*groups: SampleSets) -> list[str]:
    """Return the kinds of data that are random: "calibration", "evaluation"."""
    purposes = [
        samples.manifest.purpose
        for group in groups
        for samples in group.values()
        if samples.manifest.synthetic
    ]
    return list(dict.fromkeys(purposes))
