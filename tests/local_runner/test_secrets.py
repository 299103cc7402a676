"""Environment variables from Kubernetes secrets in a local run."""

import hashlib
import os
from pathlib import Path

import pytest
import yaml
from kfp import dsl, kubernetes

from quantgate.errors import PipelineError, UsageError
from quantgate.local_runner import dry_run, read_pipeline, run_pipeline
from quantgate.local_runner.kfp.known_differences import known_differences

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)

VALUE = "pa$$w0rd/="


@component
def look(variable: str) -> str:
    import os

    return os.environ.get(variable, "not set")


@component
def name_it() -> str:
    return "named-by-a-task"


@dsl.pipeline(name="with-a-secret")
def constant() -> str:
    seen = look(variable="TOKEN")
    kubernetes.use_secret_as_env(seen, "store", {"token": "TOKEN"})
    return seen.output


def run(path: Path, folder: Path, **settings):
    return run_pipeline(read_pipeline(path), {}, folder / "out", folder / "logs", **settings)


def test_a_task_sees_a_secret(compiled, tmp_path):
    result = run(compiled(constant), tmp_path, secrets={"store": {"token": VALUE}})
    assert result.outputs == {"Output": VALUE}


def test_a_missing_secret_is_named_before_the_first_task(compiled, tmp_path):
    path = compiled(constant)
    for given in (None, {"store": {"other": "x"}}, {"stores": {"token": "x"}}):
        with pytest.raises(UsageError) as caught:
            run(path, tmp_path, secrets=given)
        assert str(caught.value) == (
            "pipeline `with-a-secret`:\n"
            "  task `look`: the secret store has no key token here, and the task would never start "
            "on a cluster. Pass it with --secret store/token=VALUE, or `secrets=` of "
            "run_pipeline"
        )
        assert caught.value.exit_code == 2
        with pytest.raises(UsageError, match="store/token=VALUE"):
            dry_run(read_pipeline(path), {}, secrets=given)
    assert not (tmp_path / "out").exists()


def test_an_optional_secret_that_is_missing_is_not_set(compiled, tmp_path, monkeypatch):
    @dsl.pipeline(name="optional")
    def pipeline() -> str:
        seen = look(variable="TOKEN")
        kubernetes.use_secret_as_env(seen, "store", {"token": "TOKEN"}, optional=True)
        return seen.output

    monkeypatch.setenv("TOKEN", "of the caller")
    path = compiled(pipeline)
    assert run(path, tmp_path).outputs == {"Output": "not set"}
    outputs = run(path, tmp_path, secrets={"store": {"token": VALUE}}).outputs
    assert outputs == {"Output": VALUE}


def test_a_variable_of_the_task_stays_where_an_optional_secret_is_missing(compiled, tmp_path):
    @dsl.pipeline(name="own")
    def pipeline() -> str:
        seen = look(variable="OWN").set_env_variable("OWN", "of the task")
        kubernetes.use_secret_as_env(seen, "store", {"own": "OWN"}, optional=True)
        return seen.output

    path = compiled(pipeline)
    assert run(path, tmp_path).outputs == {"Output": "of the task"}
    assert run(path, tmp_path, secrets={"store": {"own": "x"}}).outputs == {"Output": "x"}


@dsl.pipeline(name="names")
def named(name: str = "given", again: bool = True) -> str:
    with dsl.If(again == True):  # noqa: E712
        branch = look(variable="A")
        kubernetes.use_secret_as_env(branch, name, {"a": "A"})
    late = look(variable="B")
    kubernetes.use_secret_as_env(late, name_it().output, {"b": "B"})
    return late.output


def test_the_name_of_a_secret_may_come_from_a_parameter_or_a_task(compiled, tmp_path, states):
    pipeline = read_pipeline(compiled(named))
    folders = (tmp_path / "out", tmp_path / "logs")
    secrets = {"given": {"a": "1"}, "named-by-a-task": {"b": "2"}}
    assert run_pipeline(pipeline, {}, *folders, secrets=secrets).outputs == {"Output": "2"}

    with pytest.raises(UsageError, match="--secret other/a=VALUE"):
        run_pipeline(pipeline, {"name": "other"}, *folders, secrets=secrets)

    del secrets["given"]
    assert run_pipeline(pipeline, {"again": False}, *folders, secrets=secrets).succeeded
    result = run_pipeline(pipeline, {"again": False}, *folders)
    assert states(result) == {"look": "SKIPPED", "look-2": "FAILED", "name-it": "SUCCEEDED"}
    (failed,) = (task for task in result.tasks if task.name == "look-2")
    assert "the secret named-by-a-task has no key b here" in failed.error


def test_a_secret_reaches_nothing_but_the_task_and_what_it_writes(compiled, tmp_path):
    @component
    def measure(variable: str) -> int:
        import os

        return len(os.environ[variable])

    @dsl.pipeline(name="quiet")
    def pipeline() -> int:
        task = measure(variable="TOKEN")
        kubernetes.use_secret_as_env(task, "store", {"token": "TOKEN"})
        return task.output

    path, cache = compiled(pipeline), tmp_path / "cache"
    events = []
    for value, is_cached in ((VALUE, False), (VALUE, True), ("other-secret", False)):
        secrets = {"store": {"token": value}}
        told = dry_run(read_pipeline(path), {}, cache, secrets)
        assert [task.to_run is None for task in told] == [is_cached]
        result = run(path, tmp_path, cache=cache, secrets=secrets, observer=events.append)
        assert result.outputs == {"Output": len(value)}
        assert [task.cached for task in result.tasks] == [is_cached]
    assert told[0].to_run == "secret TOKEN changed"
    digests = [hashlib.sha256(value.encode()).hexdigest() for value in (VALUE, "other-secret")]
    files = [file.read_text("utf-8") for file in tmp_path.rglob("*") if file.is_file()]
    for text in [*files, repr(events)]:
        assert not any(word in text for word in (VALUE, "other-secret", *digests))


def test_damaged_secret_settings_are_refused(compiled):
    path = compiled(constant)
    documents = list(yaml.safe_load_all(path.read_text("utf-8")))
    executors = documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    for damaged in (["text"], [{"secretName": "a"}], [{"keyToEnv": [{"envVar": "A"}]}], 3):
        executors["exec-look"]["secretAsEnv"] = damaged
        path.write_text(yaml.safe_dump_all(documents), "utf-8")
        with pytest.raises(PipelineError, match="executor `exec-look`: its secretAsEnv cannot be"):
            read_pipeline(path)


def test_secrets_as_files_and_secrets_under_kfps_runner_are_refused(compiled):
    @dsl.pipeline(name="files")
    def files():
        kubernetes.use_secret_as_volume(look(variable="A"), "store", "/etc/store")

    with pytest.raises(PipelineError, match="`secretAsVolume`"):
        read_pipeline(compiled(files))
    assert known_differences(read_pipeline(compiled(constant)), {}) == [
        "task `look`: it does not support secrets"
    ]
    assert "TOKEN" not in os.environ
