"""Compile specs into IR: the goldens, and their names and parameters on a cluster."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from kfp import components

from quantgate.errors import UsageError
from quantgate.pipelines import compile_pipeline
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec.model.spec import Spec

GOLDENS = Path(__file__).parent / "goldens"
DIGEST = "0" * 64


def _load_refresh() -> ModuleType:
    module_spec = importlib.util.spec_from_file_location("refresh", GOLDENS / "refresh.py")
    assert module_spec is not None and module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


REFRESH = _load_refresh()


def plan_of(**sections: object) -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "digits",
                "model": {"saved_model": "model"},
                "data": {
                    "calibration": {"source": "train.npz"},
                    "evaluation": {"source": "test.npz", "label": "y"},
                },
                "measure": {"metrics": ["top1"]},
                "gate": {"top1": {"max_drop": 0.01}},
                **sections,
            }
        )
    )


def compiled(plan: Plan, folder: Path) -> dict[str, Any]:
    path = folder / "pipeline.yaml"
    compile_pipeline(plan, DIGEST, path)
    return yaml.load(path.read_text(), yaml.CSafeLoader)


def display_names(dag: dict[str, Any], ir: dict[str, Any]) -> list[str]:
    names = []
    for task in dag["tasks"].values():
        component = ir["components"][task["componentRef"]["name"]]
        if "dag" in component:
            names += display_names(component["dag"], ir)
        else:
            names.append(task["taskInfo"]["name"])
    return names


@pytest.mark.parametrize("story", REFRESH.STORIES)
def test_examples_compile_to_their_golden_files(story: str, tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    REFRESH.compile_story(story, path)
    golden = GOLDENS / f"{story}.pipeline.yaml"
    assert path.read_text() == golden.read_text(), "see `make goldens`"


def test_every_golden_has_its_example() -> None:
    kept = {path.name.removesuffix(".pipeline.yaml") for path in GOLDENS.glob("*.pipeline.yaml")}
    assert kept == set(REFRESH.STORIES)


def test_compiling_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        compile_pipeline(plan_of(), DIGEST, tmp_path / name)
    assert (tmp_path / "one.yaml").read_bytes() == (tmp_path / "two.yaml").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.yaml", "two.yaml"]


@pytest.mark.parametrize(
    "sections",
    [
        {"promote": {"to": "out"}},
        {"quantize": {"modes": ["float16"]}, "measure": {"metrics": ["top1"], "latency": None}},
        {"quantize": {"modes": [{"mode": "float16", "name": f"n{n}"} for n in range(81)]}},
    ],
    ids=["everything", "the least", "three loops"],
)
def test_display_names_are_those_of_the_plan(sections: dict[str, object], tmp_path: Path) -> None:
    plan = plan_of(**sections)
    ir = compiled(plan, tmp_path)
    named = display_names(ir["root"]["dag"], ir)
    assert set(named) == {task.title for task in tasks_of(plan)}
    once = [task.title for task in tasks_of(plan) if task.times == 1]
    assert [named.count(title) for title in once] == [1] * len(once)
    assert named.count("Quantize") == sum(not loop.is_of_recipes for loop in plan.loops)
    assert named.count("Quantize by recipe") == sum(loop.is_of_recipes for loop in plan.loops)


def test_the_loop_is_a_literal_list_of_candidates(tmp_path: Path) -> None:
    plan = plan_of(quantize={"modes": ["float16", {"mode": "float16", "name": "again"}]})
    ir = compiled(plan, tmp_path)
    loop = ir["root"]["dag"]["tasks"]["for-loop-2"]["parameterIterator"]
    assert [item["candidate"] for item in json.loads(loop["items"]["raw"])] == ["float16", "again"]


def test_uris_are_defaults_and_local_paths_are_not(tmp_path: Path) -> None:
    plan = plan_of(model={"saved_model": "gs://models/digits"}, promote={"to": "out"})
    parameters = compiled(plan, tmp_path)["root"]["inputDefinitions"]["parameters"]
    assert parameters["model"]["defaultValue"] == "gs://models/digits"
    assert {name for name, parameter in parameters.items() if "defaultValue" not in parameter} == {
        "calibration",
        "evaluation",
        "promote_to",
    }


def test_pipeline_contains_no_local_paths(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    compile_pipeline(plan_of(), DIGEST, path)
    assert str(Path.home()) not in path.read_text()
    assert str(Path(__file__).parents[2]) not in path.read_text()


def test_kfp_loads_what_was_compiled(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    compile_pipeline(plan_of(promote={"to": "out"}), DIGEST, path)
    pipeline = components.load_component_from_file(str(path))
    assert set(pipeline.component_spec.inputs) == {
        "model",
        "calibration",
        "evaluation",
        "promote_to",
    }
    assert set(pipeline.component_spec.outputs) == {
        "decision",
        "report",
        "page",
        "winner",
        "compiled",
        "qualified",
    }


def test_unwritable_path_is_a_usage_error(tmp_path: Path) -> None:
    place = tmp_path / "no" / "pipeline.yaml"
    with pytest.raises(UsageError) as caught:
        compile_pipeline(plan_of(), DIGEST, place)
    assert str(caught.value) == (
        f"cannot write {place}: No such file or directory. Choose another path"
    )


@pytest.mark.parametrize("place", ["", "."])
def test_folder_as_output_is_a_usage_error(place: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_pipeline(plan_of(), DIGEST, Path(place))
    assert str(caught.value) == "cannot write .: it is a folder. Name a file in it"
