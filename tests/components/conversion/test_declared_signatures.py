"""Signatures that are read without TensorFlow are those of TensorFlow and of the conversion."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantgate.components.conversion.saved_model import SavedModelGraph, declared_signatures
from quantgate.errors import InputError
from quantgate.spec.preflight.graph_def import graphs_of

pytestmark = [pytest.mark.tensorflow]


def test_each_small_model_declares_what_tensorflow_reads(saved_models: Path):
    read = 0
    for folder in saved_models.iterdir():
        for graph in graphs_of(folder):
            for key, declared in graph.signatures.items():
                try:
                    model = SavedModelGraph(str(folder), [key], sorted(graph.tags))
                    (expected,) = declared_signatures(model)
                except InputError:
                    continue
                for ours, theirs in (
                    (declared.inputs, expected.inputs),
                    (declared.outputs, expected.outputs),
                ):
                    assert list(ours) == list(theirs)
                    known = {name: facts for name, facts in ours.items() if facts}
                    assert known == {name: theirs[name] for name in known}
                read += 1
    assert read > 10


@pytest.mark.parametrize(
    "model", ["adult_two_inputs", "fashion_mnist", "keyword_spotting", "super_resolution"]
)
def test_real_models_are_converted_with_the_declared_signatures(
    shared_models: Path, prepare: Callable[[Path], Any], model: str
):
    folder = shared_models / model / "saved_model"
    (graph,) = graphs_of(folder)
    (delivered,) = prepare(folder).facts.signatures
    declared = graph.signatures[delivered.key]
    assert dict(declared.inputs) == delivered.inputs
    assert dict(declared.outputs) == delivered.outputs
