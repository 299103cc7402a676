"""What runs hand to plugins of the backend, as `--plugin PLUGIN.KEY=VALUE`."""

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
_TRUTH = MappingProxyType({"true": True, "false": False})
#: What the plugin `mlflow` of Kubeflow Pipelines takes; it refuses all else.
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
        help="hand a value to a plugin of the backend, as in mlflow.experiment_name=fashion; "
        "`true` and `false` are truth values, all else is text; repeatable",
    )


def plugins_input(options: argparse.Namespace) -> "PluginsInput":
    """Return what the command line hands to each plugin.

    Raises:
        UsageError: an argument is malformed, repeats another, or is nothing that MLflow's takes.
    """
    given: dict[str, dict[str, str | bool]] = {}
    for argument in options.plugin:
        form = _FORM.fullmatch(argument)
        if form is None:
            _refuse(argument, "write PLUGIN.KEY=VALUE, as in mlflow.experiment_name=fashion")
        plugin, key, text = form.groups()
        values = given.setdefault(plugin, {})
        if key in values:
            _refuse(argument, f"{plugin}.{key} is given twice")
        values[key] = _mlflow_value(argument, key, text) if plugin == "mlflow" else _value(text)
    return given


def shown(plugins: "PluginsInput") -> dict[str, str]:
    """Return the values by `PLUGIN.KEY`, for a person."""
    return {
        f"{plugin}.{key}": str(value).lower() if isinstance(value, bool) else value
        for plugin, values in plugins.items()
        for key, value in values.items()
    }


def refuse_what_schedules_lose(
    arguments: Mapping[str, str], root: str | None, package: Path
) -> None:
    """Refuse what Kubeflow does not keep of a schedule with plugins.

    Raises:
        UsageError: an argument is no default of the pipeline, or there is a pipeline root.
    """
    known = _defaults(package)
    lost = [name for name, value in arguments.items() if known.get(name) != value]
    lost += ["the pipeline root"] if root else []
    if lost:
        raise UsageError(
            "Kubeflow Pipelines starts scheduled runs with plugins by the defaults of the uploaded "
            f"pipeline, and so without {' and '.join(lost)}: name URIs in the spec, leave the "
            "pipeline root to the cluster, or leave out --plugin"
        )


def _defaults(package: Path) -> dict[str, object]:
    inputs = read_pipeline_file(package).document["root"].get("inputDefinitions", {})
    parameters = inputs.get("parameters", {})
    return {name: declared.get("defaultValue") for name, declared in parameters.items()}


def _value(text: str) -> str | bool:
    return _TRUTH.get(text, text)


def _mlflow_value(argument: str, key: str, text: str) -> str | bool:
    if key not in _MLFLOW:
        _refuse(argument, f"the plugin mlflow takes {listed(_MLFLOW)}")
    if _MLFLOW[key] is str:
        return text
    if text not in _TRUTH:
        _refuse(argument, "write true or false")
    return _TRUTH[text]


def _refuse(argument: str, way_out: str) -> NoReturn:
    raise UsageError(f"--plugin {argument}: {way_out}")
