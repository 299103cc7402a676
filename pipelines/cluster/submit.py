"""Send a compiled pipeline to a cluster: run it, schedule it, or upload it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kfp_server_api

from quantgate.errors import UsageError
from quantgate.foundation.pipeline_file import version_of
from quantgate.pipelines.cluster.api_errors import expect, explained
from quantgate.pipelines.cluster.connection import ImpatientClient
from quantgate.pipelines.cluster.destination import experiment_name
from quantgate.pipelines.cluster.plugins import PluginsInput, idle_plugins, send_with


@dataclass(frozen=True)
class Submission:
    """A run or schedule to create.

    Attributes:
        package: the compiled pipeline.
        arguments: its run parameters.
        name: the name of the run or schedule.
        pipeline: the name of the pipeline if it is uploaded for a schedule.
        experiment: the experiment. None leaves it to kfp's environment.
        namespace: the namespace in a cluster with several users.
        root: the pipeline root. None leaves it to the cluster.
        service_account: the service account of the pods. None leaves it to the cluster.
        plugins: the input of the backend's plugins.
    """

    package: Path
    arguments: dict[str, str]
    name: str
    pipeline: str
    experiment: str | None = None
    namespace: str | None = None
    root: str | None = None
    service_account: str | None = None
    plugins: PluginsInput = field(default_factory=dict)


@dataclass(frozen=True)
class Uploaded:
    """A version of a pipeline in a cluster.

    Attributes:
        pipeline_id: id of the pipeline.
        version_id: id of the version.
        is_new: false if the version existed before.
    """

    pipeline_id: str
    version_id: str
    is_new: bool


@dataclass(frozen=True)
class Started:
    """A run that was started, with remarks about plugins that did nothing or failed."""

    run_id: str
    remarks: tuple[str, ...]


def start_run(client: ImpatientClient, submission: Submission) -> Started:
    """Start a run.

    Raises:
        ClusterError: the cluster cannot be reached, or refuses the request.
    """
    with explained(client.address):
        send_with(client, submission.plugins)
        started = client.create_run_from_pipeline_package(
            str(submission.package),
            arguments=submission.arguments,
            run_name=submission.name,
            experiment_id=_experiment(client, submission),
            pipeline_root=submission.root,
            service_account=submission.service_account,
        )
    run_id = str(expect(started.run_id, client.address))
    return Started(run_id, tuple(idle_plugins(started.run_info, submission.plugins)))


def schedule_runs(client: ImpatientClient, submission: Submission, cron: str) -> str:
    """Schedule runs and return the schedule's id.

    With plugins, the pipeline is uploaded and its version is scheduled. KFP 2.17.0 loses a
    pipeline, its arguments and its root if they come with such a schedule.

    Args:
        client: client of the cluster.
        submission: the run to schedule.
        cron: six fields, of which the first is seconds.

    Raises:
        UsageError: a schedule with that name exists.
        ClusterError: the cluster cannot be reached, or refuses the request.
    """
    with explained(client.address):
        experiment_id = _experiment(client, submission)
        _refuse_second(client, experiment_id, submission.name)
        send_with(client, submission.plugins)
        scheduled = client.create_recurring_run(
            experiment_id,
            submission.name,
            cron_expression=cron,
            max_concurrency=1,
            no_catchup=True,
            params=submission.arguments,
            pipeline_root=submission.root,
            service_account=submission.service_account,
            **_source(client, submission),
        )
    return str(expect(scheduled.recurring_run_id, client.address))


def _source(client: ImpatientClient, submission: Submission) -> dict[str, str]:
    package = submission.package
    if not submission.plugins:
        return {"pipeline_package_path": str(package)}
    version = version_of(package)
    uploaded = upload(client, package, submission.pipeline, version, submission.namespace)
    return {"pipeline_id": uploaded.pipeline_id, "version_id": uploaded.version_id}


def _experiment(client: ImpatientClient, submission: Submission) -> str:
    """Return the id of the experiment, which is created if it does not exist."""
    experiment = client.create_experiment(
        experiment_name(submission.experiment), namespace=submission.namespace
    )
    return str(expect(experiment.experiment_id, client.address))


def _refuse_second(client: ImpatientClient, experiment_id: str, name: str) -> None:
    known = client.list_recurring_runs(experiment_id=experiment_id, filter=_named(name))
    for schedule in known.recurring_runs or ():
        raise UsageError(
            f"there is a schedule {name} already ({schedule.recurring_run_id}): name another one "
            "with --name, or delete that one in the UI first"
        )


def upload(
    client: ImpatientClient, package: Path, pipeline: str, version: str, namespace: str | None
) -> Uploaded:
    """Upload a version of a pipeline. The first version creates it, and a repeat changes nothing.

    Raises:
        ClusterError: the cluster cannot be reached, or refuses the request.
    """
    with explained(client.address):
        known = _find_pipeline(client, pipeline, namespace)
        if known and (version_id := _find_version(client, known, version)):
            return Uploaded(known, version_id, is_new=False)
        pipeline_id = known or _create_pipeline(client, pipeline, namespace)
        made = client.upload_pipeline_version(str(package), version, pipeline_id=pipeline_id)
        version_id = str(expect(made.pipeline_version_id, client.address))
    return Uploaded(pipeline_id, version_id, is_new=True)


def _find_version(client: ImpatientClient, pipeline_id: str, version: str) -> str | None:
    known = client.list_pipeline_versions(pipeline_id, filter=_named(version))
    versions = known.pipeline_versions or []
    return str(versions[0].pipeline_version_id) if versions else None


def _find_pipeline(client: ImpatientClient, name: str, namespace: str | None) -> str | None:
    listed = client.list_pipelines(filter=_named(name), **_in(namespace))
    pipelines = listed.pipelines or []
    return str(pipelines[0].pipeline_id) if pipelines else None


def _create_pipeline(client: ImpatientClient, name: str, namespace: str | None) -> str:
    pipeline = kfp_server_api.V2beta1Pipeline(display_name=name, **_in(namespace))
    created = client._pipelines_api.pipeline_service_create_pipeline(pipeline=pipeline)
    return str(expect(created.pipeline_id, client.address))


def _in(namespace: str | None) -> dict[str, Any]:
    return {"namespace": namespace} if namespace else {}


def _named(name: str) -> str:
    """Return KFP's filter for a display name. Operation 1 is `EQUALS`."""
    predicate = {"operation": 1, "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [predicate]})
