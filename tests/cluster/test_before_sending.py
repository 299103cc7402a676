"""Previews and refusals before anything is sent to a cluster."""

import json
import re
from pathlib import Path

import pytest
from kfp.client import Client

from quantgate import __version__

CRON = ("--cron", "0 3 * * 1")
DEFAULTS = (
    f"quantgate/convert:{__version__} and quantgate/runtime:{__version__} have no registry that "
    "the cluster could pull from. Build the images with `make images`, push them, and name them "
    "with --image convert=REGISTRY/IMAGE or in cluster.images. If they are on the nodes already, "
    f"pass --image convert=quantgate/convert:{__version__} "
    f"--image runtime=quantgate/runtime:{__version__}"
)


def line(stdout: str, title: str) -> str:
    """Return the text under a title in the first section of a preview."""
    (shown,) = [text for text in stdout.splitlines() if text.startswith(f"  {title}  ")]
    return shown.removeprefix(f"  {title}").strip()


def test_dry_run_shows_a_schedule_without_creating_it(
    quantgate, kfp, spec: Path, monkeypatch
) -> None:
    monkeypatch.setenv("KF_PIPELINES_DEFAULT_EXPERIMENT_NAME", "nightly")
    done = quantgate("schedule", spec, *CRON, "--dry-run", "--set", "cluster.service_account=bot")
    assert (done.code, done.stderr, kfp.asked) == (0, "", [])
    assert line(done.stdout, "experiment     ") == "nightly"
    assert line(done.stdout, "schedule       ") == "digits"
    assert line(done.stdout, "cron           ") == "0 0 3 * * 1"
    assert line(done.stdout, "service account") == "bot"
    assert "parameters\n  model        gs://models/digits\n" in done.stdout
    assert done.stdout.endswith("\nnothing was sent\n")


def test_dry_run_shows_a_version_without_uploading_it(quantgate, kfp, spec: Path) -> None:
    open_model = ("--set", "model.saved_model=models/digits")
    done = quantgate("upload", spec, "--dry-run", *open_model)
    assert (done.code, done.stderr, kfp.asked) == (0, "", [])
    assert line(done.stdout, "pipeline       ") == "digits"
    assert "parameters\n  model        set by each run\n" in done.stdout
    version = line(done.stdout, "version        ")
    assert quantgate("upload", spec, *open_model).code == 0
    assert kfp.versions == [version]


def test_overriding_experiment_is_shown(quantgate, kfp, spec, monkeypatch) -> None:
    monkeypatch.setenv("KF_PIPELINES_OVERRIDE_EXPERIMENT_NAME", "forced")
    done = quantgate("submit", spec, "--dry-run", "--experiment", "mine")
    assert line(done.stdout, "experiment     ") == "forced"
    assert quantgate("submit", spec, "--experiment", "mine").code == 0
    (asked,) = kfp.sent("GET", "/apis/v2beta1/experiments")
    assert '"forced"' in asked["filter"]


def test_namespace_saved_by_kfp_is_shown(quantgate, kfp, spec, tmp_path, monkeypatch) -> None:
    settings = tmp_path / "context.json"
    monkeypatch.setattr(Client, "_LOCAL_KFP_CONTEXT", str(settings))
    settings.write_text(json.dumps({"namespace": "kept"}))
    assert line(quantgate("submit", spec, "--dry-run").stdout, "namespace      ") == "kept"
    settings.write_text("not JSON")
    shown = line(quantgate("submit", spec, "--dry-run").stdout, "namespace      ")
    assert shown == "the cluster's default"


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        ((), "by kubectl's current context, or in a pod by its cluster's own service"),
        (("--kube-context", "lab"), "by kubectl's context lab"),
        (("--host", "https://kubeflow.example"), "https://kubeflow.example"),
    ],
)
def test_endpoint_is_shown(quantgate, kfp, spec, monkeypatch, context, shown) -> None:
    monkeypatch.delenv("KF_PIPELINES_ENDPOINT")
    done = quantgate("submit", spec, "--dry-run", *context)
    assert (done.code, line(done.stdout, "host           ")) == (0, shown)


@pytest.mark.parametrize("verb", [("submit",), ("schedule", *CRON)])
def test_images_without_a_registry_are_refused(quantgate, kfp, imageless: Path, verb) -> None:
    done = quantgate(*verb, imageless)
    assert (done.code, done.stdout, kfp.asked) == (2, "", [])
    assert done.stderr == f"error: digits cannot be sent to a cluster: {DEFAULTS}\n"


