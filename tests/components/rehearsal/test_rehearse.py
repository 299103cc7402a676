"""Data and metrics are checked against a model's signatures before a run, without TensorFlow.

Each case is also built, because a check may not refuse what a run accepts.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image

from quantgate.commands.common.checking import check_files
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.rehearsal.model import described
from quantgate.components.rehearsal.samples import samples_of
from quantgate.errors import InputError, SpecError
from quantgate.planning.planner import make_plan
from quantgate.spec import LoadedSpec, load
from quantgate.spec.model.data import OPTION_KEYS

SAMPLES = 20
LABELS = np.arange(SAMPLES) % 10
PIXELS = np.linspace(0, 1, SAMPLES * 784, dtype=np.float32).reshape(SAMPLES, 28, 28, 1)
ROWS = {
    "categorical": np.ones((SAMPLES, 8), np.int32),
    "numeric": np.ones((SAMPLES, 5), np.float32),
}
BINARY = np.arange(SAMPLES) % 2
COLUMNS = {
    "columns": {
        "categorical": [f"c{number}" for number in range(8)],
        "numeric": [f"n{number}" for number in range(5)],
    }
}


@pytest.fixture
def spec_of(shared_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that loads a spec of a shared model with the given evaluation data."""
    monkeypatch.chdir(tmp_path)

    def loaded(folder: str, evaluation: dict, metrics: list, **sections: object) -> LoadedSpec:
        (tmp_path / "spec.yaml").write_text(
            json.dumps(
                {
                    "version": 1,
                    "name": "rehearsed",
                    "model": {"saved_model": str(shared_models / folder / "saved_model")},
                    "data": {"evaluation": evaluation},
                    "quantize": {"modes": ["float16"]},
                    "measure": {"metrics": metrics},
                    "gate": {"size_bytes": {"max_ratio": 0.7}},
                    **sections,
                }
            )
        )
        return load(Path("spec.yaml"))

    return loaded


def problems_of(loaded: LoadedSpec) -> list[str]:
    try:
        check_files(loaded)
    except SpecError as error:
        return [problem.message for problem in error.problems]
    return []


def is_built(loaded: LoadedSpec, folder: Path) -> bool:
    """Return whether the task accepts the evaluation data."""
    plan, facts = make_plan(loaded.spec), described(loaded).facts
    facts.write(folder / "facts.json")
    (samples,) = samples_of(plan)
    data = samples.section.data
    options = {key: value for key, value in data.model_dump().items() if key in OPTION_KEYS}
    choice = samples.choices[""]
    metrics = [metric.model_dump(exclude_none=True) for metric in loaded.spec.measure.metrics]
    try:
        build_dataset(
            Source(loaded.locate(data.source), json.dumps(options)),
            Requirements(
                samples.signature,
                "evaluation",
                data.label,
                json.dumps(samples.fields),
                metrics,
                samples.group,
            ),
            Selection(choice.samples, choice.select, choice.seed),
            Paths(str(folder / "facts.json"), str(folder / "dataset"), str(folder / "summary")),
        )
    except InputError:
        return False
    return True


def images(root: Path, classes: int = 10) -> None:
    for number in range(classes):
        (root / str(number)).mkdir(parents=True)
        for sample in range(2):
            Image.new("L", (28, 28), 20 * number + sample).save(root / f"{number}/{sample}.png")


def table_columns() -> dict[str, np.ndarray]:
    named = {f"c{number}": ROWS["categorical"][:, number] for number in range(8)}
    return {**named, **{f"n{number}": ROWS["numeric"][:, number] for number in range(5)}}


def write_csv(path: str, columns: dict) -> None:
    with Path(path).open("w", newline="") as file:
        csv.writer(file).writerows([[*columns], *zip(*columns.values(), strict=True)])


