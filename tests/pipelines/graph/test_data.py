"""Data sources in the graph."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from quantgate.pipelines import compile_pipeline
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec.model.spec import Spec

LABELLED = {"source": "test.npz", "label": "y"}


def compiled(folder: Path, **data: object) -> dict[str, Any]:
    spec = Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": {"saved_model": "model"},
            "data": {"evaluation": LABELLED, "calibration": {"source": "train.npz"}, **data},
            "measure": {"metrics": ["top1"]},
            "gate": {"top1": {"max_drop": 0.01}},
        }
    )
    path = folder / "pipeline.yaml"
    plan = make_plan(spec)
    compile_pipeline(plan, "0" * 64, path)
    documents = list(yaml.load_all(path.read_text(), yaml.CSafeLoader))
    names = {task["taskInfo"]["name"] for task in documents[0]["root"]["dag"]["tasks"].values()}
    assert {task.title for task in tasks_of(plan) if task.times == 1} <= names
    return documents[0]


def building(ir: dict[str, Any], title: str) -> tuple[dict[str, Any], str]:
    """Return the task with a title, and its image."""
    tasks = ir["root"]["dag"]["tasks"].values()
    (task,) = (task for task in tasks if task["taskInfo"]["name"] == title)
    label = ir["components"][task["componentRef"]["name"]]["executorLabel"]
    return task, ir["deploymentSpec"]["executors"][label]["container"]["image"]


def constants(task: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value["runtimeValue"]["constant"]
        for name, value in task["inputs"]["parameters"].items()
        if "runtimeValue" in value
    }


@pytest.mark.parametrize(
    ("calibration", "image"),
    [
        ({"source": "train.tfrecord", "features": {"x": {}}}, "convert"),
        ({"source": "gs://bucket/saved", "format": "tf_data"}, "convert"),
        ({"source": "train.npz"}, "runtime"),
        ({"source": "train", "format": "images"}, "runtime"),
        ({"source": "my_data:samples"}, "runtime"),
    ],
)
def test_tensorflow_formats_are_read_in_the_tensorflow_image(
    tmp_path: Path, calibration: dict[str, object], image: str
) -> None:
    ir = compiled(tmp_path, calibration=calibration)
    assert f"quantgate/{image}:" in building(ir, "Build calibration set")[1]
    assert "quantgate/runtime:" in building(ir, "Build evaluation set")[1]


def test_a_python_function_is_not_imported_and_not_cached(tmp_path: Path) -> None:
    ir = compiled(tmp_path, calibration={"source": "my_data:samples"})
    task, _ = building(ir, "Build calibration set")
    assert constants(task)["generator"] == "my_data:samples"
    assert "source" not in task["inputs"]["artifacts"]
    assert not task["cachingOptions"]
    assert set(ir["root"]["inputDefinitions"]["parameters"]) == {"model", "evaluation"}


def test_the_key_of_groups_reaches_both_data_sets(tmp_path: Path) -> None:
    ir = compiled(tmp_path, evaluation={**LABELLED, "group": "speaker"})
    for title in ("Build calibration set", "Build evaluation set"):
        assert constants(building(ir, title)[0])["group"] == "speaker"


def test_random_data_needs_no_run_parameters(tmp_path: Path) -> None:
    random = {"source": "random", "samples": 10, "random": {"classes": 10}}
    ir = compiled(tmp_path, calibration={"source": "random"}, evaluation=random, allow_random=True)
    assert set(ir["root"]["inputDefinitions"]["parameters"]) == {"model"}
    task, _ = building(ir, "Build evaluation set")
    assert json.loads(constants(task)["options"]) == {
        "random": {"range": [0.0, 1.0], "classes": 10}
    }
    assert constants(building(ir, "Gate")[0])["allow_random"] is True


def test_options_of_sources_reach_the_task_unchanged(tmp_path: Path) -> None:
    images = {"size": [32, 48], "mean": [0.5]}
    ir = compiled(tmp_path, calibration={"source": "t", "format": "images", "images": images})
    options = json.loads(constants(building(ir, "Build calibration set")[0])["options"])
    assert options["images"]["size"] == [32, 48]
    assert all(isinstance(number, int) for number in options["images"]["size"])


def test_expandable_text_in_options_is_escaped(tmp_path: Path) -> None:
    columns = {"x": ["a$$", "$(HOME)"]}
    ir = compiled(tmp_path, calibration={"source": "train.csv", "columns": columns})
    options = constants(building(ir, "Build calibration set")[0])["options"]
    assert "$" not in options
    assert json.loads(options)["columns"] == columns


@pytest.mark.parametrize(
    ("calibration", "classes"),
    [
        ({"source": "train.npz"}, ["ant", "bee"]),
        ({"source": "train.npz", "classes": ["cow", "dog"]}, ["cow", "dog"]),
        ({"source": "train.npz", "label": "kind"}, None),
        ({"source": "train", "format": "images"}, None),
        ({"source": "train"}, None),
    ],
)
def test_calibration_data_takes_the_classes_of_the_evaluation_data_with_its_label(
    tmp_path: Path, calibration: dict[str, object], classes: list[str] | None
) -> None:
    evaluation = {**LABELLED, "classes": ["ant", "bee"]}
    ir = compiled(tmp_path, calibration=calibration, evaluation=evaluation)
    options = json.loads(constants(building(ir, "Build calibration set")[0])["options"])
    assert options.get("classes") == classes
    options = json.loads(constants(building(ir, "Build evaluation set")[0])["options"])
    assert options["classes"] == ["ant", "bee"]


@pytest.mark.parametrize(("asked", "default"), [({}, 200), ({"samples": 200}, None)])
def test_the_task_knows_a_number_of_samples_that_is_a_default(
    tmp_path: Path, asked: dict[str, int], default: int | None
):
    ir = compiled(tmp_path, calibration={"source": "train.npz", **asked})
    task, _ = building(ir, "Build calibration set")
    given = task["inputs"]["parameters"].get("default_samples", {})
    assert given.get("runtimeValue", {}).get("constant") == default


IN_PARTS = {**LABELLED, "shards": 2}
RECORDS = {"source": "train.tfrecord", "features": {"x": {}}}


@pytest.mark.parametrize(
    ("calibration", "is_listed"),
    [
        ({"source": "train.npz"}, True),
        ({"source": "gs://bucket/train"}, True),
        ({"source": "train", "format": "images", "select": "stratified"}, True),
        ({**RECORDS, "select": "first"}, True),
        (RECORDS, False),
        ({"source": "train.parquet"}, False),
        ({"source": "train.csv", "select": "first"}, False),
        ({"source": "saved", "format": "tf_data", "select": "first"}, False),
    ],
)
def test_calibration_beside_data_in_parts_takes_a_list_of_files_where_it_can(
    tmp_path: Path, calibration: dict[str, object], is_listed: bool
) -> None:
    ir = compiled(tmp_path, evaluation=IN_PARTS, calibration=calibration)
    task, _ = building(ir, "Build calibration set")
    given = task["inputs"]["artifacts"]
    assert ("listing" in given, "source" in given) == (is_listed, not is_listed)
    assert ("import-calibration" in ir["root"]["dag"]["tasks"]) is not is_listed
    if is_listed:
        producer = given["listing"]["taskOutputArtifact"]["producerTask"]
        keeping = ir["root"]["dag"]["tasks"][producer]
        assert keeping["taskInfo"]["name"] == "Keep list of calibration files"
        assert keeping["cachingOptions"] == {"enableCache": True}
        assert not building(ir, "List calibration files")[0]["cachingOptions"]
        assert "content" not in task["inputs"]["parameters"]


def test_only_the_gate_takes_the_origins_of_samples_in_parts(tmp_path: Path) -> None:
    ir = compiled(tmp_path, evaluation=IN_PARTS)
    taking = [
        task["taskInfo"]["name"]
        for component in [ir["root"], *ir["components"].values()]
        for task in component.get("dag", {}).get("tasks", {}).values()
        if "origins" in str(task["inputs"].get("artifacts", {}))
    ]
    assert taking == ["Gate"]


def test_without_parts_nothing_is_listed(tmp_path: Path) -> None:
    ir = compiled(tmp_path)
    assert "origins" not in building(ir, "Gate")[0]["inputs"]["artifacts"]
    assert "source" in building(ir, "Build calibration set")[0]["inputs"]["artifacts"]
    assert not any(name.startswith("list-source") for name in ir["root"]["dag"]["tasks"])


def test_functions_and_random_data_beside_data_in_parts_are_made_as_before(tmp_path: Path) -> None:
    for source in ("my_data:samples", "random"):
        ir = compiled(tmp_path, evaluation=IN_PARTS, calibration={"source": source})
        task, _ = building(ir, "Build calibration set")
        assert constants(task)["generator"] == source
        assert "listing" not in task["inputs"]["artifacts"]


def test_the_search_set_is_built_from_a_list_of_files_of_its_own(tmp_path: Path) -> None:
    spec = Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": {"tflite": "model.tflite"},
            "data": {
                "evaluation": IN_PARTS,
                "calibration": {"source": "train.npz"},
                "search": {"source": "val.npz", "label": "y", "samples": 100},
            },
            "quantize": {"recipes": ["static_wi8_ai8"], "recover": {}},
            "measure": {"metrics": ["top1"]},
            "gate": {"top1": {"max_drop": 0.01}},
        }
    )
    plan = make_plan(spec)
    assert plan.listed == ("evaluation", "calibration", "search")
    compile_pipeline(plan, "0" * 64, tmp_path / "pipeline.yaml")
    ir = next(yaml.load_all((tmp_path / "pipeline.yaml").read_text(), yaml.CSafeLoader))
    names = {
        task["inputs"]["parameters"]["uri"]["componentInputParameter"]
        for name, task in ir["root"]["dag"]["tasks"].items()
        if name.startswith("list-source")
    }
    assert names == {*plan.listed}
    producer = building(ir, "Build search set")[0]["inputs"]["artifacts"]["listing"]
    keeping = ir["root"]["dag"]["tasks"][producer["taskOutputArtifact"]["producerTask"]]
    assert keeping["taskInfo"]["name"] == "Keep list of search files"


def test_signatures_share_the_list_of_one_source_and_have_lists_of_their_own(
    tmp_path: Path,
) -> None:
    spec = Spec.model_validate(
        {
            "version": 1,
            "name": "autoencoder",
            "model": {"saved_model": "model", "signatures": ["encode", "decode", "mix"]},
            "data": {
                "evaluation": IN_PARTS,
                "calibration": {
                    "source": "train.npz",
                    "signatures": {"decode": {"source": "codes"}},
                },
            },
            "quantize": {"modes": ["int16x8"]},
            "measure": {"metrics": ["mse"]},
            "gate": {"mse": {"max": 1.0}},
        }
    )
    compile_pipeline(make_plan(spec), "0" * 64, tmp_path / "pipeline.yaml")
    ir = next(yaml.load_all((tmp_path / "pipeline.yaml").read_text(), yaml.CSafeLoader))
    keeping = {}
    for signature in ("encode", "decode", "mix"):
        task, _ = building(ir, f"Build calibration set: {signature}")
        producer = task["inputs"]["artifacts"]["listing"]["taskOutputArtifact"]["producerTask"]
        keeping[signature] = ir["root"]["dag"]["tasks"][producer]["taskInfo"]["name"]
    assert keeping == {
        "encode": "Keep list of calibration files",
        "decode": "Keep list of calibration-decode files",
        "mix": "Keep list of calibration files",
    }
