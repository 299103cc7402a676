"""The versions, hashes and data behind a decision."""

from typing import Literal

from pydantic import Field

from quantgate.records.base import Record
from quantgate.records.datasets import Groups
from quantgate.records.source import SourceComparison
from quantgate.records.tasks import Conditions, Interval


class DataSource(Record):
    """A data set behind the figures, and how its samples were chosen.

    `distinct` of the samples have different inputs. `groups` are there if the spec names a key of
    groups.
    """

    purpose: Literal["calibration", "evaluation", "search"]
    signature: str
    source: str
    samples: int
    available: int
    select: str
    seed: int
    synthetic: bool
    content_sha256: str
    distinct: int | None = None
    groups: Groups | None = None


class Timing(Record):
    """The settings and conditions of the latency benchmark.

    `itself` is the noise floor: the interval of the ratio of the baseline's median to its own,
    loaded and timed twice. Models that differ by no more are indistinguishable.
    """

    threads: int
    warmup: int
    runs: int
    itself: Interval | None
    conditions: Conditions | None


class Provenance(Record):
    """The versions, hashes and data behind the figures. Hashes are SHA-256 over content.

    `processor` is the one that latency was measured on, or else the gate's. `python`, `kfp`,
    `numpy` and `platform` are the gate's. `source_comparison` compares the baseline with the model
    that it was converted from. `sandbox_gaps` are sentences about what the kernel could not keep
    the model from when it was converted. `saved_model_sha256` is the hash of the source model,
    which may also be a Keras file or a .tflite. `tensorflow` is empty if no task used it, and
    `litert_quantizer` is None. `extras` are the extras of quantgate that the run needs, empty in
    decisions of older versions.
    """

    quantgate: str
    tensorflow: str
    litert: str
    litert_quantizer: str | None = None
    kfp: str | None = None
    numpy: str | None = None
    python: str | None = None
    platform: str | None = None
    processor: str
    spec_sha256: str
    code_sha256: str | None = None
    saved_model_sha256: str
    calibration_sha256: str | None
    calibration_samples: int | None = None
    evaluation_sha256: str
    evaluation_samples: int
    data: list[DataSource] = Field(default_factory=list)
    source_comparison: SourceComparison | None = None
    sandbox_gaps: list[str] = Field(default_factory=list)
    extras: list[str] = Field(default_factory=list)
