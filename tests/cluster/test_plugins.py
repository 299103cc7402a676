"""The input that `--plugin` passes to plugins of the backend."""

from pathlib import Path

import pytest

from quantgate.foundation.pipeline_file import version_of

API = "/apis/v2beta1"
NAMED = ("--plugin", "mlflow.experiment_name=fashion")
CRON = ("--cron", "0 3 * * 1")


def test_run_has_the_input_of_plugins(quantgate, kfp, spec: Path) -> None:
    given = ("mlflow.experiment_id=7", "mlflow.disabled=false", "own.on=true", "own.rows=3")
    done = quantgate("submit", spec, *(part for one in given for part in ("--plugin", one)))
    assert done.code == 0
    (run,) = kfp.sent("POST", f"{API}/runs")
    assert run["plugins_input"] == {
        "mlflow": {"experiment_id": "7", "disabled": False},
        "own": {"on": True, "rows": "3"},
    }
    assert run["pipeline_spec"]


def test_text_that_looks_like_a_boolean_stays_text(quantgate, kfp, spec: Path) -> None:
    assert quantgate("submit", spec, "--plugin", "mlflow.experiment_name=true").code == 0
    (run,) = kfp.sent("POST", f"{API}/runs")
    assert run["plugins_input"] == {"mlflow": {"experiment_name": "true"}}


@pytest.mark.parametrize("verb", [("submit",), ("schedule", *CRON)], ids=lambda verb: verb[0])
def test_field_is_not_sent_without_plugins(quantgate, kfp, spec: Path, verb) -> None:
    kfp.version = {"tag_name": "2.14.0"}
    assert quantgate(*verb, spec).code == 0
    (sent,) = [body for method, path, body in kfp.asked if method == "POST"]
    assert "plugins_input" not in sent


@pytest.mark.parametrize("verb", [("submit",), ("schedule", *CRON)], ids=lambda verb: verb[0])
def test_older_backends_are_refused(quantgate, kfp, spec: Path, verb) -> None:
    kfp.version = {"tag_name": "2.16.1"}
    done = quantgate(*verb, spec, *NAMED)
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {kfp.address} is Kubeflow Pipelines 2.16.1, and --plugin needs 2.17 or newer: "
        "upgrade the backend, name another one with --host, or leave out --plugin. "
        "Nothing was sent\n"
    )
    assert [path for _, path, _ in kfp.asked] == [f"{API}/healthz"]


def test_unknown_version_gives_a_note(quantgate, kfp, spec: Path) -> None:
    kfp.version = {}
    done = quantgate("schedule", spec, *CRON, *NAMED)
    assert (done.code, done.stderr) == (
        0,
        f"note: {kfp.address} does not report its release (no version), and --plugin needs "
        "Kubeflow Pipelines 2.17 or newer\n",
    )
    assert len(kfp.sent("POST", f"{API}/recurringruns")) == 1


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ({"mlflow": {"state": "PLUGIN_RUNNING"}}, ""),
        ({}, "note: the backend did nothing with mlflow: the plugin is not set up there\n"),
        (
            {"mlflow": {"state": "PLUGIN_FAILED", "state_message": "no such server"}},
            "note: the plugin mlflow failed: no such server\n",
        ),
    ],
    ids=["it works", "not set up", "failed"],
)
def test_inactive_and_failed_plugins_are_reported(
    quantgate, kfp, spec: Path, outputs, told
) -> None:
    kfp.broken = {f"{API}/runs": (200, {"run_id": "r1", "plugins_output": outputs})}
    done = quantgate("submit", spec, *NAMED)
    assert (done.code, done.stderr) == (0, told)
    assert done.stdout.startswith("run r1: ")


def test_disabled_plugin_is_not_reported(quantgate, kfp, spec: Path) -> None:
    done = quantgate("submit", spec, "--plugin", "mlflow.disabled=true")
    assert (done.code, done.stderr) == (0, "")


