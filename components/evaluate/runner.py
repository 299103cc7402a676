"""A model that runs the samples of a data set, in chunks that fit into memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.litert.binding import ModelFailure, Tensor
from quantgate.components.litert.interpreter import LiteRTModel, without_batch
from quantgate.components.processes.progress import counted

Array = NDArray[Any]
#: Arrays [k, ...] by the name of an output.
Outputs = Mapping[str, Array]


class SampleFailure(ModelFailure):
    """A failure of the model on one sample, whose index in the data set is `sample`."""

    def __init__(self, sample: int, why: str) -> None:
        super().__init__(f"the model failed on sample {sample}: {why}")
        self.sample, self.why = sample, why

    def __reduce__(self) -> tuple[type["SampleFailure"], tuple[int, str]]:
        return type(self), (self.sample, self.why)


class RunsSamples(Protocol):
    """A model in any interpreter that runs samples in chunks of up to `length`."""

    @property
    def length(self) -> int:
        """The largest number of samples that it runs at once."""

    @property
    def refusal(self) -> str | None:
        """XNNPACK's reason for refusing the model."""

    def run(self, dataset: DatasetFolder, start: int, stop: int) -> Outputs:
        """Return the dequantized outputs [stop - start, ...] by name."""


@dataclass(frozen=True)
class Runner:
    """A model, and for each scored output an array [chunk, ...] to read it into."""

    model: LiteRTModel
    buffers: Sequence[tuple[Tensor, Array]]

    @property
    def length(self) -> int:
        return len(self.buffers[0][1])

    @property
    def refusal(self) -> str | None:
        return self.model.refusal

    def run(self, dataset: DatasetFolder, start: int, stop: int) -> Outputs:
        """Return the dequantized outputs [stop - start, ...] by name."""
        inputs = {name: array[start:stop] for name, array in dataset.inputs.items()}
        step = self.model.stepper(self.model.encode(inputs), self.buffers)
        row = 0
        try:
            for row in counted(range(stop - start)):
                step(row)
        except (RuntimeError, ValueError) as error:
            raise SampleFailure(start + row, str(error)) from error
        return {
            tensor.name: tensor.decode(without_batch(buffer[: stop - start]))
            for tensor, buffer in self.buffers
        }
