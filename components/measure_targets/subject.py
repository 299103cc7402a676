"""The model to measure on a target, its content, and samples to run it on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import ModelT
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.attestation.samples import samples_of
from quantgate.components.litert.binding import Tensor
from quantgate.components.litert.flatbuffer import counted, mapped, parse, sequence, text
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.components.litert.operations import Operation, operations_by_graph
from quantgate.components.measure_targets.attempt import Attempt, attempt
from quantgate.records.tasks import ModelFacts, Signature

Array = NDArray[Any]
#: The most multiply-accumulate operations to run on reference kernels.
MOST_MACS = 10_000_000_000


@dataclass(frozen=True)
class Run:
    """The inputs and outputs of a model, as its tensors store them.

    Attributes:
        inputs: by sample, then by index among the model's inputs.
        outputs: by sample, then by name in the signature.
        places: index of each output among the model's outputs, by name.
        tensors: the outputs, by name.
    """

    inputs: list[list[Array]]
    outputs: list[dict[str, Array]]
    places: dict[str, int]
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class Subject:
    """A model to measure.

    Attributes:
        path: the .tflite.
        facts: `ModelFacts` of the float model.
        dataset: the evaluation set.
    """

    path: str
    facts: ModelFacts
    dataset: str

    @cached_property
    def content(self) -> bytes:
        """The model's bytes."""
        return Path(self.path).read_bytes()

    @cached_property
    def model(self) -> ModelT:
        """The model as the schema's objects."""
        return parse(mapped(self.path))

    @cached_property
    def graphs(self) -> list[list[Operation]]:
        """The ops of every subgraph. Targets run the first one."""
        return operations_by_graph(self.model)

    @property
    def ops(self) -> dict[str, int]:
        """The number of ops, by name."""
        return counted(operation.name for graph in self.graphs for operation in graph)

    @cached_property
    def signature(self) -> Signature:
        """The signature of the first subgraph."""
        keys = [
            text(each.signatureKey)
            for each in self.model.signatureDefs or []
            if each.subgraphIndex == 0
        ]
        return next((each for each in self.facts.signatures if each.key in keys), self._first)

    @property
    def has_free_batch(self) -> bool:
        """True if the model takes any number of samples."""
        return any(tensor.shape[:1] == [-1] for tensor in self.signature.inputs.values())

    @property
    def is_on_real_samples(self) -> bool:
        """True if the evaluation set has samples of that signature."""
        return folder_of(self.dataset, self.signature.key).is_dir()

    def run(self, *, reference: bool) -> Attempt[Run]:
        """Run the model in LiteRT, with its reference kernels or the default ones."""
        return attempt(_run, self, reference)

    @property
    def _first(self) -> Signature:
        return self.facts.signatures[0]


def _run(subject: Subject, reference: bool) -> Run:
    signature = subject.signature
    samples = samples_of(signature, subject.dataset if subject.is_on_real_samples else None)
    model = LiteRTModel(subject.path, subject.facts, signature, samples, reference=reference)
    graph = subject.model.subgraphs[0]
    encoded = sorted(model.encode(samples), key=_place_among(sequence(graph.inputs)))
    run = Run([], [], {}, dict(model.outputs))
    for name, tensor in model.outputs.items():
        run.places[name] = sequence(graph.outputs).index(tensor.index)
    for row in range(_rows(subject, len(next(iter(samples.values()))))):
        model.reset()
        model.feed(encoded, row)
        model.invoke()
        run.inputs.append([np.asarray(values[row, ...]) for _, values in encoded])
        run.outputs.append(
            {name: np.array(model.read(tensor)) for name, tensor in model.outputs.items()}
        )
    return run


def _place_among(indices: Sequence[int]) -> Callable[[tuple[Tensor, Array]], int]:
    return lambda fed: indices.index(fed[0].index)


def _rows(subject: Subject, available: int) -> int:
    """Return how many samples to run: reference kernels do about 0.5 GMAC a second."""
    macs = sum(operation.macs for operation in subject.graphs[0])
    return max(1, min(available, MOST_MACS // max(1, macs)))