def test_a_schedule_runs_an_uploaded_version(quantgate, kfp, spec: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert quantgate("schedule", spec, *CRON, *NAMED, "--name", "weekly").code == 0
    (version,) = kfp.versions
    scheduled, again = kfp.sent("POST", f"{API}/recurringruns")
    assert again == scheduled
    assert scheduled["display_name"] == "weekly"
    assert scheduled["plugins_input"] == {"mlflow": {"experiment_name": "fashion"}}
    assert scheduled["pipeline_version_reference"] == {
        "pipeline_id": "p1",
        "pipeline_version_id": version,
    }
    assert "pipeline_spec" not in scheduled


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)], ids=["sent", "shown"])
@pytest.mark.parametrize(
    ("setting", "lost"),
    [
        ("cluster.pipeline_root=gs://results", "the pipeline root"),
        (
            "cluster={volumes: [{claim: c, mount: /mnt}], images: {convert: a, runtime: b}}",
            "promote_to",
        ),
    ],
    ids=["root", "argument"],
)
def test_schedule_with_settings_that_kfp_loses_is_refused(
    quantgate, kfp, spec: Path, setting, lost, dry_run
) -> None:
    spec.write_text(spec.read_text() + "promote: {to: gs://models}\n")
    place = "/mnt/models" if lost == "promote_to" else "gs://models"
    settings = ("--set", setting, "--set", f"promote.to={place}")
    done = quantgate("schedule", spec, *CRON, *NAMED, *settings, *dry_run)
    assert (done.code, kfp.asked) == (2, [])
    assert done.stderr == (
        "error: Kubeflow Pipelines starts scheduled runs with plugins from the defaults of the "
        f"uploaded pipeline, so it ignores {lost}: use URIs in the spec, set no pipeline root, or "
        "remove --plugin\n"
    )
    assert quantgate("schedule", spec, *CRON, *settings).code == 0


@pytest.mark.parametrize("verb", [("submit",), ("schedule", *CRON)], ids=lambda verb: verb[0])
def test_dry_run_shows_plugins(quantgate, kfp, spec: Path, verb) -> None:
    done = quantgate(*verb, spec, *NAMED, "--plugin", "mlflow.disabled=true", "--dry-run")
    assert (done.code, done.stderr, kfp.asked) == (0, "", [])
    assert "plugins\n  mlflow.experiment_name  fashion\n  mlflow.disabled         true\n" in (
        done.stdout
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["mlflow"], "mlflow: write PLUGIN.KEY=VALUE, such as mlflow.experiment_name=fashion"),
        (["mlflow=x"], "mlflow=x: write PLUGIN.KEY=VALUE, such as mlflow.experiment_name=fashion"),
        (
            ["mlflow.experiment_name="],
            "mlflow.experiment_name=: write PLUGIN.KEY=VALUE, "
            "such as mlflow.experiment_name=fashion",
        ),
        (
            ["mlflow.experiment=x"],
            "mlflow.experiment=x: the plugin mlflow takes `experiment_name`, `experiment_id` or "
            "`disabled`",
        ),
        (["mlflow.disabled=yes"], "mlflow.disabled=yes: write true or false"),
        (["own.a=1", "own.a=2"], "own.a=2: own.a is given twice"),
    ],
)
def test_malformed_values_are_refused(quantgate, kfp, spec: Path, given, told) -> None:
    done = quantgate("submit", spec, *(part for one in given for part in ("--plugin", one)))
    assert (done.code, done.stdout, kfp.asked) == (2, "", [])
    assert done.stderr == f"error: --plugin {told}\n"


def test_version_for_a_schedule_is_named_by_its_hash(
    quantgate, kfp, spec: Path, tmp_path: Path
) -> None:
    assert quantgate("compile", spec, "-o", tmp_path / "p.yaml").code == 0
    assert quantgate("schedule", spec, *CRON, *NAMED).code == 0
    assert kfp.versions == [version_of(tmp_path / "p.yaml")]
