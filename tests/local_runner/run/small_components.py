"""Components that the pipelines of several tests consist of."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH123, UP006, UP035

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def write(text: str, out: Output[Dataset]):
    with open(out.path, "w") as stream:
        stream.write(text)
    out.metadata["length"] = len(text)


@component
def read(data: Input[Dataset]) -> str:
    with open(data.path) as stream:
        return stream.read()


@component
def measure(data: Input[Dataset]) -> int:
    return data.metadata["length"]


@component
def join_files(files: Input[List[Dataset]], separator: str = ",") -> str:
    return separator.join(open(file.path).read() for file in files)


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@component
def total(numbers: List[int]) -> int:
    return sum(numbers)
