"""The documents that travel between the tasks of a pipeline, as JSON.

Every model is known by the SHA-256 of its bytes: figures are joined to the file they were measured
on, never to a name or a position in a list.
"""

from typing import Literal

from quantgate.errors import InputError
from quantgate.records.base import Record
from quantgate.records.outcomes import VerdictOutcome


class TensorFacts(Record):
    """An input or output of a signature; -1 stands for a dimension that is not fixed."""

    shape: list[int]
    dtype: str


class Signature(Record):
    """Inputs and outputs by name, in the signature's order."""

    key: str
    inputs: dict[str, TensorFacts]
    outputs: dict[str, TensorFacts]


class ModelFacts(Record):
    """What `convert_baseline` found: the model card of the float model.

    `saved_model_sha256` covers every file of the SavedModel and its relative path;
    `baseline_sha256` the bytes of the float .tflite. `signatures` are those that were converted,
    in the spec's order; `tags` are of the graph in the SavedModel that has them. `unprepared` says
    why there is no model to calibrate. `frozen` is true if the converter lost the variables, and a
    copy with constants in their place was converted.
    """

    saved_model_sha256: str
    baseline_sha256: str
    size_bytes: int
    signatures: list[Signature]
    ops: dict[str, int]
    tensorflow: str
    tags: list[str] = ["serve"]
    unprepared: str | None = None
    frozen: bool = False

    @property
    def keys(self) -> list[str]:
        """The signatures' keys."""
        return [signature.key for signature in self.signatures]

    def title(self, signature: str, tensor: str) -> str:
        """What an input or output is called where all signatures are spoken of."""
        return tensor if len(self.signatures) == 1 else f"{signature}.{tensor}"

    def signature(self, key: str) -> Signature:
        """The signature of a key; raises InputError where it was not converted."""
        for signature in self.signatures:
            if signature.key == key:
                return signature
        listed = ", ".join(f"`{known}`" for known in self.keys)
        raise InputError(f"the model was converted with {listed}, and not with `{key}`")


class ArrayFacts(Record):
    """One array of a data set: its file, its shape with the samples first, its dtype, its range.

    Text is stored as NumPy's `str` of fixed width, whose range is 0 to 0.
    """

    file: str
    shape: list[int]
    dtype: str
    minimum: float
    maximum: float


class Manifest(Record):
    """`manifest.json` of a data set folder: what is in it and how it was chosen.

    `content_sha256` covers names, shapes, dtypes and values, labels included. `samples` of
    `available` were taken. `per_class` counts the labels where they are integers. `selections` has
    the rows that each variant of a calibration takes, "" being the one that `select` and `seed`
    describe; empty where there is no other. `synthetic` says that the values are random. `fields`
    are further arrays by key, for metrics: what slices go by, the truth of boxes. `classes` names
    the classes, by number, where the source does.
    """

    purpose: Literal["calibration", "evaluation"]
    source: str
    inputs: dict[str, ArrayFacts]
    label: ArrayFacts | None
    samples: int
    available: int
    select: str
    seed: int
    per_class: dict[str, int] | None
    content_sha256: str
    selections: dict[str, list[int]] = {}
    synthetic: bool = False
    fields: dict[str, ArrayFacts] = {}
    classes: list[str] = []


class Calibration(Record):
    """`calibration.json` of a calibrated model's folder.

    `way` is "once" where `calibrated.tflite` stands beside it, and "converter" where each
    integer mode has to calibrate anew in the public converter (see `reason`).
    A calibration that failed is data: every mode that needs it fails with `reason`.
    """

    status: Literal["calibrated", "failed"]
    way: Literal["once", "converter"]
    reason: str | None = None
    samples: int
    dataset_sha256: str
    tensorflow: str


class Collection(Record):
    """`collection.json` of a folder with the evidence on many candidates.

    `pieces` has the SHA-256 of each piece's content, by kind: "models", "attestations",
    "measurements" and "targets".
    """

    pieces: dict[str, list[str]]


class Slices(Record):
    """The slices of a metric: the key that they go by, and how many samples each has, by name."""

    key: str
    higher_is_better: bool
    samples: dict[str, int]


class Steps(Record):
    """How an evaluation in growing steps ended.

    The first `taken` of `available` samples, in random order, were run. `outcome` says whether the
    accuracy limits, which have so many rules as `limits`, were certain to be kept or missed by
    then; "undecided" where no step before the last one told. `reason` is a sentence.
    """

    taken: int
    available: int
    limits: int
    outcome: VerdictOutcome = VerdictOutcome.UNDECIDED
    reason: str = ""

    @property
    def stopped(self) -> bool:
        """Whether samples were left out."""
        return self.taken < self.available


class Measurement(Record):
    """`measurement.json`: the figures of one model on one data set.

    Beside it `samples.npz` holds, per figure, a float64 array [samples] whose mean is the figure
    (where that is no mean over samples, what the jackknife says each contributes), in the order of
    the data set. `metrics` are by the names of their figures. `slices` are by figure; in each the
    metric has a figure of its own, `top1[phone]`, and values of the samples in it.
    status "failed" means that the model did not run, or was not measured; `reasons` say why.
    `model_sha256` is None where the conversion left no model.
    `steps` are there where the evaluation might have stopped early. Where it did, `samples` are
    those that were run, and `covered.npy`, int64 [samples], beside `samples.npz` holds their places
    in the data set.
    """

    model_sha256: str | None
    status: Literal["measured", "failed"]
    reasons: list[str]
    figures: dict[str, float]
    metrics: dict[str, str] = {}
    slices: dict[str, Slices] = {}
    samples: int
    dataset_sha256: str
    litert: str
    steps: Steps | None = None


class Interval(Record):
    """A two-sided confidence interval."""

    confidence: float
    low: float
    high: float


class Conditions(Record):
    """The state of the machine that models were timed on.

    `governor` is "unknown" where the system does not tell, as in many virtual machines. `load` is
    the load average of the minute before. While the models were timed, other processes took the
    share `others` of all cores' time, and the hypervisor the share `stolen`; `preempted` of
    `invocations` were interrupted by another process.
    """

    governor: str
    cores: int
    load: float
    others: float
    stolen: float
    preempted: int
    invocations: int


class Benchmark(Record):
    """Latency, time to load and memory by the model's SHA-256.

    A model that could not be timed is in `failures`. `timings` are nanoseconds, one entry a round;
    null where a slow model sat the round out. `ratios` are intervals of the ratio to the baseline,
    by latency figure, where there were rounds enough to tell. `itself` is the interval of the ratio
    of the medians of the baseline and the baseline, loaded twice.
    """

    figures: dict[str, dict[str, float]]
    failures: dict[str, str]
    threads: int
    warmup: int
    runs: int
    processor: str
    litert: str
    budget_s: float | None = None
    timings: dict[str, list[int | None]] = {}
    ratios: dict[str, dict[str, Interval]] = {}
    itself: Interval | None = None
    conditions: Conditions | None = None
