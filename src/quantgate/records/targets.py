"""A model's measurements on targets other than the CPU."""

from collections.abc import Sequence

from quantgate.records.base import Record


class TargetMeasurement(Record):
    """What a target's own interpreter, compiler or documentation says of one model.

    `options` are the spec's, defaults spelled out; `tool` is what measured, with its version.
    `figures` lack what could not be told, and `notes` say why, a sentence each; `warnings` are
    about the machine that measured, not about the model. `elsewhere` counts the ops, by name, that
    the target leaves to the CPU. `compiled` names the file beside this record that a compiler made
    for the target.
    """

    target: str
    options: dict[str, str] = {}
    tool: str
    figures: dict[str, float]
    notes: list[str] = []
    warnings: list[str] = []
    elsewhere: dict[str, int] = {}
    compiled: str | None = None


class TargetMeasurements(Record):
    """`targets.json`: one model on every target; `model_sha256` is None where there is no model."""

    model_sha256: str | None
    targets: list[TargetMeasurement]

    @property
    def compiled(self) -> list[str]:
        """The files beside this record that compilers made."""
        return [found.compiled for found in self.targets if found.compiled]


def found_on_targets(
    sha256: str | None, measured: Sequence[TargetMeasurements]
) -> list[TargetMeasurement]:
    """What was measured of a model, known by the hash of its bytes."""
    found = (each.targets for each in measured if sha256 and each.model_sha256 == sha256)
    return next(found, [])


def warnings_of_targets(measured: Sequence[TargetMeasurements]) -> list[str]:
    """What the machines that measured lack, each once."""
    found = (target for each in measured for target in each.targets)
    return list(dict.fromkeys(warning for target in found for warning in target.warnings))
