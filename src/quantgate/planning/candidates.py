"""The candidates of a plan, with all options resolved, and why methods are tried or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quantgate.domain.method import Method
from quantgate.domain.recipe_rules import moments_for, needs_samples, rules_of
from quantgate.domain.recipes import MomentsForm, Recipe, Rule


@dataclass(frozen=True)
class CalibrationSettings:
    """The selection of samples that a candidate calibrates on.

    Attributes:
        samples: number of samples.
        select: how to select them.
        seed: seed of the selection.
    """

    samples: int
    select: str
    seed: int

    @property
    def key(self) -> str:
        """The key of the settings in data sets and calibrated models."""
        return f"{self.select}-{self.samples}-{self.seed}"


#: Calibration settings of each signature, in the spec's order.
Calibration = tuple[CalibrationSettings, ...]


def key_of(calibration: Calibration) -> str:
    """Return the key of a calibration in data sets and calibrated models."""
    return "+".join(dict.fromkeys(settings.key for settings in calibration))


@dataclass(frozen=True)
class PlannedCandidate:
    """A candidate with all options resolved.

    Attributes:
        name: its name, unique in the plan.
        mode: its quantization mode or recipe.
        input_type: dtype of the model's inputs.
        output_type: dtype of the model's outputs.
        options: options that differ from the mode's defaults, by name.
        calibration: the samples to calibrate on, empty if the mode needs none.
        recovers: the candidate that recovery is to improve, empty for a plain candidate.
        is_searched: whether the search chooses its rules.
    """

    name: str
    mode: Method
    input_type: str
    output_type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    calibration: Calibration = ()
    recovers: str = ""
    is_searched: bool = False

    @property
    def is_recipe(self) -> bool:
        """True if LiteRT Quantizer makes the candidate, and not the converter."""
        return isinstance(self.mode, Recipe)

    @property
    def calibrated(self) -> bool:
        """True if the candidate needs representative data."""
        if self.recovers:
            return True
        return needs_samples(self._rules) if self.is_recipe else self.mode.calibrated

    @property
    def moments(self) -> MomentsForm | None:
        """The second moments of layers' inputs that the candidate needs."""
        return moments_for(self._rules) if self.is_recipe else None

    @property
    def _rules(self) -> list[Rule]:
        return rules_of({"recipe": self.mode.name, **self.options})

    def as_parameter(self, variant: str = "") -> dict[str, Any]:
        """Return the pipeline's loop item. KFP does not compile a key called `name`.

        Args:
            variant: key of the candidate's calibration, empty for the default one.
        """
        return {
            "candidate": self.name,
            "recipe" if self.is_recipe else "mode": self.mode.name,
            "input_type": self.input_type,
            "output_type": self.output_type,
            **self.options,
            **({"calibration": variant} if variant else {}),
            **({"recovers": self.recovers} if self.recovers else {}),
            **({"searched": True} if self.is_searched else {}),
        }


@dataclass(frozen=True)
class ModePlan:
    """A mode or recipe in the plan.

    Attributes:
        mode: the mode or recipe.
        included: whether it is tried.
        reason: a sentence that says why.
    """

    mode: Method
    included: bool
    reason: str


@dataclass(frozen=True)
class Loop:
    """A loop of the pipeline.

    Attributes:
        items: one for each candidate.
        is_of_recipes: whether LiteRT Quantizer makes the candidates, and not the converter.
        is_recovered: whether the float model of the candidates is edited.
        is_searched: whether the search chooses the rules of the candidates.
    """

    items: list[dict[str, Any]]
    is_of_recipes: bool
    is_recovered: bool = False
    is_searched: bool = False