@pytest.mark.parametrize("verb", [("submit",), ("schedule", *CRON)])
def test_dry_run_shows_images_without_a_registry(quantgate, kfp, imageless: Path, verb) -> None:
    done = quantgate(*verb, imageless, "--dry-run")
    assert (done.code, kfp.asked) == (2, [])
    assert f"images\n  convert  quantgate/convert:{__version__}\n" in done.stdout
    assert done.stderr == f"error: digits cannot be sent to a cluster: {DEFAULTS}\n"


def test_a_tflite_needs_the_runtime_image_alone(quantgate, kfp, imageless: Path) -> None:
    text = re.sub(r"saved_model: [^}]+", "tflite: gs://bucket/model.tflite", imageless.read_text())
    imageless.write_text(re.sub(r"modes: \[.*?\]", "recipes: auto", text))
    done = quantgate("submit", imageless, "--dry-run")
    assert (done.code, kfp.asked) == (2, [])
    assert "convert" not in done.stderr
    assert f": quantgate/runtime:{__version__} has no registry" in done.stderr


def test_second_image_without_a_registry_is_refused(quantgate, kfp, imageless: Path) -> None:
    done = quantgate("submit", imageless, "--image", "convert=mine")
    assert (done.code, kfp.asked) == (2, [])
    assert f": quantgate/runtime:{__version__} has no registry" in done.stderr
    assert "--image runtime=REGISTRY/IMAGE" in done.stderr


@pytest.mark.parametrize(
    "named",
    [
        ("--image", "mine"),
        ("--set", "cluster.images.convert=a", "--set", "cluster.images.runtime=b"),
        (
            *("--image", f"convert=quantgate/convert:{__version__}"),
            *("--image", f"runtime=quantgate/runtime:{__version__}"),
        ),
        ("--image-digest", f"sha256:{'a' * 64}"),
    ],
)
def test_images_set_by_the_user_are_accepted(quantgate, kfp, imageless: Path, named) -> None:
    done = quantgate("submit", imageless, *named)
    assert (done.code, done.stderr) == (0, "")
    assert len(kfp.sent("POST", "/apis/v2beta1/runs")) == 1


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_upload_warns_about_images_without_a_registry(
    quantgate, kfp, imageless: Path, dry_run
) -> None:
    done = quantgate("upload", imageless, *dry_run)
    assert (done.code, done.stderr) == (0, f"warning: {DEFAULTS}\n")
    assert bool(kfp.versions) is not bool(dry_run)


def test_compile_warns_about_images_without_a_registry(
    quantgate, imageless: Path, tmp_path: Path
) -> None:
    target = tmp_path / "p.yaml"
    done = quantgate("compile", imageless, "-o", target)
    assert (done.code, done.stderr) == (0, f"warning: {DEFAULTS}\n")
    assert done.stdout == f"wrote {target}: pipeline digits, 2 candidates\n"


OWN_METRICS = "[top1, {metric: my_metrics:spread, better: lower}]"


@pytest.fixture
def with_functions(spec: Path) -> Path:
    """The spec with a source and a metric from modules that are not sent with it."""
    text = spec.read_text().replace("gs://data/test.npz", "my_data:samples")
    spec.write_text(text.replace("[top1]", OWN_METRICS))
    return spec


@pytest.mark.parametrize(
    "verb",
    [
        ("submit",),
        ("submit", "--dry-run"),
        ("schedule", *CRON),
        ("schedule", *CRON, "--dry-run"),
        ("upload",),
        ("upload", "--dry-run"),
        ("compile",),
        ("compile", "--format", "kubernetes"),
    ],
    ids=" ".join,
)
def test_functions_that_images_must_contain_are_listed(
    quantgate, kfp, with_functions: Path, verb
) -> None:
    done = quantgate(verb[0], with_functions, *verb[1:])
    assert (done.code, done.stderr) == (
        0,
        "note: `my_data:samples` and `my_metrics:spread` must be importable in the image "
        "registry.example/runtime:1. Name their file as `code` in the spec to package it with "
        "the pipeline\n",
    )


def test_functions_outside_the_sent_code_are_listed(quantgate, kfp, with_functions) -> None:
    code = with_functions.with_name("my_metrics.py")
    code.write_text("def spread(outputs, labels):\n    return 0.0\n")
    done = quantgate("submit", with_functions, "--set", "code=my_metrics.py")
    assert (done.code, done.stderr) == (
        0,
        "note: `my_data:samples` must be importable in the image registry.example/runtime:1. "
        "`code` packages only my_metrics.py with the pipeline\n",
    )


def test_refused_spec_gets_no_notes(quantgate, kfp, with_functions: Path) -> None:
    with_functions.write_text(with_functions.read_text().partition("cluster:")[0])
    done = quantgate("submit", with_functions)
    assert (done.code, done.stderr) == (
        2,
        f"error: digits cannot be sent to a cluster: {DEFAULTS}\n",
    )
