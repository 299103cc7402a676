"""The option `--plugin PLUGIN.KEY=VALUE`, which passes values to plugins of the backend."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from quantgate.errors import UsageError
from quantgate.foundation.pipeline_file import read_pipeline_file
from quantgate.spec.problems.wording import listed

if TYPE_CHECKING:
    from quantgate.pipelines.cluster.plugins import PluginsInput

_FORM = re.compile(r"(\w[\w-]*)\.(\w+)=(.+)")
_BOOLEANS = MappingProxyType({"true": True, "false": False})
#: The keys that Kubeflow Pipelines' plugin `mlflow` takes, with their types. It refuses others.
_MLFLOW: Mapping[str, type] = MappingProxyType(
    {"experiment_name": str, "experiment_id": str, "disabled": bool}
)


def add_plugins(parser: argparse.ArgumentParser) -> None:
    """Add --plugin."""
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="PLUGIN.KEY=VALUE",
        help="pass a value to a plugin of the backend, such as mlflow.experiment_name=fashion. "
        "`true` and `false` are booleans, other values are strings (repeatable)",
    )


def plugins_input(options: argparse.Namespace) -> "PluginsInput":
    """Return the values for each plugin from the command line.

    Raises:
        UsageError: an argument is malformed, repeats another, or is invalid for the plugin MLflow.
    """
    given: dict[str, dict[str, str | bool]] = {}
    for argument in options.plugin:
        form = _FORM.fullmatch(argument)
        if form is None:
            _refuse(argument, "write PLUGIN.KEY=VALUE, such as mlflow.experiment_name=fashion")
        plugin, key, text = form.groups()
        values = given.setdefault(plugin, {})
        if key in values:
            _refuse(argument, f"{plugin}.{key} is given twice")
        values[key] = _mlflow_value(argument, key, text) if plugin == "mlflow" else _value(text)
    return given


def plugin_texts(plugins: "PluginsInput") -> dict[str, str]:
    """Return the values as text by `PLUGIN.KEY`."""
    return {
        f"{plugin}.{key}": str(value).lower() if isinstance(value, bool) else value
        for plugin, values in plugins.items()
        for key, value in values.items()
    }


def refuse_what_schedules_lose(
    arguments: Mapping[str, str], root: str | None, package: Path
) -> None:
    """Refuse settings that Kubeflow loses in a schedule with plugins.

    Raises:
        UsageError: an argument differs from the pipeline's default, or there is a pipeline root.
    """
    defaults = _defaults(package)
    lost = [name for name, value in arguments.items() if defaults.get(name) != value]
    lost += ["the pipeline root"] if root else []
    if lost:
        raise UsageError(
            "Kubeflow Pipelines starts scheduled runs with plugins from the defaults of the "
            f"uploaded pipeline, so it ignores {' and '.join(lost)}: use URIs in the spec, set no "
            "pipeline root, or remove --plugin"
        )


def _defaults(package: Path) -> dict[str, object]:
    inputs = read_pipeline_file(package).document["root"].get("inputDefinitions", {})
    parameters = inputs.get("parameters", {})
    return {name: declared.get("defaultValue") for name, declared in parameters.items()}


def _value(text: str) -> str | bool:
    return _BOOLEANS.get(text, text)


def _mlflow_value(argument: str, key: str, text: str) -> str | bool:
    if key not in _MLFLOW:
        _refuse(argument, f"the plugin mlflow takes {listed(_MLFLOW)}")
    if _MLFLOW[key] is str:
        return text
    if text not in _BOOLEANS:
        _refuse(argument, "write true or false")
    return _BOOLEANS[text]


def _refuse(argument: str, way_out: str) -> NoReturn:
    raise UsageError(f"--plugin {argument}: {way_out}")
