"""Run a float model or a quantized one on samples, and read tensors as real numbers."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import OpResolverType
from ai_edge_litert.schema_py_generated import Model
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import Rows, open_dataset
from quantgate.components.litert.binding import bound
from quantgate.components.litert.flatbuffer import Content, text
from quantgate.components.litert.interpreter import shape_of_sample
from quantgate.components.litert.loading import loaded
from quantgate.records.tasks import ModelFacts, Signature

Sample = Mapping[str, NDArray[Any]]
Values = NDArray[np.float32]


class Runner:
    """A signature of a model, run by LiteRT's built-in kernels on a single thread."""

    def __init__(self, content: Content, signature: Signature, *, keeps: bool = False) -> None:
        """Load the model.

        Args:
            content: the .tflite.
            signature: of the float model, which the model must have.
            keeps: whether tensors inside the model can be read after a run.
        """
        self._interpreter = loaded(
            content,
            num_threads=1,
            experimental_preserve_all_tensors=keeps,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self._inputs, self._outputs = bound(self._interpreter, signature)
        self._run = self._interpreter.get_signature_runner(signature.key)
        self._subgraph = _subgraph_of(content, signature.key)

    def run(self, sample: Sample) -> dict[str, Values]:
        """Return the outputs by name."""
        fed = {name: tensor.encode(sample[name]) for name, tensor in self._inputs.items()}
        raw = self._run(**fed)
        return {
            name: np.asarray(tensor.decode(raw[name]), np.float32)
            for name, tensor in self._outputs.items()
        }

    def read(self, name: str) -> Values | None:
        """Return a tensor of the last run, None if the model has none or did not compute it."""
        if name not in self._tensors:
            return None
        tensor = self._tensors[name]
        try:
            values = np.asarray(self._interpreter.get_tensor(tensor["index"], self._subgraph))
        except ValueError:
            return None
        return _real(values, tensor["quantization_parameters"])

    @cached_property
    def _tensors(self) -> dict[str, dict[str, Any]]:
        """The interpreter's details of its tensors by name."""
        details = self._interpreter.get_tensor_details(self._subgraph)
        return {each["name"]: each for each in details}


def samples_of(facts: ModelFacts, dataset: str, rows: Rows) -> Iterator[tuple[str, Sample]]:
    """Yield samples in the order of signatures and rows, each with the key of its signature."""
    for key, chosen in rows.items():
        inputs = facts.signature(key).inputs
        arrays = open_dataset(dataset, key).inputs
        shapes = {name: shape_of_sample(arrays[name], tensor) for name, tensor in inputs.items()}
        for row in chosen:
            yield (
                key,
                {name: np.array(arrays[name][row]).reshape(shapes[name]) for name in inputs},
            )


def runners_of(content: Content, facts: ModelFacts, *, keeps: bool = False) -> dict[str, Runner]:
    """Return a runner for each signature."""
    return {each.key: Runner(content, each, keeps=keeps) for each in facts.signatures}


def _subgraph_of(content: Content, key: str) -> int:
    """Return the index of the graph of a signature. Parsing the whole model takes much longer."""
    model = Model.GetRootAs(content, 0)
    signatures = map(model.SignatureDefs, range(model.SignatureDefsLength()))
    chosen = next(each for each in signatures if text(each.SignatureKey()) == key)
    return int(chosen.SubgraphIndex())


def _real(values: NDArray[Any], quantization: Mapping[str, NDArray[Any]]) -> Values:
    scales, zero_points = quantization["scales"], quantization["zero_points"]
    if len(scales) != 1:
        return np.asarray(values, np.float32)
    real = (values.astype(np.float32) - np.float32(zero_points[0])) * np.float32(scales[0])
    return np.asarray(real, np.float32)