NAMES = np.array(
    ["top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
)
FASHION = {
    "sound": ({"image": PIXELS, "labels": LABELS}, {}, None),
    "further arrays": ({"image": PIXELS, "labels": LABELS, "names": LABELS}, {}, None),
    "integers for floats": ({"image": (255 * PIXELS).astype(np.uint8), "labels": LABELS}, {}, None),
    "bad labels that are not selected": (
        {"image": PIXELS, "labels": np.where(np.arange(SAMPLES) < 10, LABELS, 255)},
        {"samples": 10, "select": "first"},
        None,
    ),
    "other name": (
        {"imag": PIXELS, "labels": LABELS},
        {},
        "input `image` is missing: expected float32 [28, 28, 1] per sample, the source has `imag`. "
        "Did you mean `imag`?",
    ),
    "other shape": (
        {"image": PIXELS[..., 0], "labels": LABELS},
        {},
        "input `image`: expected float32 [28, 28, 1] per sample, given float32 [28, 28]",
    ),
    "other dtype": (
        {"image": PIXELS > 0, "labels": LABELS},
        {},
        "input `image`: expected float32 [28, 28, 1] per sample, given bool [28, 28, 1]: there is "
        "no safe cast. Store float32",
    ),
    "fewer labels": (
        {"image": PIXELS, "labels": LABELS[:-1]},
        {},
        "the arrays differ in their number of samples: `image` 20, `labels` 19",
    ),
    "no samples": ({"image": PIXELS[:0], "labels": LABELS[:0]}, {}, "there are no samples"),
    "labels counted from 1": (
        {"image": PIXELS, "labels": LABELS + 1},
        {},
        "metric `top1`: the labels run from 1 to 10, but output `output_0` has classes 0 to 9",
    ),
    "names of classes": (
        {"image": PIXELS, "labels": NAMES[LABELS]},
        {"classes": NAMES.tolist()},
        None,
    ),
    "an unknown name": (
        {"image": PIXELS, "labels": np.where(LABELS == 3, "cot", NAMES[LABELS])},
        {"classes": NAMES.tolist()},
        "label `labels` of sample 3 is `cot`, which `classes` does not list. Did you mean `coat`?",
    ),
    "fewer names than outputs": (
        {"image": PIXELS, "labels": NAMES[LABELS % 5]},
        {"classes": NAMES[:5].tolist()},
        "metric `top1`: the evaluation data has 5 classes",
    ),
    "labels of floats": (
        {"image": PIXELS, "labels": LABELS + 0.5},
        {},
        "metric `top1` needs scores [samples, classes] and integer labels [samples]",
    ),
    "groups": (
        {"image": PIXELS, "labels": LABELS, "speaker": LABELS // 2},
        {"group": "speaker"},
        None,
    ),
    "one group": (
        {"image": PIXELS, "labels": LABELS, "speaker": LABELS * 0},
        {"group": "speaker"},
        "all 20 samples have the value `0` of `speaker`, and groups need several",
    ),
    "groups of floats": (
        {"image": PIXELS, "labels": LABELS, "speaker": LABELS / 2},
        {"group": "speaker"},
        "`speaker` is float64 [20], but a group is one integer or text per sample",
    ),
    "no groups": (
        {"image": PIXELS, "labels": LABELS},
        {"group": "speaker"},
        "`data.evaluation.group` needs `speaker`, which is not in ",
    ),
    "labels that are not finite": (
        {"image": PIXELS, "labels": np.where(LABELS > 0, LABELS, np.nan)},
        {},
        None,
    ),
}


@pytest.mark.parametrize("case", FASHION)
def test_arrays_are_checked_against_signature_and_metrics(spec_of, tmp_path: Path, case) -> None:
    arrays, options, expected = FASHION[case]
    np.savez("test.npz", **arrays)
    loaded = spec_of(
        "fashion_mnist", {"source": "test.npz", "label": "labels", **options}, ["top1"]
    )
    problems = problems_of(loaded)
    assert expected is None or any(expected in problem for problem in problems), problems
    assert not (problems and is_built(loaded, tmp_path))
    assert bool(problems) == (expected is not None)


def test_every_problem_of_calibration_and_evaluation_is_reported_at_once(spec_of) -> None:
    np.savez("test.npz", image=PIXELS[..., 0], labels=LABELS)
    np.savez("train.npz", pixels=PIXELS)
    loaded = spec_of(
        "fashion_mnist",
        {"source": "test.npz", "label": "labels"},
        ["top1"],
        data={
            "calibration": {"source": "train.npz"},
            "evaluation": {"source": "test.npz", "label": "labels"},
        },
        quantize={"modes": ["full_integer"]},
    )
    with pytest.raises(SpecError) as caught:
        check_files(loaded)
    assert [problem.path for problem in caught.value.problems] == [
        ("data", "calibration", "source"),
        ("data", "calibration", "source"),
        ("data", "evaluation", "source"),
    ]


def test_a_stratified_selection_needs_labels_of_classes(spec_of, tmp_path: Path) -> None:
    np.savez("test.npz", image=PIXELS, labels=LABELS + 0.5)
    options = {"samples": 5, "select": "stratified", "label": "labels"}
    loaded = spec_of("fashion_mnist", {"source": "test.npz", **options}, ["mse"])
    (problem,) = problems_of(loaded)
    assert "a stratified choice needs one integer label per sample" in problem
    assert not is_built(loaded, tmp_path)


@pytest.mark.parametrize(
    ("classes", "expected"), [(10, None), (3, "the evaluation data has 3 classes")]
)
def test_class_folders_are_counted(spec_of, tmp_path: Path, classes, expected) -> None:
    images(tmp_path / "photos", classes)
    loaded = spec_of("fashion_mnist", {"source": "photos", "format": "images"}, ["top1"])
    problems = problems_of(loaded)
    assert [expected in problem for problem in problems] == ([True] if expected else [])
    assert is_built(loaded, tmp_path) == (not problems)


def test_slices_that_no_sample_is_in_are_reported(spec_of, tmp_path: Path) -> None:
    device = np.array(["phone", "watch"] * 10)
    np.savez("test.npz", image=PIXELS, labels=LABELS, device=device)
    metrics = [{"metric": "top1", "slice": "device"}]
    evaluation = {"source": "test.npz", "label": "labels"}
    limits = {"top1": {"slices": {"phone": {"min": 0.1}}}}
    assert problems_of(spec_of("fashion_mnist", evaluation, metrics, gate=limits)) == []
    limits = {"top1": {"slices": {"phnoe": {"min": 0.1}}}}
    loaded = spec_of("fashion_mnist", evaluation, metrics, gate=limits)
    (problem,) = problems_of(loaded)
    assert "no sample has `phnoe` as `device`" in problem
    assert not is_built(loaded, tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"n4": None}, "has no column `n4`"),
        ({"income": None}, "`income`"),
        ({"c0": ["a"] * SAMPLES}, "`c0`"),
        ({"c0": [0.5] * SAMPLES}, "`c"),
    ],
)
def test_columns_are_checked(spec_of, tmp_path: Path, suffix, changes, expected) -> None:
    columns = {**table_columns(), "income": BINARY, **changes}
    columns = {name: values for name, values in columns.items() if values is not None}
    if suffix == "csv":
        write_csv("test.csv", columns)
    else:
        pa.parquet.write_table(pa.table(columns), "test.parquet")
    evaluation = {"source": f"test.{suffix}", "label": "income", **COLUMNS}
    loaded = spec_of("adult_two_inputs", evaluation, ["roc_auc"])
    problems = problems_of(loaded)
    assert [expected in problem for problem in problems] == ([True] if expected else [])
    assert is_built(loaded, tmp_path) == (not problems)


