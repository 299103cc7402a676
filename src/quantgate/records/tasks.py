"""The documents that travel between the tasks of a pipeline, as JSON.

Every model is known by the SHA-256 of its bytes. Figures are joined to the file they were measured
on, never to a name or a position in a list.
"""

from quantgate.errors import InputError
from quantgate.records.base import Record
from quantgate.records.guess import Guess
from quantgate.records.outcomes import MeasurementStatus, VerdictOutcome


class TensorFacts(Record):
    """An input or output of a signature. A dimension of -1 is not fixed."""

    shape: list[int]
    dtype: str


class Signature(Record):
    """Inputs and outputs by name, in the signature's order."""

    key: str
    inputs: dict[str, TensorFacts]
    outputs: dict[str, TensorFacts]


class ModelFacts(Record):
    """The model card of the float model, as `convert_baseline` or `read_tflite` writes it.

    `source_sha256` covers every file of the SavedModel and its relative path, or is the hash
    of the Keras or .tflite file. `baseline_sha256` covers the bytes of the float .tflite.
    `signatures` are those that the spec names, in its order. `tensorflow` is the version that
    converted the model, or empty if none did. `tags` are those of the graph in the SavedModel
    that has them. `unprepared` is the reason why there is no model to calibrate. `frozen` is true
    if the converter lost the variables, and a copy with constants in their place was converted.
    `one_sample` is true if free batch sizes were fixed at 1.
    `sandbox_gaps` are sentences about what the kernel could not keep the model from.
    """

    source_sha256: str
    baseline_sha256: str
    size_bytes: int
    signatures: list[Signature]
    ops: dict[str, int]
    tensorflow: str = ""
    tags: list[str] = ["serve"]
    unprepared: str | None = None
    frozen: bool = False
    one_sample: bool = False
    sandbox_gaps: list[str] = []

    @property
    def keys(self) -> list[str]:
        """The signatures' keys."""
        return [signature.key for signature in self.signatures]

    def title(self, signature: str, tensor: str) -> str:
        """Return the name of an input or output among those of all signatures."""
        return tensor if len(self.signatures) == 1 else f"{signature}.{tensor}"

    def signature(self, key: str) -> Signature:
        """Return the signature of a key.

        Raises:
            InputError: it was not converted.
        """
        for signature in self.signatures:
            if signature.key == key:
                return signature
        listed = ", ".join(f"`{known}`" for known in self.keys)
        raise InputError(f"the model was converted with {listed}, and not with `{key}`")


class Collection(Record):
    """The contents of `collection.json` in a folder with the evidence on many candidates.

    `pieces` has the SHA-256 of each piece's content, by kind: "models", "attestations",
    "measurements" and "targets".
    """

    pieces: dict[str, list[str]]


class Slices(Record):
    """The slices of a metric: their key, and the number of samples in each, by name."""

    key: str
    higher_is_better: bool
    samples: dict[str, int]


class Steps(Record):
    """The end of an evaluation in growing steps.

    The first `taken` of `available` samples, in random order, were run. `limits` is the number of
    rules in the accuracy limits, and `candidates` that of the planned candidates. `outcome` is
    "pass" or "fail" if the limits were certain to be met or violated by then. Otherwise it is
    "undecided". `reason` is a sentence.
    """

    taken: int
    available: int
    limits: int
    candidates: int = 1
    outcome: VerdictOutcome = VerdictOutcome.UNDECIDED
    reason: str = ""

    @property
    def stopped(self) -> bool:
        """True if samples were left out."""
        return self.taken < self.available


class Measurement(Record):
    """The contents of `measurement.json`: the figures of one model on one data set.

    `samples.npz` beside it holds an array [samples] for each figure, in the order of the data
    set. It is uint8 if all values are 0 or 1, and float64 otherwise. Its mean is the figure.
    For a figure that is not a mean over samples, it holds the contributions, whose spread is its
    uncertainty. For metrics over classes, `strata.npz` holds the class of each sample.
    `metrics` are by the names of their figures. `ranges` of values per sample are by figure, as far
    as the spec has them. `slices` are by figure. In each slice the metric has a figure of its own,
    `top1[phone]`, and values of the samples in it. `signatures` are by figure if the model has
    several. `reasons` say why the status is "failed". `model_sha256` is None if the conversion left
    no model. `steps` are there if the evaluation might have stopped early. If it did, `samples` are
    those that were run, and `covered.npy`, int64 [samples], holds their places in the data set. The
    baseline has `units.npz` too, if samples of the data set have equal inputs or groups. It holds
    the number of each sample's distinct sample and group, by figure. `provisional` is true if time
    or memory ran out. For the baseline, `guesses` has the figures of models that ignore their
    inputs, as far as they are known. `refusal` is XNNPACK's reason for refusing the model. It was
    then measured on LiteRT's built-in kernels.
    """

    model_sha256: str | None
    status: MeasurementStatus
    reasons: list[str]
    figures: dict[str, float]
    metrics: dict[str, str] = {}
    slices: dict[str, Slices] = {}
    signatures: dict[str, str] = {}
    samples: int
    dataset_sha256: str
    litert: str
    steps: Steps | None = None
    provisional: bool = False
    guesses: dict[str, Guess] = {}
    ranges: dict[str, tuple[float, float]] = {}
    refusal: str | None = None


class Interval(Record):
    """A two-sided confidence interval."""

    confidence: float
    low: float
    high: float


class Conditions(Record):
    """The state of the machine that models were timed on.

    `governor` is "unknown" if the system does not tell, as in many virtual machines. `load` is the
    load average of the minute before. While the models were timed, other processes took the share
    `others` of all cores' time, and the hypervisor the share `stolen`. `preempted` of `invocations`
    were interrupted by another process.
    """

    governor: str
    cores: int
    load: float
    others: float
    stolen: float
    preempted: int
    invocations: int


class Benchmark(Record):
    """The latency, loading time and memory of models, by the SHA-256 of each.

    A model that could not be timed is in `failures`. `timings` are nanoseconds, one entry a round,
    or null if a slow model sat the round out. `ratios` are intervals of the ratio to the baseline,
    by latency figure, if there were enough rounds. `itself` is the noise floor: the interval of the
    ratio of the baseline's median to its own, loaded and timed twice. `refusals` are the models
    that XNNPACK refuses, with its reason. They were timed on LiteRT's built-in kernels.
    `provisional` is true if time or memory ran out.
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
    refusals: dict[str, str] = {}
    provisional: bool = False
