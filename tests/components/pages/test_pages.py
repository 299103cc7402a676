"""Each component's page and `metadata.yaml`, held against the component itself."""

import importlib.util
import re
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from kfp import compiler
from kfp.dsl.base_component import BaseComponent

from quantgate.foundation.pipeline_file import read_pipeline_file

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def _load_refresh() -> ModuleType:
    module_spec = importlib.util.spec_from_file_location("pages_refresh", HERE / "refresh.py")
    assert module_spec is not None and module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


REFRESH = _load_refresh()
#: The form of metadata_schema.json in kubeflow/pipelines-components, as of 2026.
REQUIRED = {"name", "stability", "dependencies", "lastVerified"}
ALLOWED = REQUIRED | {"tags", "ci", "links", "managed", "description"}
VERSION = re.compile(r"(==|>=|<=|~=)?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def rows(text: str, heading: str) -> set[str]:
    table = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


@pytest.mark.parametrize("name", REFRESH.NAMES)
def test_a_page_says_what_the_interface_says(name: str) -> None:
    page = (REFRESH.ROOM / name / "README.md").read_text(encoding="utf-8")
    spec = REFRESH.component(name).component_spec
    assert page.startswith(f"# {name}\n")
    assert rows(page, "Inputs") == set(spec.inputs or {})
    assert rows(page, "Outputs") == set(spec.outputs or {})
    assert page == REFRESH.page(name), "see `make pages`"


@pytest.mark.parametrize("name", REFRESH.NAMES)
def test_the_example_of_a_page_compiles(name: str, tmp_path: Path) -> None:
    page = (REFRESH.ROOM / name / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    made: dict[str, object] = {}
    exec(compile(example, f"{name}/README.md", "exec"), made)
    assert isinstance(made["pipeline"], BaseComponent)
    compiler.Compiler().compile(made["pipeline"], str(tmp_path / "pipeline.yaml"))
    components = read_pipeline_file(tmp_path / "pipeline.yaml").document["components"]
    assert f"comp-{name.replace('_', '-')}" in components


@pytest.mark.parametrize("name", REFRESH.NAMES)
def test_metadata_is_of_the_form_of_pipelines_components(name: str) -> None:
    text = (REFRESH.ROOM / name / "metadata.yaml").read_text(encoding="utf-8")
    metadata = yaml.safe_load(text)
    assert REQUIRED <= metadata.keys() <= ALLOWED
    assert metadata["name"] == REFRESH.component(name).python_func.__name__ == name
    assert metadata["stability"] in ("alpha", "beta", "stable")
    assert metadata["lastVerified"] <= datetime.now(timezone.utc)
    (kubeflow,) = metadata["dependencies"]["kubeflow"]
    assert kubeflow["name"] == "Pipelines"
    assert VERSION.fullmatch(kubeflow["version"])
    asked = re.search(r'^kfp = \["kfp(>=[\d.]+)', (ROOT / "pyproject.toml").read_text(), re.M)
    assert asked and kubeflow["version"] == f"{asked.group(1)}.0"


def test_every_component_has_its_page() -> None:
    pages = {path.parent.name for path in REFRESH.ROOM.glob("*/README.md")}
    described = {path.parent.name for path in REFRESH.ROOM.glob("*/metadata.yaml")}
    assert pages == described == set(REFRESH.NAMES)
