"""A model's measurements on targets other than the CPU."""

from collections.abc import Sequence

from quantgate.domain.warnings import TARGET_UNAVAILABLE, Warned
from quantgate.records.base import Record


class TargetMeasurement(Record):
    """The measurements of one model by a target's own interpreter, compiler or documentation.

    `options` are the spec's, defaults spelled out. `tool` is the measuring tool with its version.
    `figures` lack what could not be measured, and `notes` give the reasons, a sentence each.
    `warnings` are about the machine that measured and not about the model. `elsewhere` counts the
    ops, by name, that the target leaves to the CPU. `ops` counts all ops of the model that runs in
    firmware, by name. `compiled` names the file beside this record that a compiler made for the
    target. `difference` is the largest one of an output from LiteRT's, if the target ran the model.
    `rejections` are sentences about outputs beyond `tolerance`.
    """

    target: str
    options: dict[str, str] = {}
    tool: str
    figures: dict[str, float]
    notes: list[str] = []
    warnings: list[str] = []
    elsewhere: dict[str, int] = {}
    ops: dict[str, int] = {}
    compiled: str | None = None
    tolerance: float | None = None
    difference: float | None = None
    rejections: list[str] = []


class TargetAccuracy(Record):
    """A metric of a model on a target's interpreter.

    `values` are those of the samples, as an evaluation has them. `rows` are the samples' places in
    the data set, or None for all.
    """

    metric: str
    figure: float
    values: list[float]
    rows: list[int] | None


class TargetMeasurements(Record):
    """The contents of `targets.json`: one model on all targets. Without a model, no hash.

    `accuracy` is by figure, such as `mcu_top1`.
    """

    model_sha256: str | None
    targets: list[TargetMeasurement]
    accuracy: dict[str, TargetAccuracy] = {}

    @property
    def compiled(self) -> list[str]:
        """The files beside this record that compilers made."""
        return [target.compiled for target in self.targets if target.compiled]


def found_on_targets(
    sha256: str | None, measured: Sequence[TargetMeasurements]
) -> list[TargetMeasurement]:
    """Return the measurements of a model, known by the hash of its bytes."""
    matching = (each.targets for each in measured if sha256 and each.model_sha256 == sha256)
    return next(matching, [])


def accuracy_on_targets(
    sha256: str | None, measured: Sequence[TargetMeasurements]
) -> dict[str, TargetAccuracy]:
    """Return the metrics of a model on targets, by figure."""
    matching = (each.accuracy for each in measured if sha256 and each.model_sha256 == sha256)
    return next(matching, {})


def warnings_of_targets(measured: Sequence[TargetMeasurements]) -> list[Warned]:
    """Return the warnings about the machines that measured, each once."""
    targets = (target for each in measured for target in each.targets)
    messages = dict.fromkeys(message for target in targets for message in target.warnings)
    return [TARGET_UNAVAILABLE.says(message) for message in messages]
