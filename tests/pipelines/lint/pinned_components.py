"""Components that the linted pipelines of several tests consist of."""

from typing import List  # noqa: UP035

from kfp import dsl
from kfp.dsl import Artifact, Input, Output

PINNED = "registry.example/image@sha256:" + "0" * 64

component = dsl.component(base_image=PINNED, install_kfp_package=False)


@component
def make(n: int, out: Output[Artifact]):
    pass


@component
def number(n: int = 1) -> int:
    return n


@component
def use_one(a: Input[Artifact]):
    pass


@component
def use_all(artifacts: Input[List[Artifact]]):  # noqa: UP006
    pass


@component
def add(numbers: List[int]):  # noqa: UP006
    pass
