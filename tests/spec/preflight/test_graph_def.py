"""Checks of signatures and outputs of a real SavedModel without TensorFlow."""

from pathlib import Path

import pytest

from quantgate.errors import SpecError
from quantgate.spec import load
from quantgate.spec.preflight.graph_def import graphs_of
from quantgate.spec.preflight.paths import preflight


@pytest.fixture
def said(shared_models: Path, spec_file, sound: str):
    """A function that checks a spec of the shared Fashion-MNIST model and returns the problems."""
    folder = shared_models / "fashion_mnist"
    text = sound.replace("models/fashion", str(folder / "saved_model"))
    text = text.replace("train.npz", str(folder / "calibration.npz"))
    text = text.replace("test.npz, label: y", f"{folder / 'evaluation.npz'}, label: labels")

    def check(*overrides: str) -> list[str]:
        try:
            preflight(load(spec_file(text), overrides))
        except SpecError as error:
            return [f"{problem.message} -> {problem.hint}" for problem in error.problems]
        return []

    return check


def test_existing_signatures_and_outputs_pass(said, shared_models: Path) -> None:
    assert said() == []
    (graph,) = graphs_of(shared_models / "fashion_mnist" / "saved_model")
    assert graph.tags == {"serve"}
    assert "serving_default" in graph.signatures


def test_unknown_signatures_are_reported_with_the_nearest_one(said) -> None:
    (message,) = said("model.signatures=[serving_defualt]")
    assert message == (
        "the model has no signature `serving_defualt` -> Did you mean `serving_default`?"
    )


def test_unknown_outputs_are_reported_with_the_known_ones(said, shared_models: Path) -> None:
    (graph,) = graphs_of(shared_models / "fashion_mnist" / "saved_model")
    (output,) = graph.signatures["serving_default"].outputs
    assert said(f"measure.metrics=[top1, {{metric: mse, output: {output}}}]") == []
    (message,) = said("measure.metrics=[{metric: top1, output: nowhere}, mse]")
    assert message == f"the model has no output `nowhere` -> Its outputs are `{output}`."


def test_unknown_tags_are_reported_with_the_known_ones(said) -> None:
    (message,) = said("model.tags=[serve, gpu]")
    assert message == (
        "the SavedModel has no graph with the tags `[serve, gpu]` -> Set `model.tags` to `[serve]`."
    )


@pytest.mark.parametrize("content", [b"", b"graph", b"\x12\xff\xff\xff\xff\x0f", b"\x12\x80"])
def test_a_damaged_file_is_not_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "saved_model.pb").write_bytes(content)
    assert graphs_of(tmp_path) == []
