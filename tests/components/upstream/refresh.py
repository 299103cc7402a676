"""Write the README.md of each component for kubeflow/pipelines-components, in the form they check.

It holds what interface, metadata.yaml and OWNERS say, in a fixed order. What stands below the mark
is by hand.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from docstring_parser import Docstring, parse

UPSTREAM = Path(__file__).resolve().parents[3] / "components" / "upstream"
NAMES = tuple(sorted(path.parent.name for path in UPSTREAM.glob("*/component.py")))
MARK = "<!-- custom-content -->"
_COLUMNS = 120
_UPPER_CASE = {"kfp", "api", "url", "id", "ui", "ci", "cd"}


def page(name: str) -> str:
    """Return a component's page."""
    path = UPSTREAM / name / "README.md"
    below = path.read_text(encoding="utf-8").partition(MARK)[2] if path.is_file() else "\n"
    # Two blank lines, as their generator leaves them.
    return f"{_generated(UPSTREAM / name)}\n\n\n{MARK}{below}"


def interface(folder: Path) -> ast.FunctionDef:
    """Return the function that is decorated as a component."""
    tree = ast.parse((folder / "component.py").read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    (decorated,) = [each for each in functions if each.decorator_list]
    return decorated


def read(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def _generated(folder: Path) -> str:
    function, metadata = interface(folder), read(folder / "metadata.yaml")
    said = parse(ast.get_docstring(function) or "")
    shown = {key: value for key, value in metadata.items() if key not in ("ci", "links")}
    return "\n".join(
        [
            f"# {_title(metadata['name'])} ✨",
            "",
            f"> ⚠️ **Stability: {metadata['stability']}** — This asset is not yet stable and may "
            "change.",
            "",
            "## Overview 🧾",
            "",
            *_overview(said),
            *_inputs(function, {each.arg_name: each.description or "" for each in said.params}),
            *_outputs(function, said),
            "## Metadata 🗂️",
            "",
            *_entries({**shown, "owners": read(folder / "OWNERS")}),
        ]
    )


def _overview(said: Docstring) -> Iterator[str]:
    for text in (said.short_description, *(said.long_description or "").split("\n\n")):
        words = " ".join((text or "").split())
        yield textwrap.fill(words, _COLUMNS, break_long_words=False, break_on_hyphens=False)
        yield ""


def _inputs(function: ast.FunctionDef, said: dict[str, str]) -> Iterator[str]:
    yield from ("## Inputs 📥", "", "| Parameter | Type | Default | Description |")
    yield "|-----------|------|---------|-------------|"
    arguments, defaults = function.args.args, function.args.defaults
    values = [None] * (len(arguments) - len(defaults)) + [ast.literal_eval(one) for one in defaults]
    for argument, default in zip(arguments, values, strict=True):
        assert argument.annotation is not None
        kind, shown = ast.unparse(argument.annotation), '""' if default == "" else default
        yield f"| `{argument.arg}` | `{kind}` | `{shown}` | {said[argument.arg]} |"
    yield ""


def _outputs(function: ast.FunctionDef, said: Docstring) -> Iterator[str]:
    assert function.returns is not None and said.returns is not None
    yield from (
        "## Outputs 📤",
        "",
        "| Name | Type | Description |",
        "|------|------|-------------|",
    )
    yield f"| Output | `{ast.unparse(function.returns)}` | {said.returns.description} |"
    yield ""


def _entries(metadata: dict[str, Any]) -> Iterator[str]:
    for key, value in metadata.items():
        yield f"- **{_title(key)}**:{_value(value, 1)}"


def _value(value: object, depth: int) -> str:
    if isinstance(value, dict):
        lines = [f"{_title(key)}:{_value(one, depth + 1)}" for key, one in value.items()]
    elif isinstance(value, list):
        lines = [_in_one_line(one) for one in value]
    else:
        return f" {value}"
    bullet = "\n" + "  " * depth + "- "
    return bullet + bullet.join(lines)


def _in_one_line(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{_title(key)}: {one}" for key, one in value.items())


def _title(name: str) -> str:
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ").split()
    return " ".join(
        word.upper() if word.lower() in _UPPER_CASE else word.capitalize() for word in words
    )


if __name__ == "__main__":
    for name in NAMES:
        (UPSTREAM / name / "README.md").write_text(page(name), encoding="utf-8")
