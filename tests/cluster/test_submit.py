"""Runs, schedules and versions on a cluster: the requests, and the output."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.foundation.json_argument import json_argument

API = "/apis/v2beta1"


def test_submit_starts_a_run(quantgate, kfp, spec: Path) -> None:
    done = quantgate("submit", spec, "--name", "first", "--set", "cluster.service_account=runner")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == (
        f"run r1: {kfp.address}/#/runs/details/r1\nfollow it with `quantgate status r1 --wait`\n"
    )
    (run,) = kfp.sent("POST", f"{API}/runs")
    assert run["display_name"] == "first"
    assert run["experiment_id"] == "e1"
    assert run["service_account"] == "runner"
    gate = run["pipeline_spec"]["root"]["dag"]["tasks"]["gate"]
    assert not gate["cachingOptions"].get("enableCache")
    assert run["runtime_config"]["parameters"] == {
        "model": "gs://models/digits",
        "calibration": "gs://data/train.npz",
        "evaluation": "gs://data/test.npz",
    }


IN_THE_SPEC = ("--set", "cluster.pipeline_root=gs://spec/runs?region=eu")


@pytest.mark.parametrize(
    ("arguments", "root"),
    [
        ((), None),
        (IN_THE_SPEC, "gs://spec/runs?region=eu"),
        (("--pipeline-root", "s3://option"), "s3://option"),
        ((*IN_THE_SPEC, "--pipeline-root", "s3://option"), "s3://option"),
    ],
    ids=["of the cluster", "of the spec", "of the option", "of the option first"],
)
@pytest.mark.parametrize(
    ("verb", "path"),
    [(("submit",), "runs"), (("schedule", "--cron", "0 3 * * *"), "recurringruns")],
    ids=["submit", "schedule"],
)
def test_pipeline_root_is_sent(quantgate, kfp, spec: Path, verb, path, arguments, root) -> None:
    assert quantgate(*verb, spec, *arguments).code == 0
    (sent,) = kfp.sent("POST", f"{API}/{path}")
    assert sent["runtime_config"].get("pipeline_root") == root


def test_a_dry_run_sends_nothing(quantgate, kfp, spec: Path) -> None:
    done = quantgate(
        *("submit", spec, "--dry-run", "--name", "first", "--pipeline-root", "gs://results"),
        *("--set", "cluster.retries=2", "--namespace", "mine", "--experiment", "trials"),
    )
    assert (done.code, done.stderr, kfp.asked) == (0, "", [])
    size, separator, shown = done.stdout.partition(" bytes\n")
    assert size.startswith("digits: 2 candidates, a pipeline of ")
    assert separator
    assert shown == (
        f"  host             {kfp.address}\n"
        "  namespace        mine\n"
        "  pipeline root    gs://results\n"
        "  service account  the cluster's default\n"
        "  experiment       trials\n"
        "  run              first\n"
        "images\n"
        "  convert  registry.example/convert:1\n"
        "  runtime  registry.example/runtime:1\n"
        "parameters\n"
        "  model        gs://models/digits\n"
        "  calibration  gs://data/train.npz\n"
        "  evaluation   gs://data/test.npz\n"
        "cluster\n"
        "  retries  2\n"
        "nothing was sent\n"
    )


def test_local_paths_are_refused(quantgate, kfp, spec: Path) -> None:
    text = spec.read_text().replace("gs://models/digits", "models/digits")
    spec.write_text(text + "promote: {to: published}\n")
    done = quantgate("submit", spec)
    assert (done.code, kfp.asked) == (2, [])
    assert done.stderr == (
        "error: digits cannot be sent to a cluster, which has no access to local paths:\n"
        "  model.saved_model: models/digits is a local path. Upload it and give its URI in the "
        "spec or with --set model.saved_model=gs://BUCKET/digits\n"
        "  promote.to: published would be a folder in a pod, and be lost with it. Give a URI "
        "with --set promote.to=gs://BUCKET/FOLDER, or a folder of a volume in cluster.volumes\n"
    )


def test_promotion_to_a_mounted_volume_is_accepted(quantgate, kfp, spec: Path) -> None:
    spec.write_text(
        spec.read_text()
        + "  volumes: [{claim: models, mount: /mnt/models}]\n"
        + "promote: {to: /mnt/models/digits}\n"
    )
    assert quantgate("submit", spec).code == 0
    (run,) = kfp.sent("POST", f"{API}/runs")
    assert run["runtime_config"]["parameters"]["promote_to"] == "/mnt/models/digits"
    assert run["pipeline_spec"]["platform_spec"]["platforms"].keys() == {"kubernetes"}
    done = quantgate("submit", spec, "--set", "promote.to=/mnt/models/../tmp")
    assert done.code == 2


def test_code_sent_with_the_pipeline_needs_no_image(quantgate, kfp, spec: Path) -> None:
    code = "def spread(outputs, labels):\n    return 0.0\n"
    (spec.parent / "my_code.py").write_text(code)
    text = spec.read_text().replace("[top1]", "[top1, {metric: my_code:spread, better: lower}]")
    spec.write_text(text + "code: my_code.py\n")
    preview = quantgate("submit", spec, "--dry-run")
    sha256 = sha256_of_bytes(code.encode())
    said = f"code\n  my_code.py is packaged with the pipeline (SHA-256 {sha256})\n"
    assert (preview.stderr, said in preview.stdout) == ("", True)
    assert quantgate("submit", spec).code == 0
    (run,) = kfp.sent("POST", f"{API}/runs")
    assert json_argument(code) in strings(run["pipeline_spec"])


def strings(document: object) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, (dict, list)):
        for inner in document.values() if isinstance(document, dict) else document:
            yield from strings(inner)


def test_schedules_use_the_experiment_of_runs(quantgate, kfp, spec: Path, monkeypatch) -> None:
    monkeypatch.setenv("KF_PIPELINES_DEFAULT_EXPERIMENT_NAME", "nightly")
    assert quantgate("schedule", spec, "--cron", "0 3 * * *").code == 0
    (asked,) = kfp.sent("GET", f"{API}/experiments")
    assert '"nightly"' in asked["filter"]


def test_upload_creates_a_pipeline_and_then_versions(quantgate, kfp, spec: Path) -> None:
    first = quantgate("upload", spec, "--pipeline-version", "one")
    assert (first.code, first.stdout) == (0, "pipeline digits (p1): version one uploaded\n")
    again = quantgate("upload", spec, "--pipeline-version", "one")
    assert again.stdout == (
        "pipeline digits (p1): version one exists already. Nothing was uploaded\n"
    )
    assert quantgate("upload", spec, "--pipeline-version", "two").code == 0
    assert (kfp.pipelines, kfp.versions) == (["p1"], ["one", "two"])
    (created,) = kfp.sent("POST", f"{API}/pipelines")
    assert created["display_name"] == "digits"


def test_version_is_named_by_its_hash(quantgate, kfp, spec: Path) -> None:
    for _ in range(2):
        assert quantgate("upload", spec).code == 0
    assert quantgate("upload", spec, "--set", "gate.top1.max_drop=0.02").code == 0
    assert len(kfp.versions) == len(set(kfp.versions)) == 2
    assert all(len(version) == 12 for version in kfp.versions)


def test_upload_leaves_local_paths_open(quantgate, kfp, spec: Path) -> None:
    assert quantgate("upload", spec, "--set", "model.saved_model=model").code == 0


def test_schedule_accepts_a_crontab_line(quantgate, kfp, spec: Path) -> None:
    done = quantgate("schedule", spec, "--cron", "0 3 * * 1", "--set", "cluster.retries=1")
    assert (done.code, done.stdout) == (0, "schedule digits (s1): 0 0 3 * * 1\n")
    (sent,) = kfp.sent("POST", f"{API}/recurringruns")
    assert sent["trigger"]["cron_schedule"]["cron"] == "0 0 3 * * 1"
    assert (sent["mode"], sent["no_catchup"], sent["max_concurrency"]) == ("ENABLE", True, 1)
    assert sent["runtime_config"]["parameters"]["model"] == "gs://models/digits"


def test_a_second_schedule_of_one_name_is_refused(quantgate, kfp, spec: Path) -> None:
    kfp.schedules.append({"recurring_run_id": "s0"})
    done = quantgate("schedule", spec, "--cron", "0 3 * * 1")
    assert (done.code, kfp.sent("POST", f"{API}/recurringruns")) == (2, [])
    assert done.stderr == (
        "error: there is a schedule digits already (s0): name another one with --name, or delete "
        "that one in the UI first\n"
    )


def test_invalid_crontab_line_is_refused(quantgate, kfp, spec: Path, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        quantgate("schedule", spec, "--cron", "daily")
    assert caught.value.code == 2
    assert (
        "`daily` is not a schedule: give the five fields of a crontab, or KFP's six"
        in capsys.readouterr().err
    )


def test_compile_takes_images_and_root(quantgate, kfp, imageless: Path, tmp_path: Path) -> None:
    digest = f"sha256:{'a' * 64}"
    done = quantgate(
        *("compile", imageless, "-o", tmp_path / "p.yaml", "--image", "runtime=mine/runtime:1"),
        *("--image-digest", f"convert={digest}", "--pipeline-root", "gs://results"),
    )
    assert (done.code, done.stderr) == (0, "")
    ir = yaml.load((tmp_path / "p.yaml").read_text(), yaml.CSafeLoader)
    executors = ir["deploymentSpec"]["executors"].values()
    images = {e["container"]["image"] for e in executors if "container" in e}
    assert images == {"mine/runtime:1", f"quantgate/convert:0.1.0@{digest}"}
    assert ir["defaultPipelineRoot"] == "gs://results"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--image-digest", "abc"),
            "--image-digest abc: a digest is `sha256:` and 64 hex digits",
        ),
        (
            ("--image", "both=x"),
            "--image both=x: unknown kind `both`. Write convert= or runtime=",
        ),
        (
            ("--pipeline-root", "results"),
            "--pipeline-root results: Kubeflow writes to gs://BUCKET, s3://BUCKET, minio://BUCKET. "
            "Give such a URI",
        ),
        (
            ("--pipeline-root", "gs:///results"),
            "--pipeline-root gs:///results: Kubeflow writes to gs://BUCKET, s3://BUCKET, "
            "minio://BUCKET. Give such a URI",
        ),
    ],
)
def test_invalid_cluster_settings_are_refused(quantgate, kfp, spec: Path, arguments, said) -> None:
    done = quantgate("compile", spec, *arguments)
    assert (done.code, done.stderr) == (2, f"error: {said}\n")


@pytest.mark.parametrize("verb", ["submit", "upload", "schedule", "status"])
def test_help_imports_nothing_heavy(verb: str) -> None:
    code = (
        "import sys; from quantgate.cli import main\n"
        "try: main([sys.argv[1], '--help'])\n"
        "except SystemExit: print(sorted({'kfp', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, verb], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.split()) > 100
    assert done.stdout.endswith("[]\n")
