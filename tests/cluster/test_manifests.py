"""Pipelines as Kubernetes manifests: the same pipeline, with names that Kubernetes accepts."""

from pathlib import Path

import pytest
import yaml

from quantgate.errors import PipelineError
from quantgate.foundation.pipeline_file import read_pipeline_file
from quantgate.local_runner import read_pipeline

MANIFESTS = ("--format", "kubernetes")


def compiled(quantgate, spec: Path, path: Path, *arguments: str) -> list[dict]:
    done = quantgate("compile", spec, "-o", path, *arguments)
    assert (done.code, done.stderr) == (0, "")
    return list(yaml.load_all(path.read_text(), yaml.CSafeLoader))


def test_manifests_hold_the_pipeline_that_is_uploaded(quantgate, kfp, spec, tmp_path) -> None:
    retried = ("--set", "cluster.image_pull_policy=Always")
    ir, platform = compiled(quantgate, spec, tmp_path / "p.yaml", *retried)
    pipeline, version = compiled(quantgate, spec, tmp_path / "m.yaml", *retried, *MANIFESTS)
    assert quantgate("upload", spec, *retried).code == 0
    (uploaded,) = kfp.versions
    assert pipeline == {
        "apiVersion": "pipelines.kubeflow.org/v2beta1",
        "kind": "Pipeline",
        "metadata": {"name": "digits"},
        "spec": {"displayName": "digits", "description": ir["pipelineInfo"]["description"]},
    }
    assert version["kind"] == "PipelineVersion"
    assert version["metadata"] == {"name": f"digits-{uploaded}"}
    assert version["spec"]["pipelineName"] == "digits"
    assert version["spec"]["displayName"] == uploaded
    assert version["spec"]["pipelineSpec"] == ir
    assert version["spec"]["platformSpec"] == platform


def test_command_shows_how_to_apply_manifests(quantgate, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    done = quantgate("compile", spec, "-o", path, *MANIFESTS, "--pipeline-version", "1.2")
    assert done.stdout == (
        f"wrote {path}: Pipeline digits and PipelineVersion digits-1.2, 2 candidates\n"
        f"create them with `kubectl apply --server-side -f {path}`\n"
    )


def test_names_of_pipeline_and_version_can_be_set(quantgate, spec: Path, tmp_path: Path) -> None:
    named = ("--name", "team.digits", "--pipeline-version", "v2", "--namespace", "lab")
    pipeline, version = compiled(quantgate, spec, tmp_path / "m.yaml", *MANIFESTS, *named)
    assert pipeline["metadata"] == {"name": "team.digits", "namespace": "lab"}
    assert version["metadata"] == {"name": "team.digits-v2", "namespace": "lab"}
    assert version["spec"]["pipelineName"] == "team.digits"


def test_name_with_other_characters_is_the_display_name(quantgate, spec, tmp_path):
    given = ("--set", "name=my_digits")
    pipeline, version = compiled(quantgate, spec, tmp_path / "m.yaml", *MANIFESTS, *given)
    assert pipeline["metadata"]["name"] == version["spec"]["pipelineName"] == "my-digits"
    assert pipeline["spec"]["displayName"] == "my_digits"


def test_gate_is_not_cached_on_a_cluster(quantgate, imageless: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    done = quantgate("compile", imageless, "-o", path, *MANIFESTS)
    assert done.stderr.startswith("warning: quantgate/convert")
    _, version = yaml.load_all(path.read_text(), yaml.CSafeLoader)
    gate = version["spec"]["pipelineSpec"]["root"]["dag"]["tasks"]["gate"]
    assert not gate["cachingOptions"].get("enableCache")


@pytest.mark.parametrize(
    ("option", "text", "digits"),
    [
        ("--name", "My_Digits", "digits, `-` and `.`"),
        ("--name", "digits.", "digits, `-` and `.`"),
        ("--name", "a..b", "digits, `-` and `.`"),
        ("--name", "d" * 64, "digits, `-` and `.`"),
        ("--pipeline-version", "v 1", "digits, `-` and `.`"),
        ("--namespace", "team.a", "digits and `-`"),
        ("--namespace", "", "digits and `-`"),
    ],
)
def test_names_that_kubernetes_refuses_are_usage_errors(
    quantgate, spec, tmp_path, capsys, option: str, text: str, digits: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        quantgate("compile", spec, "-o", tmp_path / "m.yaml", *MANIFESTS, option, text)
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(
        f"argument {option}: `{text}` is not a valid name in Kubernetes: use at most 63 lowercase "
        f"letters, {digits}, and begin and end with a letter or a digit\n"
    )
    assert not (tmp_path / "m.yaml").exists()


@pytest.mark.parametrize("option", ["--name", "--pipeline-version", "--namespace"])
def test_names_need_the_manifest_format(quantgate, spec: Path, tmp_path: Path, option: str) -> None:
    done = quantgate("compile", spec, "-o", tmp_path / "p.yaml", option, "mine")
    assert (done.code, done.stderr) == (
        2,
        f"error: {option} is for manifests. Add --format kubernetes, or remove it\n",
    )
    assert not (tmp_path / "p.yaml").exists()


def test_invalid_pipeline_does_not_change_the_file(quantgate, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("before")
    too_long = f"data.evaluation.source=gs://data/{'x' * 20_000}"
    done = quantgate("compile", spec, "-o", path, *MANIFESTS, "--set", too_long)
    assert (done.code, done.stdout) == (1, "")
    assert "(run-parameters)" in done.stderr
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["m.yaml", "spec.yaml"]
    assert path.read_text() == "before"


def test_the_linter_reads_manifests(quantgate, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    pipeline, version = compiled(quantgate, spec, path, *MANIFESTS)
    assert read_pipeline_file(path).document == version["spec"]["pipelineSpec"]
    done = quantgate("lint", path)
    assert (done.code, done.stdout.splitlines()[-1]) == (0, f"2 warnings in {path}")
    del version["spec"]["pipelineSpec"]["deploymentSpec"]["executors"]["exec-gate"]
    path.write_text(yaml.safe_dump_all([pipeline, version]))
    done = quantgate("lint", path)
    assert (done.code, done.stdout.splitlines()[0]) == (1, "error reference")


@pytest.mark.parametrize("count", [0, 2])
def test_linter_refuses_several_versions_in_a_file(quantgate, spec, tmp_path, count: int) -> None:
    path = tmp_path / "m.yaml"
    pipeline, version = compiled(quantgate, spec, path, *MANIFESTS)
    path.write_text(yaml.safe_dump_all([pipeline, *[version] * count]))
    done = quantgate("lint", path)
    assert (done.code, done.stderr) == (
        1,
        f"error: {path}: {count} PipelineVersion manifests. Give a file that holds one\n",
    )


def test_version_without_a_pipeline_is_refused(quantgate, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("{apiVersion: pipelines.kubeflow.org/v2beta1, kind: PipelineVersion}")
    done = quantgate("lint", path)
    assert (done.code, done.stderr) == (
        1,
        f"error: {path}: not a pipeline compiled by KFP v2, because it holds no mapping. "
        "Compile it again\n",
    )


def test_local_runner_refuses_manifests(quantgate, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    compiled(quantgate, spec, path, *MANIFESTS)
    with pytest.raises(PipelineError) as caught:
        read_pipeline(path)
    assert str(caught.value) == (
        f"{path}: a Kubernetes manifest, which is for a cluster. Compile the pipeline for the "
        "local runner without `kubernetes_manifest_format`"
    )
