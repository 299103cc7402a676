"""`plugins_input` of runs and schedules, which the backend passes to its plugins."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from quantgate.pipelines.cluster.connection import ImpatientClient

PluginsInput = Mapping[str, Mapping[str, str | bool]]


def send_with(client: ImpatientClient, plugins: PluginsInput) -> None:
    """Add the input of plugins to all that a client creates. kfp's methods have no argument for it.

    Without plugins the field is left out, because backends before 2.17 do not know it.
    """
    if not plugins:
        return
    runs, schedules = client._run_api, client._recurring_run_api
    runs.run_service_create_run = _adding(plugins, runs.run_service_create_run)
    schedules.recurring_run_service_create_recurring_run = _adding(
        plugins, schedules.recurring_run_service_create_recurring_run
    )


def _adding(plugins: PluginsInput, create: Callable[..., Any]) -> Callable[..., Any]:
    def create_with_plugins(**body: Any) -> Any:
        (created,) = body.values()
        created.plugins_input = {name: dict(values) for name, values in plugins.items()}
        return create(**body)

    return create_with_plugins


def idle_plugins(run: Any, plugins: PluginsInput) -> Iterator[str]:
    """Yield a sentence for each plugin that did nothing or failed when a run was created."""
    outputs = run.plugins_output or {}
    for name, values in plugins.items():
        output = outputs.get(name)
        if output is None and values.get("disabled") is not True:
            yield f"the backend did nothing with {name}: the plugin is not set up there"
        elif output is not None and output.state == "PLUGIN_FAILED":
            yield f"the plugin {name} failed: {output.state_message}"
