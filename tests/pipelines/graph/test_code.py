"""The user's Python file in the graph, and the caching of tasks that use it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.pipelines import compile_pipeline, quantize_and_gate
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec import load

CODE = "def samples():\n    yield {'x': [1.0]}\n\ndef spread(outputs, labels):\n    return 0.0\n"
SPEC = """\
version: 1
name: digits
model: {saved_model: gs://models/digits}
code: my_code.py
data:
  calibration: {source: 'my_code:samples'}
  evaluation: {source: gs://data/test.npz, label: y}
quantize: {modes: [dynamic_range, integer_only_int8]}
measure: {metrics: [{metric: 'my_code:spread', better: lower}], latency: null}
gate: {spread: {max_rise: 0.1}}
"""
SHA256 = sha256_of_bytes(CODE.encode())


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "my_code.py").write_text(CODE)
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def compiled(spec: Path, *overrides: str) -> dict[str, Any]:
    loaded = load(spec, overrides)
    plan = make_plan(loaded.spec)
    compile_pipeline(plan, loaded.sha256, spec.with_name("pipeline.yaml"))
    ir = yaml.load(spec.with_name("pipeline.yaml").read_text(), yaml.CSafeLoader)
    titles = {task["taskInfo"]["name"] for task in ir["root"]["dag"]["tasks"].values()}
    assert {task.title for task in tasks_of(plan) if task.times == 1} <= titles
    return ir


def tasks_by_title(ir: dict[str, Any]) -> dict[str, dict[str, Any]]:
    dags = [ir["root"]["dag"], *(c["dag"] for c in ir["components"].values() if "dag" in c)]
    return {task["taskInfo"]["name"]: task for dag in dags for task in dag["tasks"].values()}


def constants(task: dict[str, Any]) -> dict[str, Any]:
    given = task["inputs"]["parameters"]
    return {k: v["runtimeValue"]["constant"] for k, v in given.items() if "runtimeValue" in v}


def test_local_file_is_sent_inside_the_pipeline(spec: Path) -> None:
    tasks = tasks_by_title(compiled(spec))
    assert constants(tasks["Carry own code"]) == {
        "name": "my_code.py",
        "text": json.dumps(CODE),
        "sha256": SHA256,
    }
    told = ("Build calibration set", "Build evaluation set", "Evaluate baseline", "Evaluate")
    for title in told:
        assert "code" in tasks[title]["inputs"]["artifacts"], title
        assert constants(tasks[title])["code_sha256"] == SHA256
        assert tasks[title]["cachingOptions"] == {"enableCache": True}
    assert constants(tasks["Gate"])["code_sha256"] == SHA256


def test_text_of_a_file_is_not_expanded_on_a_cluster(spec: Path) -> None:
    code = f"{CODE}WORDS = '$$ $(HOME) {{{{workflow.name}}}} {{{{$.inputs}}}} \\\\$ ä'\n"
    (spec.parent / "my_code.py").write_text(code)
    carried = constants(tasks_by_title(compiled(spec))["Carry own code"])
    assert json.loads(carried["text"]) == code
    assert not any(mark in carried["text"] for mark in ("$", "{{"))
    assert carried["sha256"] == sha256_of_bytes(code.encode())


def test_changed_code_changes_the_pipeline(spec: Path) -> None:
    before = constants(tasks_by_title(compiled(spec))["Evaluate baseline"])
    (spec.parent / "my_code.py").write_text(CODE + "# changed\n")
    after = constants(tasks_by_title(compiled(spec))["Evaluate baseline"])
    assert before["code_sha256"] != after["code_sha256"]


def test_a_file_in_storage_is_imported_by_its_uri(spec: Path) -> None:
    uri = ("code.file=gs://code/my_code.py", f"code.sha256={SHA256}")
    ir = compiled(spec, "code={}", *uri)
    tasks = tasks_by_title(ir)
    assert "Carry own code" not in tasks
    executors = ir["deploymentSpec"]["executors"].values()
    uris = [executor.get("importer", {}).get("artifactUri") for executor in executors]
    assert {"constant": "gs://code/my_code.py"} in uris
    assert constants(tasks["Evaluate baseline"])["code_sha256"] == SHA256


def test_installed_functions_are_not_cached(spec: Path) -> None:
    tasks = tasks_by_title(compiled(spec, "data.calibration.source=installed:samples"))
    assert tasks["Build calibration set"]["cachingOptions"] == {}
    assert "code" not in tasks["Build calibration set"]["inputs"]["artifacts"]
    assert tasks["Evaluate"]["cachingOptions"] == {"enableCache": True}


def test_data_tasks_without_user_functions_do_not_take_the_code(spec: Path) -> None:
    figures = ("measure.metrics=[top1]", "gate={top1: {max_drop: 0.1}}")
    tasks = tasks_by_title(compiled(spec, *figures))
    assert "code" in tasks["Build calibration set"]["inputs"]["artifacts"]
    assert "code" not in tasks["Build evaluation set"]["inputs"]["artifacts"]


def test_code_is_sent_inside_an_embedding_pipeline(spec: Path) -> None:
    assert quantize_and_gate(spec).plan.spec.code.text == CODE
