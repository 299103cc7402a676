"""Rules about the code of components that writes artifacts for the UI."""

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeGuard

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Executor, executors_of, part, text, texts
from quantgate.pipelines.lint.findings import Violation

_PAGES = ("system.HTML", "system.Markdown")
_METRICS = ("system.Metrics", "system.ClassificationMetrics", "system.SlicedClassificationMetrics")
_MAKES_FOLDERS = ("makedirs", "mkdir")


def single_file(file: PipelineFile) -> Iterator[Violation]:
    """Yield HTML and Markdown artifacts that are used as folders. The UI shows one file."""
    for executor in executors_of(file):
        for name in _outputs(executor, _PAGES):
            if any(_used_as_folder(node, name) for node in _nodes(executor)):
                yield Violation(
                    f"{executor.place}, output `{name}`",
                    "it is used as a folder, and the UI shows only a file",
                    f"write everything into the file {name}.path",
                )


def metrics_metadata(file: PipelineFile) -> Iterator[Violation]:
    """Yield metrics that are written to a file. The UI reads their metadata."""
    for executor in executors_of(file):
        for name in _outputs(executor, _METRICS):
            used = {node.attr for node in _nodes(executor) if _is_attribute(node, name)}
            if used and used <= {"path", "uri"}:
                yield Violation(
                    f"{executor.place}, output `{name}`",
                    "it is written as a file, and the UI reads metrics from metadata only",
                    f"log each value with {name}.log_metric(key, value)",
                )


def written_metadata(executor: Executor) -> Iterator[tuple[str, str, object]]:
    """Yield output, key and value of `output.metadata["key"] = value` with a constant value."""
    outputs = part(executor.component, "outputDefinitions", "artifacts")
    for node in _nodes(executor):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for name, key in _metadata_keys(node.targets, sorted(outputs)):
                yield name, key, node.value.value


def _metadata_keys(targets: Sequence[ast.AST], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for target in targets:
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            for name in names:
                if _is_attribute(target.value, name) and target.value.attr == "metadata":
                    yield name, str(target.slice.value)


def _outputs(executor: Executor, types: Sequence[str]) -> list[str]:
    declared = part(executor.component, "outputDefinitions", "artifacts")
    return [
        name
        for name in sorted(declared)
        if text(part(declared, name, "artifactType"), "schemaTitle") in types
    ]


def source_of(executor: Executor) -> str:
    """Return the source of a lightweight component, which ends its command, or ""."""
    command = texts(executor.container, "command")
    return command[-1] if command and "def " in command[-1] else ""


def literals_of(source: str) -> str:
    """Return the string literals of Python source as written, without docstrings."""
    try:
        nodes = _syntax(source)
    except SyntaxError:
        return source
    idle = [node.value for node in nodes if isinstance(node, ast.Expr)]
    literals = [node for node in nodes if _is_text(node) and node not in idle]
    return "\n".join(ast.get_source_segment(source, node) or "" for node in literals)


def _is_text(node: ast.AST) -> bool:
    is_constant = isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
    return is_constant or isinstance(node, ast.JoinedStr)


def _nodes(executor: Executor) -> tuple[ast.AST, ...]:
    """Return the syntax of a lightweight component."""
    try:
        return _syntax(source_of(executor))
    except SyntaxError:
        return ()


@lru_cache(maxsize=64)
def _syntax(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(source)))


def _used_as_folder(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _is_path(node.left, name)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr in _MAKES_FOLDERS and _is_path(node.func.value, name):
        return True
    joins = node.func.attr == "join" and ast.unparse(node.func.value).endswith("path")
    makes = node.func.attr in _MAKES_FOLDERS
    return (joins or makes) and any(_is_path(given, name) for given in node.args[:1])


def _is_path(node: ast.AST, name: str) -> bool:
    """Return whether an expression is `name.path` or `Path(name.path)`."""
    if (
        isinstance(node, ast.Call)
        and len(node.args) == 1
        and ast.unparse(node.func).endswith("Path")
    ):
        node = node.args[0]
    return _is_attribute(node, name) and node.attr == "path"


def _is_attribute(node: ast.AST, name: str) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    )
