"""Building data sets from sources of every format."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantgate.components.artifacts.dataset import DatasetFolder, open_dataset
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.errors import InputError
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

Tensors = dict[str, tuple[str, list[int]]]


def write_facts(path: Path, inputs: Tensors, outputs: Tensors) -> str:
    def tensors(given: Tensors) -> dict[str, TensorFacts]:
        return {key: TensorFacts(dtype=dtype, shape=shape) for key, (dtype, shape) in given.items()}

    ModelFacts(
        source_sha256="0" * 64,
        baseline_sha256="1" * 64,
        size_bytes=1000,
        signatures=[
            Signature(key="serving_default", inputs=tensors(inputs), outputs=tensors(outputs))
        ],
        ops={},
        tensorflow="2.21.0",
    ).write(path)
    return str(path)


@pytest.fixture
def build_from(tmp_path) -> Callable[..., Path]:
    """Build a data set from a source with flat settings, and return its folder."""

    def run(source: object, facts: str, signature: str, **given: object) -> Path:
        given = {"purpose": "evaluation", **given}

        def part(record: type, **values: object):
            names = {one.name for one in fields(record)}
            return record(**values, **{key: given.pop(key) for key in names & given.keys()})

        target = tmp_path / "dataset"
        build_dataset(
            part(Source, location=str(source)),
            part(Requirements, signature=signature),
            part(Selection),
            Paths(facts, str(target), str(tmp_path / "summary")),
        )
        assert not given
        return target

    return run


@pytest.fixture
def build(tmp_path, build_from) -> Callable[..., DatasetFolder]:
    """Build a data set from a source. `options` has the other keys of the spec's source."""

    def run(source: object, inputs: Tensors, *, outputs: Tensors | None = None, **given: object):
        facts = write_facts(tmp_path / "facts.json", inputs, outputs or {"y": ("float32", [-1, 3])})
        options = json.dumps(given.pop("options", {}))
        folder = build_from(source, facts, "serving_default", options=options, **given)
        return open_dataset(folder, "serving_default")

    return run


@pytest.fixture
def refusal(build) -> Callable[..., str]:
    """Return the message that a source is refused with."""

    def run(*arguments: object, **options: object) -> str:
        with pytest.raises(InputError) as caught:
            build(*arguments, **options)
        return str(caught.value)

    return run


@pytest.fixture
def image_file() -> Callable[..., np.ndarray]:
    """Write an image of one colour, or of random pixels, and return its pixels."""

    def write(path: Path, size: tuple[int, int], colour: tuple[int, ...] | None = None):
        height, width = size
        pixels = np.random.default_rng(len(str(path))).integers(0, 256, (height, width, 3))
        if colour:
            pixels[:] = colour
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
        return pixels.astype(np.uint8)

    return write
