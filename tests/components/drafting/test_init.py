"""`quantgate init` of a model and data: the spec validates, and says what is a guess."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantgate.cli import main
from quantgate.spec import load

X = np.random.default_rng(0).random((700, 28, 28, 1), np.float32)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "samples.npz", image=X, labels=np.arange(700) % 10)
    (tmp_path / "spec.md").touch()
    return tmp_path


@pytest.fixture
def fashion(shared_models: Path) -> Path:
    return shared_models / "fashion_mnist"


@pytest.mark.parametrize(
    ("name", "metric", "signature"),
    [
        ("fashion_mnist", "top1", "serving_default"),
        ("keyword_spotting", "top1", "serving_default"),
        ("super_resolution", "psnr", "serving_default"),
        ("adult_two_inputs", "roc_auc", "serving_default"),
    ],
)
def test_a_spec_of_a_real_model_is_valid(
    here: Path, shared_models: Path, name: str, metric: str, signature: str
) -> None:
    folder = shared_models / name
    assert main(["init", str(folder / "saved_model"), str(folder)]) == 0
    assert main(["validate", "quantgate.yaml"]) == 0
    spec = load(here / "quantgate.yaml").spec
    assert [entry.metric for entry in spec.measure.metrics] == [metric]
    assert spec.model.signatures == [signature]
    assert spec.data.calibration.source == str(folder / "calibration.npz")


def save_images(folder: Path, count: int = 3) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.new("L", (28, 28), number).save(folder / f"{number}.png")


def test_a_spec_of_image_folders_is_valid(here: Path, fashion: Path) -> None:
    for digit in range(10):
        save_images(here / "photos" / str(digit))
    assert main(["init", str(fashion / "saved_model"), "photos"]) == 0
    assert main(["validate", "quantgate.yaml"]) == 0
    spec = load(here / "quantgate.yaml").spec
    assert [entry.metric for entry in spec.measure.metrics] == ["top1"]
    assert "# images: {scale: 0.00392}" in (here / "quantgate.yaml").read_text()


def test_images_without_classes_are_a_warning(here: Path, fashion: Path, capsys) -> None:
    save_images(here / "photos")
    assert main(["init", str(fashion / "saved_model"), "photos"]) == 0
    assert "photos has no folder for each class" in capsys.readouterr().err


def test_guesses_have_comments_and_wishes_do_not(here: Path, fashion: Path) -> None:
    model = str(fashion / "saved_model")
    assert main(["init", model, "samples.npz", "-o", "guessed.yaml"]) == 0
    guessed = (here / "guessed.yaml").read_text()
    assert "label: labels                   # a guess by its name" in guessed
    assert "metrics: [top1]                   # a guess." in guessed
    assert "# better: samples that evaluation does not use" in guessed
    wishes = ["--label", "labels", "--metric", "f1_macro", "--target", "microcontroller"]
    assert main(["init", model, "samples.npz", "-o", "wished.yaml", *wishes]) == 0
    wished = (here / "wished.yaml").read_text()
    assert "a guess" not in wished
    assert load(here / "wished.yaml").spec.quantize.target == "microcontroller"


def test_the_limit_fits_the_number_of_samples(here: Path, fashion: Path) -> None:
    np.savez(here / "few.npz", image=X[:350], labels=np.arange(350) % 10)
    model = str(fashion / "saved_model")
    for name, drop in (("samples", 0.01), ("few", 0.02)):
        assert main(["init", model, f"{name}.npz", "-o", f"{name}.yaml"]) == 0
        assert load(here / f"{name}.yaml").spec.gate.limits["top1"].max_drop == drop


def test_paths_in_the_folder_of_the_spec_are_relative(here: Path, fashion: Path) -> None:
    (here / "specs").mkdir()
    np.savez(here / "specs" / "inner.npz", image=X, labels=np.arange(700) % 10)
    model = str(fashion / "saved_model")
    assert main(["init", model, "specs/inner.npz", "-o", "specs/a.yaml"]) == 0
    assert load(here / "specs/a.yaml").spec.data.evaluation.source == "inner.npz"
    assert main(["init", model, "samples.npz", "-o", "specs/b.yaml"]) == 0
    assert load(here / "specs/b.yaml").spec.data.evaluation.source == str(here / "samples.npz")


def test_data_that_does_not_fit_is_a_warning(here: Path, fashion: Path, capsys) -> None:
    np.savez(here / "other.npz", picture=X, labels=np.arange(700) % 10)
    assert main(["init", str(fashion / "saved_model"), "other.npz"]) == 0
    said = capsys.readouterr().err
    assert said.startswith("warning: the data does not fit the model: input `image` is missing")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent"], "absent does not exist. Give a SavedModel, a Keras file or a .tflite"),
        (["samples.npz"], "Name the model before them: quantgate init MODEL samples.npz"),
        (["spec.md"], "is a file, not the folder of a SavedModel"),
        (["spec.yaml", "samples.npz"], "spec.yaml ends as a spec does, so it is the file to write"),
        (["-o", "absent/spec.yaml"], "cannot write absent/spec.yaml: No such file or directory"),
    ],
)
def test_wrong_arguments_are_refused_without_writing_a_spec(
    here: Path, capsys, arguments: list[str], message: str
) -> None:
    assert main(["init", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (here / "quantgate.yaml").exists()
