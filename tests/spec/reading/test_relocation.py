"""The spec in a run's folder has paths that resolve from there."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from quantgate.spec import load
from quantgate.spec.reading.load import LoadedSpec

SpecFile = Callable[[str], Path]
RUN = "runs/fashion/20260102T030405Z"


@pytest.fixture
def loaded(spec_file: SpecFile, sound: str) -> LoadedSpec:
    path = spec_file(sound)
    (path.parent / "own.py").write_text("def score(outputs, labels):\n    return 1.0\n")
    score = "measure.metrics=[top1, {metric: 'own:score', better: higher}]"
    return load(path, ["code=own.py", score, "data.evaluation.source=s3://bucket/test.npz"])


def paths_in(text: str) -> list[str]:
    document = yaml.safe_load(text)
    return [
        document["model"]["saved_model"],
        document["data"]["calibration"]["source"],
        document["code"]["file"],
        document["promote"]["to"],
    ]


def test_paths_beside_the_spec_stay_relative(loaded: LoadedSpec) -> None:
    run = loaded.folder.resolve() / RUN
    up = "../../.."
    assert paths_in(loaded.render(run)) == [
        f"{up}/models/fashion", f"{up}/train.npz", f"{up}/own.py", f"{up}/published",
    ]  # fmt: skip


def test_paths_are_absolute_from_a_folder_elsewhere(loaded: LoadedSpec, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / "elsewhere"
    root = loaded.folder.resolve()
    names = ("models/fashion", "train.npz", "own.py", "published")
    assert paths_in(loaded.render(elsewhere)) == [str(root / name) for name in names]


def test_uris_stay_as_they_are(loaded: LoadedSpec) -> None:
    document = yaml.safe_load(loaded.render(loaded.folder / RUN))
    assert document["data"]["evaluation"]["source"] == "s3://bucket/test.npz"


def test_sources_of_signatures_and_files_of_recipes_move_too(
    spec_file: SpecFile, sound: str
) -> None:
    path = spec_file(sound)
    rule = '{"regex": ".*", "operation": "*", "algorithm_key": "no_quantize"}'
    (path.parent / "rules.json").write_text(f"[{rule}]")
    given = load(
        path,
        [
            "quantize.recipes=[{recipe: rules.json}]",
            "data.evaluation.signatures={serving_default: {source: own.npz, label: y}}",
        ],
    )
    document = yaml.safe_load(given.render(given.folder.resolve() / "run"))
    assert document["quantize"]["recipes"][0]["recipe"] == "../rules.json"
    evaluation = document["data"]["evaluation"]
    assert evaluation["source"] == "../test.npz"
    assert evaluation["signatures"]["serving_default"]["source"] == "../own.npz"


def test_a_python_function_is_no_path(spec_file: SpecFile, sound: str) -> None:
    given = load(spec_file(sound), ["data.calibration={source: 'training:samples'}"])
    document = yaml.safe_load(given.render(given.folder / RUN))
    assert document["data"]["calibration"]["source"] == "training:samples"
