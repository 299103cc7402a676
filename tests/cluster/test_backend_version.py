"""Backends that are too old are refused before anything is sent."""

from pathlib import Path

import pytest

from quantgate.pipelines.cluster.backend import PIPELINES

ROOT = Path(__file__).resolve().parents[2]
API = "/apis/v2beta1"
VERBS = [("submit",), ("upload",), ("schedule", "--cron", "0 3 * * *")]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
@pytest.mark.parametrize("field", ["tag_name", "apiServerTagName"], ids=["API", "UI"])
def test_old_backend_is_refused(quantgate, kfp, spec: Path, verb, field) -> None:
    kfp.version = {field: "2.13.0"}
    done = quantgate(*verb, spec)
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {kfp.address} is Kubeflow Pipelines 2.13.0, and quantgate needs 2.14 or newer: "
        "upgrade the backend, or name another one with --host. Nothing was sent\n"
    )
    assert [path for _, path, _ in kfp.asked] == [f"{API}/healthz"]


@pytest.mark.parametrize("version", ["1.8.22", "2.0.0-alpha.5", "v2.5.0", "2.13"])
def test_old_releases_in_other_forms_are_refused(quantgate, kfp, spec: Path, version: str) -> None:
    kfp.version = {"tag_name": version}
    assert quantgate("submit", spec).code == 1


@pytest.mark.parametrize("version", ["2.14.0-rc.1", "2.14.6", "v2.16", "2.17.0+gke.3", "3.0.0"])
def test_new_releases_are_accepted(quantgate, kfp, spec: Path, version: str) -> None:
    kfp.version = {"tag_name": version}
    done = quantgate("submit", spec)
    assert (done.code, done.stderr) == (0, "")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
@pytest.mark.parametrize(
    ("version", "told"),
    [
        ({}, "no version"),
        ({"tag_name": "unknown"}, "unknown"),
        ({"tag_name": "2fd1c3a9"}, "2fd1c3a9"),
        ({"tag_name": ""}, "no version"),
    ],
    ids=["none", "unknown", "a commit", "empty"],
)
def test_unknown_version_gives_a_note(quantgate, kfp, spec, verb, version, told) -> None:
    kfp.version = version
    done = quantgate(*verb, spec)
    assert (done.code, done.stderr) == (
        0,
        f"note: {kfp.address} does not report its release ({told}), and quantgate needs "
        "Kubeflow Pipelines 2.14 or newer\n",
    )


def test_version_is_requested_once(quantgate, kfp, spec: Path) -> None:
    for namespace in ((), ("--namespace", "mine")):
        kfp.asked.clear()
        assert quantgate("submit", spec, *namespace).code == 0
        assert len(kfp.sent("GET", f"{API}/healthz")) == 1


def test_a_run_is_followed_on_any_backend(quantgate, kfp) -> None:
    kfp.version, kfp.states = {"tag_name": "2.5.0"}, ["RUNNING"]
    done = quantgate("status", "r1")
    assert (done.code, done.stderr) == (0, "")


@pytest.mark.parametrize("page", ["README.md", "docs/cluster.md"])
def test_the_pages_name_the_oldest_backend(page: str) -> None:
    words = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert f"Kubeflow Pipelines {PIPELINES.oldest} or newer" in words
