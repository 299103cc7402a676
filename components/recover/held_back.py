"""The comparison of models with the float model, on the calibration samples held back."""

from collections.abc import Iterator
from functools import cached_property

from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.state import is_stateful
from quantgate.components.processes.progress import counted
from quantgate.components.recover.agreement import Agreement
from quantgate.components.recover.judging import Score
from quantgate.components.recover.running import Values, runners_of, samples_of
from quantgate.components.recover.subject import Samples
from quantgate.domain.recovery import HELD_BACK_OF
from quantgate.records.calibration import Ranges
from quantgate.records.outcomes import CalibrationStatus
from quantgate.records.tasks import ModelFacts

#: Bytes of outputs of the float model that are kept. Otherwise it runs again for each comparison.
_MOST_BYTES = 256 << 20
_Outputs = dict[str, Values]


def obstacle_to(
    activity: str, content: bytes, ranges: Ranges | None, samples: Samples
) -> str | None:
    """Return why a model cannot be compared with the float model, or None.

    Args:
        activity: the name of the work, such as "recovery".
        content: of the float model.
        ranges: of its tensors, if they are needed.
        samples: the calibration samples.
    """
    if ranges is not None and ranges.status == CalibrationStatus.FAILED:
        return ranges.reason
    if not samples.scored and not all(map(len, samples.held_back.values())):
        return (
            f"{activity} holds back one of {HELD_BACK_OF} calibration samples, and there are only "
            f"{samples.count}. Add samples to `data.calibration`"
        )
    if is_stateful(parse(content)):
        return (
            f"{activity} compares single samples, and the model keeps a state from one sample to "
            "the next"
        )
    return None


class HeldBack:
    """The float model's outputs on the samples held back.

    Attributes:
        runs: the samples that were run so far, by the float model or others.
    """

    def __init__(self, content: bytes, facts: ModelFacts, samples: Samples) -> None:
        """Start without any run.

        Args:
            content: of the normalized float model.
            facts: of the model.
            samples: the calibration samples.
        """
        self._content = content
        self._facts = facts
        self._samples = samples
        self.runs = 0

    def agreement(self, model: bytes) -> float:
        """Return the agreement of a model's outputs with the float model's, in decibels."""
        agreement = Agreement()
        for expected, actual in self._pairs(model):
            agreement.add(expected, actual)
        return agreement.db

    def score(self, model: bytes) -> Score:
        """Return the agreement as a score."""
        return Score(self.agreement(model))

    def bound(self, given_up: float, most_precise: Score, smallest: Score) -> float:
        """Return the decibels of a model that gives up a part of those between two others."""
        return most_precise.db - given_up * (most_precise.db - smallest.db)

    def largest_difference(self, model: bytes) -> float:
        """Return the largest difference of an output, as a part of the largest output."""
        largest: dict[str, float] = {}
        differences: dict[str, float] = {}
        for expected, actual in self._pairs(model):
            for name, values in expected.items():
                largest[name] = max(largest.get(name, 0.0), float(abs(values).max(initial=0)))
                difference = float(abs(values - actual[name]).max(initial=0))
                differences[name] = max(differences.get(name, 0.0), difference)
        return max(differences[name] / (largest[name] or 1.0) for name in differences)

    def _pairs(self, model: bytes) -> Iterator[tuple[_Outputs, _Outputs]]:
        """Yield the outputs of the float model and of another one for each sample."""
        kept = self._kept
        reference = kept if kept is not None else self._outputs(self._content)
        return zip(reference, self._outputs(model), strict=True)

    @cached_property
    def _kept(self) -> list[_Outputs] | None:
        """The float model's outputs, or None if they are too large to keep."""
        kept, size = [], 0
        for outputs in self._outputs(self._content):
            kept.append(outputs)
            size += sum(values.nbytes for values in outputs.values())
            if size > _MOST_BYTES:
                return None
        return kept

    def _outputs(self, model: bytes) -> Iterator[_Outputs]:
        runners, facts = runners_of(model, self._facts), self._facts
        rows = self._samples.compared
        for key, sample in counted(samples_of(facts, self._samples.dataset, rows)):
            self.runs += 1
            outputs = runners[key].run(dict(sample))
            yield {facts.title(key, name): values for name, values in outputs.items()}
