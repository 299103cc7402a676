"""All kinds of warnings in a decision: the id and the meaning of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True)
class Warned:
    """A warning about a run.

    Attributes:
        id: the id of its kind.
        message: what was measured, and what to do about it.
    """

    id: str
    message: str


@dataclass(frozen=True)
class WarningKind:
    """A kind of warning.

    Attributes:
        id: its name in `gate.warnings`.
        meaning: one clause for the documentation.
        is_doubt: whether it makes a run doubtful, unless the spec says `gate.allow_doubtful`.
        about: the measurements that it is about.
    """

    id: str
    meaning: str
    is_doubt: bool = False
    about: Literal["all", "latency", "targets"] = "all"

    def says(self, message: str) -> Warned:
        """Return a warning of this kind."""
        return Warned(self.id, message)


RANDOM_DATA = WarningKind("random_data", "calibration or evaluation data is random")
FILES_NOT_READ = WarningKind("files_not_read", "files in a data folder were not read")
SINGLE_SHARD = WarningKind("single_shard", "the data source is one of several shards")
SEVERAL_SETS = WarningKind("several_sets", "a data folder has several sets of shards")
SHARED_SAMPLES = WarningKind(
    "shared_samples", "evaluation samples are in the calibration set or in `data.search` too"
)
REPEATED_SAMPLES = WarningKind(
    "repeated_samples", "samples of a calibration or evaluation set are repeated"
)
SHARED_GROUPS = WarningKind(
    "shared_groups",
    "groups of the evaluation data are in the calibration set or in `data.search` too",
)
FEW_GROUPS = WarningKind(
    "few_groups", "the evaluation data has too few groups for limits with a confidence"
)
FEWER_SAMPLES = WarningKind(
    "fewer_samples", "a data source has fewer samples than the spec asks for"
)
UNNORMALIZED = WarningKind(
    "unnormalized", "calibration and evaluation data look prepared in different ways"
)
UNCALIBRATED_RANGE = WarningKind(
    "uncalibrated_range", "evaluation data is far outside the calibrated range"
)
UNCALIBRATED_INPUT = WarningKind(
    "uncalibrated_input", "an integer or bool input has a single value in all calibration samples"
)
FEW_CALIBRATION_SAMPLES = WarningKind(
    "few_calibration_samples", "there are fewer than 100 calibration samples"
)
FEW_CALIBRATION_CLASSES = WarningKind(
    "few_calibration_classes",
    "the calibration set has less than half of the classes that random samples would have",
)
BASELINE_NOT_COMPARED = WarningKind(
    "baseline_not_compared", "TensorFlow could not run the source model to compare it"
)
BASELINE_GUESSES = WarningKind(
    "baseline_guesses",
    "the float model does not beat a guess, such as always predicting the most frequent class",
    is_doubt=True,
)
BASELINE_AT_ZERO = WarningKind(
    "baseline_at_zero", "a metric of the float model is 0", is_doubt=True
)
BASELINE_VIOLATES_LIMIT = WarningKind(
    "baseline_violates_limit", "the float model violates a limit on accuracy by itself"
)
IGNORED_ORIENTATION = WarningKind(
    "ignored_orientation", "images have an EXIF orientation, and the spec does not apply it"
)
DROPPED_ALPHA = WarningKind("dropped_alpha", "images have an alpha channel, which is dropped")
EMPTY_CLASS = WarningKind("empty_class", "a class has no images")
FEW_EVALUATION_SAMPLES = WarningKind(
    "few_evaluation_samples", "no candidate can be shown to meet a limit on so few samples"
)
COARSE_LIMIT = WarningKind("coarse_limit", "a single sample is more than a limit allows")
SMALL_SLICES = WarningKind("small_slices", "slices have fewer than 30 samples")
REFUSED_BY_XNNPACK = WarningKind(
    "refused_by_xnnpack",
    "models were timed on built-in kernels, as XNNPACK refuses them",
    about="latency",
)
DYNAMIC_TENSORS = WarningKind(
    "dynamic_tensors", "XNNPACK can compute models wrongly, as shapes are known only at run time"
)
NOISY_MACHINE = WarningKind(
    "noisy_machine",
    "latency was measured on a noisy machine",
    about="latency",
)
FEW_RUNS = WarningKind(
    "few_runs",
    "there are too few timed runs to show a limit on latency",
    about="latency",
)
SLOW_MODELS = WarningKind(
    "slow_models",
    "slow models were timed less often than others",
    about="latency",
)
TIED_LATENCIES = WarningKind(
    "tied_latencies",
    "candidates are indistinguishable by a latency that the choice uses",
    about="latency",
)
SLOWER_THAN_FLOAT = WarningKind(
    "slower_than_float",
    "candidates are slower than the float model",
    about="latency",
)
TARGET_UNAVAILABLE = WarningKind(
    "target_unavailable",
    "a compiler or device that a target needs is missing",
    about="targets",
)

#: All kinds by id.
WARNINGS: Mapping[str, WarningKind] = MappingProxyType(
    {
        kind.id: kind
        for kind in (
            BASELINE_GUESSES,
            BASELINE_AT_ZERO,
            BASELINE_VIOLATES_LIMIT,
            BASELINE_NOT_COMPARED,
            RANDOM_DATA,
            SHARED_SAMPLES,
            REPEATED_SAMPLES,
            SHARED_GROUPS,
            FEW_GROUPS,
            FEWER_SAMPLES,
            UNNORMALIZED,
            FEW_CALIBRATION_SAMPLES,
            FEW_CALIBRATION_CLASSES,
            UNCALIBRATED_RANGE,
            UNCALIBRATED_INPUT,
            FILES_NOT_READ,
            SINGLE_SHARD,
            SEVERAL_SETS,
            IGNORED_ORIENTATION,
            DROPPED_ALPHA,
            EMPTY_CLASS,
            FEW_EVALUATION_SAMPLES,
            COARSE_LIMIT,
            SMALL_SLICES,
            REFUSED_BY_XNNPACK,
            DYNAMIC_TENSORS,
            NOISY_MACHINE,
            FEW_RUNS,
            SLOW_MODELS,
            TIED_LATENCIES,
            SLOWER_THAN_FLOAT,
            TARGET_UNAVAILABLE,
        )
    }
)

#: The ids of the kinds that make a run doubtful by default.
DOUBTS = tuple(kind.id for kind in WARNINGS.values() if kind.is_doubt)
