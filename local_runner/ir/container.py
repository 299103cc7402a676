"""The work of a container: a Python function whose source is in the IR, or a command."""

import ast
import shutil
import threading
from dataclasses import dataclass
from typing import Any

_EXECUTOR = "kfp.dsl.executor_main"
_FUNCTION_FLAG = "--function_to_execute"

#: Python 3.11 counts the recursion of all threads together, and may raise SystemError.
_PARSING = threading.Lock()


@dataclass(frozen=True)
class PythonFunction:
    """The function of a lightweight component.

    Attributes:
        name: of the function.
        source: of its module, from the IR.
        installs_packages: whether its container would call pip first.
    """

    name: str
    source: str
    installs_packages: bool


def python_function(container: Any) -> PythonFunction | None:
    """Return the function of a `PipelineContainerSpec`, or None for a command.

    A function is a shell script that writes its `$0` to a file and passes that to KFP's executor,
    followed by the source.
    """
    command, arguments = list(container.command), list(container.args)
    if len(command) < 2 or _FUNCTION_FLAG not in arguments[:-1]:
        return None
    script, source = command[-2:]
    if _EXECUTOR not in script or "--component_module_path" not in script:
        return None
    return PythonFunction(
        name=arguments[arguments.index(_FUNCTION_FLAG) + 1],
        source=source,
        installs_packages=any("pip install" in item for item in command[:-2]),
    )


def why_not_runnable(container: Any) -> str | None:
    """Return why a container's command cannot run on this machine, or None if it can."""
    if python_function(container):
        return None
    if not container.command:
        return f"the command inside the image `{container.image}` is not known outside it"
    if any(_EXECUTOR in item for item in container.command):
        return f"its code is inside the image `{container.image}`"
    program = container.command[0]
    if "{{$" not in program and shutil.which(program) is None:
        return f"its command `{program}` is not installed on this machine"
    return None


def imports(source: str) -> list[str]:
    """Return the absolute import statements of a source, also those inside functions."""
    return [ast.unparse(node) for node in _absolute_imports(source)]


def imported_modules(source: str) -> list[str]:
    """Return the dotted names that a source imports, each of which may be a module."""
    names: list[str] = []
    for node in _absolute_imports(source):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        else:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _absolute_imports(source: str) -> list[ast.Import | ast.ImportFrom]:
    try:
        with _PARSING:
            tree = ast.parse(source)
    except SyntaxError:
        return []
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.level == 0)
    ]
