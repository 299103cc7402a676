"""Write the upper part of each component's README.md anew, from its interface.

What stands below the mark, in the form of kubeflow/pipelines-components, is by hand.
"""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from kfp.dsl.structures import InputSpec, OutputSpec

ROOM = Path(__file__).resolve().parents[3] / "components"
NAMES = tuple(sorted(path.parent.name for path in ROOM.glob("*/component.py")))
MARK = "<!-- custom-content -->"
_KFP_TYPES = {
    "Boolean": "bool",
    "Dict": "dict",
    "Float": "float",
    "Integer": "int",
    "List": "list",
    "String": "str",
}


def component(name: str) -> Any:
    """Return a component by the name of its folder."""
    return getattr(import_module(f"quantgate.components.{name}.component"), name)


def page(name: str) -> str:
    """Return a component's page: what its interface says, and what stands below the mark."""
    path = ROOM / name / "README.md"
    below = path.read_text(encoding="utf-8").partition(MARK)[2] if path.is_file() else "\n"
    return f"{_generated(name)}\n{MARK}{below}"


def _generated(name: str) -> str:
    spec, (overview, said) = component(name).component_spec, _docstring(name)
    image = spec.implementation.container.image.rpartition(":")[0]
    inputs, outputs = spec.inputs or {}, spec.outputs or {}
    return "\n".join(
        [
            f"# {name}",
            "",
            overview,
            "",
            f"Image: `{image}`, tagged with quantgate's version.",
            "",
            "## Inputs",
            "",
            "| name | type | default | |",
            "|---|---|---|---|",
            *(
                f"| `{key}` | {_type(one)} | {_default(one)} | {said[key]} |"
                for key, one in inputs.items()
            ),
            "",
            "## Outputs",
            "",
            "| name | type | |",
            "|---|---|---|",
            *(
                f"| `{key}` | {_type(one)} | {said.get(key) or said['returns']} |"
                for key, one in outputs.items()
            ),
            "",
        ]
    )


def _docstring(name: str) -> tuple[str, dict[str, str]]:
    """Return what a component does, and what is said of each argument and of `returns`."""
    text = inspect.getdoc(component(name).python_func) or ""
    overview, _, rest = text.partition("\nArgs:\n")
    arguments, _, returns = rest.partition("\nReturns:\n")
    said = {key: _one_line(value) for key, value in _entries(arguments)}
    return _one_line(overview), {**said, "returns": _one_line(returns)}


def _entries(arguments: str) -> Iterator[tuple[str, str]]:
    parts = re.split(r"^    (\w+): ", arguments, flags=re.MULTILINE)
    return zip(parts[1::2], parts[2::2], strict=True)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def _type(declared: InputSpec | OutputSpec) -> str:
    bare = declared.type.removeprefix("system.").partition("@")[0]
    named = _KFP_TYPES.get(bare, bare)
    return f"list of {named}" if declared.is_artifact_list else named


def _default(declared: InputSpec) -> str:
    if not declared.optional:
        return ""
    return "none" if declared.default is None else f"`{declared.default!r}`"


if __name__ == "__main__":
    for name in NAMES:
        (ROOM / name / "README.md").write_text(page(name), encoding="utf-8")
