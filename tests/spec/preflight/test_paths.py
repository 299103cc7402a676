"""Checks of paths before a run."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from refusals import said

from quantgate.errors import SpecError
from quantgate.spec import load
from quantgate.spec.preflight.paths import preflight
from quantgate.spec.problems.wording import shortened

HOW_TO_WRITE = (
    "Keras 3 writes one with `model.export(folder)`, TensorFlow with "
    "`tf.saved_model.save(model, folder)`."
)


def test_existing_paths_pass(files: Path):
    preflight(load(Path("quantgate.yaml")))


def test_passes_a_real_model_and_real_data(files: Path, shared_models: Path):
    folder = shared_models / "fashion_mnist"
    preflight(
        load(
            Path("quantgate.yaml"),
            [
                f"model.saved_model={folder / 'saved_model'}",
                f"data.calibration.source={folder / 'calibration.npz'}",
                f"data.evaluation.source={folder / 'evaluation.npz'}",
                "data.evaluation.label=labels",
            ],
        )
    )


def test_passes_a_spec_without_calibration_data_or_promotion(files: Path):
    preflight(
        load(
            Path("quantgate.yaml"),
            ["data.calibration=null", "quantize.modes=[float16]", "promote=null"],
        )
    )


def test_a_publication_target_of_another_spec_is_refused(files: Path):
    version = files / "fleet" / "0123456789abcdef"
    version.mkdir(parents=True)
    (files / "fleet" / "latest").write_text(f"{version.name}\n")
    (version / "manifest.json").write_text('{"name": "digits"}')
    assert said("promote={to: fleet}") == [
        f"`promote.to` is in use, {files / 'fleet'}: its `latest` is a version of `digits`, and a "
        "target holds the versions of one name -> Name another target as `promote.to`, or with "
        "`quantgate promote --to`."
    ]
    for manifest in ('{"name": "fashion"}', "{}"):
        (version / "manifest.json").write_text(manifest)
        preflight(load(Path("quantgate.yaml"), ["promote={to: fleet}"]))


def test_uris_are_not_checked(files: Path):
    preflight(
        load(
            Path("quantgate.yaml"),
            [
                "model.saved_model=gs://bucket/model",
                "data.calibration.source=s3://bucket/train.npz",
                "data.evaluation.source=minio://bucket/test",
            ],
        )
    )


def test_every_missing_path_is_reported_at_its_place(
    spec_file: Callable[[str], Path], sound: str, tmp_path: Path
):
    loaded = load(spec_file(sound))
    np.savez(tmp_path / "tset.npz", y=np.zeros(3))
    with pytest.raises(SpecError) as caught:
        preflight(loaded)
    assert str(caught.value) == (
        f"quantgate.yaml:3:22: `model.saved_model` does not exist: {tmp_path}/models/fashion\n"
        "    model: {saved_model: models/fashion}\n"
        "                         ^\n"
        f"  Paths are relative to {tmp_path}.\n"
        "\n"
        f"quantgate.yaml:5:25: `data.calibration.source` does not exist: {tmp_path}/train.npz\n"
        "      calibration: {source: train.npz}\n"
        "                            ^\n"
        f"  {tmp_path} has `quantgate.yaml`, `tset.npz`.\n"
        "\n"
        f"quantgate.yaml:6:24: `data.evaluation.source` does not exist: {tmp_path}/test.npz\n"
        "      evaluation: {source: test.npz, label: y}\n"
        "                           ^\n"
        "  Did you mean `tset.npz`?\n"
        "\n"
        "3 problems in quantgate.yaml"
    )


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (
            "fashion.keras",
            "is a Keras file, not the folder of a SavedModel",
            "Export it with `keras.models.load_model('fashion.keras').export(folder)` and name "
            "that folder, or name the file as `model.keras`.",
        ),
        (
            "fashion.h5",
            "is a Keras file, not the folder of a SavedModel",
            "Export it with `keras.models.load_model('fashion.h5').export(folder)` and name that "
            "folder, or name the file as `model.keras`.",
        ),
        (
            "fashion.weights.h5",
            "has weights without a model",
            "Build the trained model in Python, load them with "
            "`model.load_weights('fashion.weights.h5')`, and name the folder that "
            "`model.export(folder)` writes.",
        ),
        (
            "fashion.tflite",
            "is a LiteRT model already",
            "Name a float model as `model.tflite`.",
        ),
        ("fashion.onnx", "is a file, not the folder of a SavedModel", HOW_TO_WRITE),
    ],
)
def test_a_file_instead_of_a_saved_model_is_refused(
    files: Path, name: str, message: str, hint: str
):
    (files / name).write_bytes(b"model")
    assert said(f"model.saved_model={name}") == [
        f"`model.saved_model` {message}: {files / name} -> {hint}"
    ]


KERAS = "model={keras: fashion.keras}"


def test_passes_a_keras_file(files: Path):
    (files / "fashion.keras").write_bytes(b"model")
    preflight(load(Path("quantgate.yaml"), [KERAS]))


def test_passes_a_file_without_a_suffix_as_pipelines_have_them(files: Path):
    (files / "model").write_bytes(b"model")
    preflight(load(Path("quantgate.yaml"), ["model={keras: model}"]))


def test_a_keras_file_that_is_missing(files: Path):
    present = "`models`, `quantgate.yaml`, `test.npz`, `train.npz`"
    assert said(KERAS) == [
        f"`model.keras` does not exist: {files}/fashion.keras -> {files} has {present}."
    ]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("~/fashion.keras", f"`~` is not replaced in a spec. Write {Path.home()}/fashion.keras."),
        ("models\\fashion.keras", "Write `/` in place of backslashes."),
    ],
)
def test_a_path_in_another_notation_gets_a_hint(files: Path, path: str, hint: str):
    (problem,) = said(f"model={{keras: '{path}'}}")
    assert problem.endswith(f" -> {hint}")


def test_anything_but_a_keras_file_is_refused(files: Path):
    assert said("model={keras: models/fashion}") == [
        f"`model.keras` is a folder, not a Keras file: {files}/models/fashion -> Name a .keras or "
        ".h5 file, or a SavedModel's folder as `model.saved_model`."
    ]
    assert said("model={keras: test.npz}") == [
        f"`model.keras` is not a .keras or .h5 file: {files}/test.npz -> Keras 3 writes one with "
        "`model.save('model.keras')`."
    ]
    (files / "made.tflite").touch()
    assert said("model={keras: made.tflite}") == [
        f"`model.keras` is a LiteRT model already: {files}/made.tflite -> Name a float model as "
        "`model.tflite`."
    ]


def test_the_graph_file_instead_of_its_folder_is_refused(files: Path):
    assert said("model.saved_model=models/fashion/saved_model.pb") == [
        "`model.saved_model` is a file in a SavedModel: "
        f"{files}/models/fashion/saved_model.pb -> Name its folder, {files}/models/fashion."
    ]


def test_a_folder_without_a_saved_model_is_refused(files: Path):
    (files / "empty").mkdir()
    message = f"`model.saved_model` is a folder without saved_model.pb: {files}"
    assert said("model.saved_model=empty") == [f"{message}/empty -> {HOW_TO_WRITE}"]
    assert said("model.saved_model=models") == [
        f"{message}/models -> Name its subfolder `fashion`, which has one."
    ]
    (files / "models" / "digits").mkdir()
    (files / "models" / "digits" / "saved_model.pb").write_bytes(b"graph")
    assert said("model.saved_model=models") == [
        f"{message}/models -> Name one of its subfolders `digits` or `fashion`."
    ]


def test_an_unzipped_keras_file(files: Path, shared_models: Path):
    with zipfile.ZipFile(shared_models / "fashion_mnist" / "model.keras") as archive:
        archive.extractall(files / "keras")
    assert said("model.saved_model=keras") == [
        f"`model.saved_model` is an unzipped Keras file, not a SavedModel: {files}/keras -> "
        + HOW_TO_WRITE
    ]


def test_a_path_that_is_too_long(files: Path):
    name = 300 * "a"
    assert said(f"data.evaluation.source={name}") == [
        f"`data.evaluation.source` cannot be read: {shortened(f'{files}/{name}')} -> The error "
        "is: File name too long."
    ]


def test_a_file_as_publication_target_is_refused(files: Path):
    assert said("promote.to=test.npz") == [
        f"`promote.to` is a file: {files}/test.npz -> Name a folder. It is created if it does "
        "not exist."
    ]


def test_a_path_that_the_system_refuses(files: Path):
    message = f"{files}/{'x' * 300}"[:60]
    assert said(f"promote.to={'x' * 300}", f"model.saved_model={'x' * 300}") == [
        f"`model.saved_model` cannot be read: {message}... -> The error is: File name too long.",
        f"`promote.to` cannot be read: {message}... -> The error is: File name too long.",
    ]


@pytest.mark.parametrize(
    ("content", "kind", "hint"),
    [
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes it", "Name it as `model.keras`."),
        (b"\x08\x08\x12\x07pytorch", "an ONNX model", None),
        (
            b"nothing known",
            "not a .tflite: it lacks the mark TFL3 in its bytes 4 to 7",
            "Name a float .tflite.",
        ),
    ],
)
def test_other_files_instead_of_a_tflite_are_refused(
    files: Path, content: bytes, kind: str, hint: str | None
) -> None:
    (files / "model.tflite").write_bytes(content)
    (problem,) = said("model.saved_model=null", "model.tflite=model.tflite", "quantize.modes=auto")
    message, _, way_out = problem.partition(" -> ")
    assert message == f"`model.tflite` is {kind}: {files / 'model.tflite'}"
    assert hint in (way_out, None)


def test_a_folder_instead_of_a_tflite_is_refused(files: Path) -> None:
    (files / "exported").mkdir()
    overrides = ("model.saved_model=null", "model.tflite=exported", "quantize.modes=auto")
    message = f"`model.tflite` is a folder, not a .tflite file: {files / 'exported'}"
    assert said(*overrides) == [f"{message} -> Name a float .tflite file."]
    (files / "exported" / "a.tflite").write_bytes(b"")
    assert said(*overrides) == [f"{message} -> Name one of its files `a.tflite`."]
    (files / "exported" / "saved_model.pb").write_bytes(b"")
    assert said(*overrides) == [f"{message} -> Name a SavedModel's folder as `model.saved_model`."]
