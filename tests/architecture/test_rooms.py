"""The libraries that a room may import, and the packages that are shipped.

`pyproject.toml` states the layers between rooms, and `make types` checks them.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    "quantgate": ROOT / "src" / "quantgate",
    "quantgate.components": ROOT / "components",
    "quantgate.local_runner": ROOT / "local_runner",
    "quantgate.pipelines": ROOT / "pipelines",
}
#: Components in the form of kubeflow/pipelines-components, where quantgate's name is not theirs.
UPSTREAM = ROOT / "components" / "upstream"
CORE_LIBRARIES = {"numpy", "pydantic", "yaml", "pydantic_core"}
#: Modules that are imported only when they are needed.
LAZY_MODULES = {
    "console": {"rich"},
    "gcs": {"google"},
    "gcs_client": {"google", "requests"},
    "special_functions": {"scipy"},
    "terminal": {"rich"},
}
RUNNER_LIBRARIES = {"", "docker", "google", "kfp", "threadpoolctl", "yaml"}
#: A function with more parameters takes records instead.
MOST_PARAMETERS = 8
ROOM_NAMES = ("components", "pipelines", "local_runner")


def modules_of(room: str) -> list[Path]:
    return sorted(ROOMS[room].rglob("*.py"))


def imports_of(path: Path, *, only_at_import_time: bool = False) -> Iterator[str]:
    """Yield the dotted names that a module imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _statements(tree) if only_at_import_time else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 or UPSTREAM in path.parents, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _statements(child)


def room_of(name: str) -> str:
    for room in ROOM_NAMES:
        if name == f"quantgate.{room}" or name.startswith(f"quantgate.{room}."):
            return room
    return "core" if name.split(".")[0] == "quantgate" else ""


def library_of(name: str) -> str:
    top = name.split(".")[0]
    return "" if top in sys.stdlib_module_names or top == "quantgate" else top


@pytest.mark.parametrize("path", modules_of("quantgate"), ids=lambda path: path.stem)
def test_core_imports_nothing_heavy(path: Path) -> None:
    allowed = CORE_LIBRARIES | LAZY_MODULES.get(path.stem, set())
    for name in imports_of(path, only_at_import_time=True):
        assert room_of(name) in ("", "core"), f"{path} imports {name}"
        assert library_of(name) in allowed | {""}, f"{path} imports {name} at import time"


@pytest.mark.parametrize("path", modules_of("quantgate.local_runner"), ids=lambda path: path.stem)
def test_local_runner_imports_few_libraries(path: Path) -> None:
    for name in imports_of(path):
        assert library_of(name) in RUNNER_LIBRARIES, f"{path} imports {name}"


@pytest.mark.parametrize("path", modules_of("quantgate.pipelines"), ids=lambda path: path.stem)
def test_pipelines_import_kfp_only(path: Path) -> None:
    for name in imports_of(path):
        assert library_of(name) in {"", "kfp", "kfp_server_api", "urllib3"}, name


@pytest.mark.parametrize(
    "path", modules_of("quantgate.components"), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_components_keep_interface_and_work_apart(path: Path) -> None:
    names = set(imports_of(path))
    if path.stem == "component":
        at_import = set(imports_of(path, only_at_import_time=True))
        assert {library_of(name) for name in at_import} <= {"", "kfp"}
        assert not {name for name in at_import if ".work" in name}
    else:
        assert "kfp" not in {library_of(name) for name in names}, f"{path} imports kfp"


def parameters_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return len(named) + bool(arguments.vararg) + bool(arguments.kwarg)


def test_functions_take_few_parameters() -> None:
    """The interfaces of components are exempt, because KFP makes each parameter an input."""
    paths = [path for room in ROOMS for path in modules_of(room) if path.stem != "component"]
    crowded = [
        f"{path}:{node.lineno}: {node.name} takes {parameters_of(node)}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if parameters_of(node) > MOST_PARAMETERS
    ]
    assert crowded == [], "pass records instead"


def test_components_take_tensorflow_without_keras() -> None:
    """The first import of TensorFlow decides whether Keras comes with it."""
    takers = {
        path.relative_to(ROOMS["quantgate.components"]).as_posix()
        for path in modules_of("quantgate.components")
        if "tensorflow" in set(imports_of(path))
    }
    assert takers == {"conversion/lean_tensorflow.py", "export_model/work.py"}


def test_every_package_is_shipped() -> None:
    """The list in pyproject.toml is by hand, so it is compared with the folders."""
    packages = {
        ".".join([room, *path.parent.relative_to(folder).parts])
        for room, folder in ROOMS.items()
        for path in folder.rglob("__init__.py")
    }
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^packages = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    assert set(re.findall(r'"([^"]+)"', block.group(1))) == packages


def test_lock_file_names_no_host() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_changelog_has_the_version() -> None:
    from quantgate import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
