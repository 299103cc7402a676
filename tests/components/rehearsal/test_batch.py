"""A batch size that contradicts `model.batch` is refused before a run, without TensorFlow."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.commands.common.checking import check_files
from quantgate.records.tasks import TensorFacts
from quantgate.spec import load
from quantgate.spec.preflight.graph_def import Declared
from quantgate.spec.preflight.signatures import declared_findings

Problems = Callable[..., list[str]]
FREE, ONE, EIGHT = -1, 1, 8


def keras_file(path: Path, size: int | None) -> Path:
    layer = {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [size, 4]}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": [layer]}}))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.12.0"}))
    return path


@pytest.fixture
def spec_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that loads a spec of a model."""
    monkeypatch.chdir(tmp_path)

    def loaded(model: dict):
        spec = {
            "version": 1,
            "name": "batches",
            "model": model,
            "data": {"evaluation": {"source": "random", "samples": 8}, "allow_random": True},
            "quantize": {"modes": ["float16"]},
            "measure": {"metrics": ["cosine_similarity"]},
            "gate": {"size_bytes": {"max_ratio": 0.7}},
        }
        Path("spec.yaml").write_text(json.dumps(spec))
        return load(Path("spec.yaml"))

    return loaded


@pytest.mark.parametrize(
    ("size", "batch", "way_out"),
    [
        (EIGHT, 1, "None or 1"),
        (EIGHT, "dynamic", "None"),
        (ONE, "dynamic", "None"),
        (ONE, 1, None),
        (FREE, 1, None),
        (FREE, "dynamic", None),
        (EIGHT, None, None),
    ],
)
def test_signatures_of_a_model(spec_of, size: int, batch: object, way_out: str | None) -> None:
    spec = spec_of({"saved_model": "model", **({"batch": batch} if batch else {})}).spec
    tensors = {"x": TensorFacts(dtype="float32", shape=[size, 4]), "unknown": None}
    signature = Declared(tensors, {"y": tensors["x"]})
    findings = list(declared_findings({"serving_default": signature}, spec))
    expected = (
        []
        if way_out is None
        else [
            f"input `x` of signature `serving_default` has the fixed batch size {size}, and the "
            f"spec says `model.batch: {batch}` -> Remove `model.batch`, or export the model with "
            f"the batch size {way_out}."
        ]
    )
    assert [f"{each.message} -> {each.hint}" for each in findings] == expected


@pytest.mark.parametrize("batch", [1, "dynamic"])
def test_a_keras_file_passes_because_its_export_has_a_free_batch_size(spec_of, batch) -> None:
    file = keras_file(Path("eight.keras").resolve(), EIGHT)
    check_files(spec_of({"keras": str(file), "batch": batch}))
