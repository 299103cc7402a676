"""The comparison of models with the float model, on the calibration samples held back."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from quantgate.components.litert.flatbuffer import Content, op_name, parse, text
from quantgate.components.litert.state import is_stateful
from quantgate.components.processes.progress import counted
from quantgate.components.recover.agreement import Agreement
from quantgate.components.recover.judging import Score
from quantgate.components.recover.running import Values, runners_of, samples_of
from quantgate.components.recover.subject import Samples
from quantgate.domain.recovery import HELD_BACK_OF
from quantgate.domain.search import Slot
from quantgate.records.calibration import Ranges
from quantgate.records.outcomes import CalibrationStatus
from quantgate.records.tasks import ModelFacts

#: Samples of each signature that a model is run on first. Most edits that lose are known by them.
FIRST_SAMPLES = 16
_FIRST, _OTHERS = 0, 1
#: Bytes of outputs of the float model that are kept. Otherwise it runs again for each comparison.
_MOST_BYTES = 256 << 20
_Outputs = Mapping[str, Values]


class _Run(NamedTuple):
    """The results for one sample.

    Attributes:
        outputs: by title.
        inner: the input of the SOFTMAX that makes an output, by the title of the output.
    """

    outputs: _Outputs
    inner: _Outputs

    def judged(self, inner: Collection[str]) -> _Outputs:
        """Return the outputs. Some are replaced by the input of their SOFTMAX, minus its mean."""
        return {
            title: _centered(self.inner[title]) if title in inner else values
            for title, values in self.outputs.items()
        }


def _centered(values: Values) -> Values:
    """Return values without a part that all classes share, which a SOFTMAX leaves out."""
    return np.asarray(values - values.mean(axis=-1, keepdims=True))


def obstacle_to(
    activity: str, content: Content, ranges: Ranges | None, samples: Samples
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

    def __init__(self, content: Content, facts: ModelFacts, samples: Samples) -> None:
        """Start without any run.

        Args:
            content: of the normalized float model.
            facts: of the model.
            samples: the calibration samples.
        """
        self._facts = facts
        self._dataset = samples.dataset
        self._content = content
        self._rows = (
            {key: rows[:FIRST_SAMPLES] for key, rows in samples.compared.items()},
            {key: rows[FIRST_SAMPLES:] for key, rows in samples.compared.items()},
        )
        self._before_softmax = _before_softmax(content, facts)
        self._kept: dict[int, list[_Run] | None] = {}
        self.runs = 0

    def agreement(self, model: bytes) -> float:
        """Return the agreement of a model's outputs with the float model's, in decibels."""
        return self.score(model).db

    def score(self, model: bytes, least: float = -math.inf) -> Score:
        """Return the agreement as a score.

        Args:
            model: the model.
            least: the agreement on the first samples below which no others are run.
        """
        agreement = Agreement()
        self._add_to(agreement, model, _FIRST)
        first = agreement.db
        if first < least and any(self._rows[_OTHERS].values()):
            return Score(first, None, first, is_whole=False)
        self._add_to(agreement, model, _OTHERS)
        return Score(agreement.db, None, first)

    def suits(self, slot: Slot, score: Score, most_precise: Score, smallest: Score) -> bool:
        """Return whether a model gives up few of the decibels between two others."""
        return score.db >= most_precise.db - slot.given_up * (most_precise.db - smallest.db)

    def largest_difference(self, model: bytes) -> float:
        """Return the largest difference of an output, as a part of the largest output.

        It is that of a few samples.
        """
        largest: dict[str, float] = {}
        differences: dict[str, float] = {}
        for expected, actual in self._pairs(model, _FIRST):
            for name, values in expected.outputs.items():
                largest[name] = max(largest.get(name, 0.0), float(abs(values).max(initial=0)))
                difference = float(abs(values - actual.outputs[name]).max(initial=0))
                differences[name] = max(differences.get(name, 0.0), difference)
        return max(differences[name] / (largest[name] or 1.0) for name in differences)

    def _add_to(self, agreement: Agreement, model: bytes, part: int) -> None:
        for expected, actual in self._pairs(model, part):
            shared = expected.inner.keys() & actual.inner.keys()
            agreement.add(expected.judged(shared), actual.judged(shared))

    def _pairs(self, model: bytes, part: int) -> Iterator[tuple[_Run, _Run]]:
        """Yield the results of the float model and of another one for each sample."""
        return zip(self._reference(part), self._runs_of(model, part), strict=True)

    def _reference(self, part: int) -> Iterable[_Run]:
        """Return the float model's results. They are kept unless they are too large."""
        if part not in self._kept:
            self._kept[part] = self._collected(part)
        kept = self._kept[part]
        return self._runs_of(self._content, part) if kept is None else kept

    def _collected(self, part: int) -> list[_Run] | None:
        kept, size = [], 0
        for run in self._runs_of(self._content, part):
            kept.append(run)
            size += sum(values.nbytes for values in (*run.outputs.values(), *run.inner.values()))
            if size > _MOST_BYTES:
                return None
        return kept

    def _runs_of(self, model: Content, part: int) -> Iterator[_Run]:
        rows, facts = self._rows[part], self._facts
        if not any(rows.values()):
            return
        runners = runners_of(model, facts, keeps=bool(self._before_softmax))
        for key, sample in counted(samples_of(facts, self._dataset, rows)):
            self.runs += 1
            outputs = runners[key].run(dict(sample))
            titled = {facts.title(key, name): values for name, values in outputs.items()}
            inner = {
                title: values
                for title in self._before_softmax.keys() & titled.keys()
                if (values := runners[key].read(self._before_softmax[title])) is not None
            }
            yield _Run(titled, inner)


def _before_softmax(content: Content, facts: ModelFacts) -> dict[str, str]:
    """Return the tensor that a SOFTMAX turns into an output, by the title of the output."""
    model, before = parse(content), {}
    for signature in model.signatureDefs:
        graph, key = model.subgraphs[signature.subgraphIndex], text(signature.signatureKey)
        sources = {
            operator.outputs[0]: text(graph.tensors[operator.inputs[0]].name)
            for operator in graph.operators or []
            if op_name(model.operatorCodes[operator.opcodeIndex]) == "SOFTMAX"
        }
        for output in signature.outputs if key in facts.keys else []:
            if output.tensorIndex in sources:
                before[facts.title(key, text(output.name))] = sources[output.tensorIndex]
    return before
