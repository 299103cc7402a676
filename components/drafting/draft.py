"""From a model and data to the contents of a spec."""

from dataclasses import dataclass
from pathlib import Path

from quantgate.components.drafting.guesses import Guess, guess
from quantgate.components.drafting.material import Material, material_at
from quantgate.components.drafting.subject import SERVING, Subject, subject_of
from quantgate.domain.figures import TOP1
from quantgate.records.tasks import Signature

_UNKNOWN = Signature(key=SERVING, inputs={}, outputs={})


@dataclass(frozen=True)
class Wishes:
    """The parts of a spec that a user names.

    Attributes:
        name: of the spec.
        target: the hardware of `quantize.target`.
        label: key of the labels, or None for a guess.
        metric: name of the metric, or None for a guess.
    """

    name: str
    target: str
    label: str | None = None
    metric: str | None = None


@dataclass(frozen=True)
class Draft:
    """The contents of a drafted spec.

    Attributes:
        folder: absolute path of the folder that the spec is written to.
        wishes: the parts that the user names.
        subject: the model.
        material: the data.
        guess: the guesses about both.
    """

    folder: Path
    wishes: Wishes
    subject: Subject
    material: Material
    guess: Guess


def drafted(folder: Path, model: Path | None, data: Path | None, wishes: Wishes) -> Draft:
    """Return a draft. What is not given has the usual names, to be replaced.

    Args:
        folder: absolute path of the folder that the spec is written to.
        model: path of the model, if there is one.
        data: path of the data, if there is any.
        wishes: the parts that the user names.

    Raises:
        UsageError: model or data do not exist, or are of an unknown kind.
        InputError: a file is damaged.
    """
    subject = subject_of(model) if model else Subject("saved_model", folder / "saved_model", {})
    signatures = list(subject.signatures.values()) or [_UNKNOWN]
    if data:
        material = material_at(data)
        guessed = guess(signatures, material, wishes.label, wishes.metric)
    else:
        material = Material(folder / "calibration.npz", folder / "evaluation.npz", "npz")
        label, metric = wishes.label or "labels", wishes.metric or TOP1.name
        guessed = Guess(signatures[0], label, metric=metric)
    return Draft(folder, wishes, subject, material, guessed)
