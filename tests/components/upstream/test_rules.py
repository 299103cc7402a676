"""The rules that kubeflow/pipelines-components checks a contributed component by.

Which they are is in its docs/CONTRIBUTING.md, and in its scripts as of July 2026.
"""

import ast
import importlib.util
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from kfp import compiler
from kfp.dsl.base_component import BaseComponent

from quantgate import __version__
from quantgate.foundation.pipeline_file import read_pipeline_file

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FILES = ("OWNERS", "README.md", "__init__.py", "component.py", "metadata.yaml")
REQUIRED = ["name", "stability", "dependencies", "lastVerified"]
OPTIONAL = {"tags", "ci", "links"}
STABILITIES = ("experimental", "alpha", "beta", "stable")
VERSION = re.compile(r"(==|>=|<=)?(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}")
IMAGE = re.compile(r"ghcr\.io/kubeflow/.+|python:\d+\.\d+.*")
APPROVERS = re.compile(r"^approvers:\n\s*- \S+", re.MULTILINE)
#: Their pyproject.toml, as options.
RUFF = ("--isolated", "--line-length", "120", "--target-version", "py311")
LINT = (
    *("--select", "E,W,F,I,D", "--ignore", "D100,D104,D415"),
    *("--config", 'lint.pydocstyle.convention="google"'),
)


def _load_refresh() -> ModuleType:
    module_spec = importlib.util.spec_from_file_location("upstream_refresh", HERE / "refresh.py")
    assert module_spec is not None and module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


REFRESH = _load_refresh()


@pytest.fixture(params=REFRESH.NAMES)
def folder(request: pytest.FixtureRequest) -> Path:
    """The folder of each component that is for them."""
    return REFRESH.UPSTREAM / request.param


def test_every_file_exists(folder: Path) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", folder.name)
    assert [name for name in FILES if not (folder / name).is_file()] == []


def test_owners_name_an_approver(folder: Path) -> None:
    assert APPROVERS.search((folder / "OWNERS").read_text())


def test_metadata_has_the_upstream_form(folder: Path) -> None:
    text = (folder / "metadata.yaml").read_text()
    metadata = REFRESH.read(folder / "metadata.yaml")
    assert [key for key in metadata if key not in OPTIONAL] == REQUIRED
    assert metadata["name"] == folder.name == REFRESH.interface(folder).name
    assert metadata["stability"] in STABILITIES
    assert all(isinstance(tag, str) for tag in metadata["tags"])
    assert text.startswith("---\n") and text.endswith("\n")
    assert max(map(len, text.splitlines())) <= 120


def test_dependencies_have_versions(folder: Path) -> None:
    dependencies = REFRESH.read(folder / "metadata.yaml")["dependencies"]
    assert {"kubeflow"} <= dependencies.keys() <= {"kubeflow", "external_services"}
    assert "Pipelines" in [each["name"] for each in dependencies["kubeflow"]]
    for each in (*dependencies["kubeflow"], *dependencies.get("external_services", ())):
        assert VERSION.fullmatch(each["version"]), each


def test_the_verification_is_dated(folder: Path) -> None:
    verified = REFRESH.read(folder / "metadata.yaml")["lastVerified"]
    assert isinstance(verified, datetime) and verified.tzinfo is not None
    assert verified <= datetime.now(timezone.utc)


@pytest.mark.slow  # before a release: a check that fails by the calendar is none of a commit's
def test_the_verification_is_less_than_a_year_old(folder: Path) -> None:
    verified = REFRESH.read(folder / "metadata.yaml")["lastVerified"]
    assert datetime.now(timezone.utc) - verified < timedelta(days=365)


def test_modules_import_the_standard_library_and_kfp_alone(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        assert _imported_at_the_top(path) <= {*sys.stdlib_module_names, "kfp", "pytest"}


def _imported_at_the_top(path: Path) -> set[str]:
    names: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
        waiting += ast.iter_child_nodes(node)
    return names


def test_it_compiles_on_an_allowed_image(folder: Path, tmp_path: Path) -> None:
    module = importlib.import_module(f"quantgate.components.upstream.{folder.name}")
    component = getattr(module, folder.name)
    assert isinstance(component, BaseComponent)
    compiler.Compiler().compile(component, str(tmp_path / "component.yaml"))
    document = read_pipeline_file(tmp_path / "component.yaml").document
    (executor,) = document["deploymentSpec"]["executors"].values()
    assert IMAGE.fullmatch(executor["container"]["image"])


def test_the_image_is_a_literal(folder: Path) -> None:
    assert isinstance(_decorator(folder)["base_image"], ast.Constant)


def test_what_pip_installs_is_this_version_with_extras_that_exist(folder: Path) -> None:
    (requirement,) = ast.literal_eval(_decorator(folder)["packages_to_install"])
    pinned = re.fullmatch(r"quantgate\[([a-z0-9_,]+)\]==(\S+)", requirement)
    assert pinned and pinned.group(2) == __version__
    for extra in pinned.group(1).split(","):
        assert re.search(rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)


def _decorator(folder: Path) -> dict[str | None, ast.expr]:
    (call,) = REFRESH.interface(folder).decorator_list
    assert isinstance(call, ast.Call)
    return {keyword.arg: keyword.value for keyword in call.keywords}


def test_ruff_passes_with_the_upstream_settings(folder: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    for command in (("check", *RUFF, *LINT), ("format", "--check", *RUFF)):
        done = subprocess.run([ruff, *command, folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_is_in_sync(folder: Path) -> None:
    assert (folder / "README.md").read_text() == REFRESH.page(folder.name), "see `make pages`"


def test_the_example_of_the_page_compiles(folder: Path, tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    made: dict[str, object] = {}
    exec(compile(example, f"{folder.name}/README.md", "exec"), made)
    compiler.Compiler().compile(made["pipeline"], str(tmp_path / "pipeline.yaml"))
    components = read_pipeline_file(tmp_path / "pipeline.yaml").document["components"]
    assert f"comp-{folder.name.replace('_', '-')}" in components


def test_the_spec_of_the_page_is_valid(folder: Path, tmp_path: Path) -> None:
    from quantgate.spec import load

    (spec,) = re.findall(r'SPEC = """\\\n(.*?)"""', (folder / "README.md").read_text(), re.DOTALL)
    (tmp_path / "spec.yaml").write_text(spec)
    assert load(tmp_path / "spec.yaml").spec.name == yaml.safe_load(spec)["name"]