def test_a_table_without_rows_is_reported(spec_of, tmp_path: Path) -> None:
    write_csv("test.csv", {name: [] for name in [*table_columns(), "income"]})
    evaluation = {"source": "test.csv", "label": "income", **COLUMNS}
    loaded = spec_of("adult_two_inputs", evaluation, ["roc_auc"])
    (problem,) = problems_of(loaded)
    assert problem.endswith("test.csv gave no samples")
    assert not is_built(loaded, tmp_path)


def test_what_this_machine_lacks_is_left_to_the_run(spec_of, tmp_path: Path) -> None:
    missing = spec_of("none", {"source": "test.npz", "label": "labels"}, ["top1"])
    assert len(problems_of(missing)) == 2
    check_files(missing, runs_here=False)
    remote = spec_of("none", {"source": "gs://b/test.npz", "label": "labels"}, ["top1"])
    check_files(remote, runs_here=False)
    np.savez("test.npz", pixels=PIXELS, labels=LABELS)
    present = spec_of("fashion_mnist", {"source": "test.npz", "label": "labels"}, ["top1"])
    with pytest.raises(SpecError, match="input `image` is missing"):
        check_files(present, runs_here=False)


def test_warnings_are_left_to_the_run(spec_of, capfd: pytest.CaptureFixture) -> None:
    np.savez("test.npz", image=PIXELS, labels=LABELS)
    evaluation = {"source": "test.npz", "label": "labels", "samples": 100}
    assert problems_of(spec_of("fashion_mnist", evaluation, ["top1"])) == []
    assert capfd.readouterr().err == ""


def test_a_check_imports_no_tensorflow(spec_of) -> None:
    np.savez("test.npz", image=PIXELS, labels=LABELS)
    spec_of("fashion_mnist", {"source": "test.npz", "label": "labels"}, ["top1"])
    code = (
        "import sys; from quantgate.cli import main\n"
        "try: main(['validate', 'spec.yaml'])\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'kfp', 'ai_edge_litert', 'scipy', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "spec.yaml is valid: 1 candidate for rehearsed\n[]\n"


def test_a_damaged_keras_file_is_reported(spec_of, shared_models: Path, tmp_path: Path) -> None:
    content = (shared_models / "fashion_mnist" / "model.keras").read_bytes()
    np.savez("test.npz", image=PIXELS, labels=LABELS)
    evaluation = {"source": "test.npz", "label": "labels"}
    Path("model.keras").write_bytes(content)
    model = {"keras": "model.keras"}
    assert problems_of(spec_of("", evaluation, ["top1"], model=model)) == []
    Path("model.keras").write_bytes(content[:1000])
    (problem,) = problems_of(spec_of("", evaluation, ["top1"], model=model))
    assert problem.startswith("`model.keras` cannot be used: ")
    assert "is damaged or truncated" in problem
