"""Write the arrays of a data set, each to its own file, and record facts, problems and hash."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from quantgate.components.build_dataset.fields import TEXT, text_of
from quantgate.components.build_dataset.sources import Purpose, SourceArray
from quantgate.components.build_dataset.writing import (
    Indices,
    SampleDigests,
    array_facts,
    file_name,
    write_array,
)
from quantgate.records.datasets import ArrayFacts

#: The role, name, dtype and shape of a row of each array of a data set.
Layout = list[list[str | list[int]]]


@dataclass
class Arrays:
    """The chosen rows of a source's arrays, which are written to a folder one after another.

    Attributes:
        folder: of the .npy files.
        indices: the rows, ascending.
        purpose: "calibration", "evaluation" or "search".
        problems: sentences about values that are unfit for the purpose.
        layout: the role, name, dtype and shape of a row of each array.
        samples: a digest of each sample over all arrays.
    """

    folder: Path
    indices: Indices
    purpose: Purpose
    problems: list[str] = field(default_factory=list)
    layout: Layout = field(default_factory=list)
    samples: SampleDigests = field(init=False)

    def __post_init__(self) -> None:
        self.samples = SampleDigests(len(self.indices))

    def input(self, name: str, array: SourceArray, dtype: np.dtype[Any]) -> ArrayFacts:
        """Write an input as `dtype`. Only floats are quantized, and need a range for that."""
        facts = self._write("input", name, array, dtype)
        is_quantized, is_zero = dtype.kind == "f", facts.minimum == facts.maximum == 0
        if self.purpose == "calibration" and is_quantized and is_zero:
            self.problems.append(
                f"input `{name}`: every value is 0, which leaves no range to calibrate on"
            )
        return facts

    def label(self, array: SourceArray) -> ArrayFacts:
        """Write the labels, as they are."""
        return self._write("label", array.key, array, array.dtype.newbyteorder("="))

    def input_as_label(self, name: str, inputs: Mapping[str, ArrayFacts]) -> ArrayFacts:
        """Record that a written input is the label too. They share a file."""
        self.layout.append(["label", name])
        return inputs[name]

    def field(self, array: SourceArray) -> ArrayFacts:
        """Write a further array that metrics need, of numbers or text."""
        if array.dtype.kind in TEXT:
            return self._text(array)
        return self._write("field", array.key, array, array.dtype.newbyteorder("="))

    def _text(self, array: SourceArray) -> ArrayFacts:
        values = text_of(array, self.indices)
        # A label that names classes is also a file with its key, of their numbers.
        path = self.folder / file_name(f"{array.key}.text")
        np.save(path, values)
        self.layout.append(["field", array.key, "text"])
        self.samples.add_text(values)
        shape = list(values.shape)
        return ArrayFacts(
            file=path.name, shape=shape, dtype=values.dtype.name, minimum=0, maximum=0
        )

    def _write(self, role: str, name: str, array: SourceArray, dtype: np.dtype[Any]) -> ArrayFacts:
        path = self.folder / file_name(name)
        self.layout.append([role, name, dtype.name, list(array.shape[1:])])
        is_input = role == "input"
        values = write_array(path, array, self.indices, dtype, self.samples, counts=is_input)
        self.problems += values.problems(f"{role} `{name}`")
        return array_facts(path, array, len(self.indices), values)
