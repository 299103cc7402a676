"""Records of the inputs of `build_dataset`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantgate.components.user_code import UserCode


@dataclass(frozen=True)
class Source:
    """A source of samples.

    Attributes:
        location: path of a file or folder, `module:function`, or "random".
        options: JSON of the other keys of the spec's `DataSource`: `format`, `images`, ...
        code: the file with the functions of the source and of metrics, if there is one.
        listing: the source's files, of which only some are fetched, or None. Its URI takes the
            place of the location.
    """

    location: str
    options: str = "{}"
    code: UserCode | None = None
    listing: str | None = None


@dataclass(frozen=True)
class Requirements:
    """The properties that the data set must have.

    Attributes:
        signature: key of the signature that the samples are for.
        purpose: "calibration", "evaluation" or "search". Calibration needs labels only for a
            stratified selection.
        label: key of the labels, or None.
        fields: JSON of the further arrays that metrics need. Each key has the values that must
            occur in its array. A calibration set has no such arrays.
        metrics: items of the spec's `measure.metrics`. They must fit the model's outputs and the
            data set.
        group: key of the groups, for images a pattern of their paths, or None. Calibration data
            need not have it.
    """

    signature: str
    purpose: str
    label: str | None = None
    fields: str = "{}"
    metrics: Sequence[Mapping[str, object]] = ()
    group: str | None = None


@dataclass(frozen=True)
class Selection:
    """The samples to select from the source.

    Attributes:
        samples: their number, or None for all.
        select: "first", "random" or "stratified".
        seed: of a random selection.
        variants: JSON list of further selections, each with `key`, `samples`, `select` and `seed`.
        default_samples: the number that is a default. A source may have fewer without a warning.
    """

    samples: int | None = None
    select: str = "first"
    seed: int = 0
    variants: str = "[]"
    default_samples: int = 0


@dataclass(frozen=True)
class Paths:
    """The files and folders to read and write.

    Attributes:
        facts: `ModelFacts` of the model that the data is for.
        dataset: folder to write. The signature's folder in it has one .npy per array and
            `manifest.json`.
        summary: folder to write. The signature's folder in it has the manifest and the digest of
            each sample.
        others: data set of other signatures, which is copied to `dataset`.
        others_summary: summary of other signatures, which is copied to `summary`.
    """

    facts: str
    dataset: str
    summary: str
    others: str | None = None
    others_summary: str | None = None
