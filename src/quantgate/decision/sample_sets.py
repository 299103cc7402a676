"""The samples that a decision rests on: random or real, and calibration against evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantgate.records.tasks import Manifest


@dataclass(frozen=True)
class SampleSet:
    """A data set without its values.

    Attributes:
        manifest: what is in it and how it was chosen.
        digests: one for the inputs of each sample; equal samples have equal ones.
    """

    manifest: Manifest
    digests: Sequence[bytes]


#: By signature.
SampleSets = Mapping[str, SampleSet]


def random_purposes(*groups: SampleSets) -> list[str]:
    """Which data is random: "calibration", "evaluation"."""
    purposes = [
        samples.manifest.purpose
        for group in groups
        for samples in group.values()
        if samples.manifest.synthetic
    ]
    return list(dict.fromkeys(purposes))
