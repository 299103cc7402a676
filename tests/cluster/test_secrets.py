"""Credentials are in no message, link, log or bug report."""

import logging
from pathlib import Path

import pytest

from quantgate.commands.common.connecting import redacted

REFUSED = (
    "names a user before `@`, which kfp's client does not send: leave it out, and log in with "
    "--existing-token, or a file that KF_PIPELINES_SA_TOKEN_PATH names or --cookies\n"
)


@pytest.mark.parametrize("url", ["http://me:hush@127.0.0.1:1/pipeline", "me:hush@host", "//hush@h"])
@pytest.mark.parametrize(
    ("option", "variable"),
    [("--host", "KF_PIPELINES_ENDPOINT"), ("--ui-host", "KF_PIPELINES_UI_ENDPOINT")],
)
@pytest.mark.parametrize("verb", ["submit", "upload", "status"])
def test_urls_with_users_are_refused(
    quantgate, kfp, spec: Path, verb, option, variable, url, monkeypatch, caplog
) -> None:
    run = "r1" if verb == "status" else spec
    with caplog.at_level(logging.DEBUG):
        given = quantgate(verb, run, option, url)
        monkeypatch.setenv(variable, url)
        ended = quantgate(verb, run)
    refused = (2, "", f"error: {option} (or {variable}) {REFUSED}")
    assert (given.code, given.stdout, given.stderr) == refused
    assert (ended.code, ended.stdout, ended.stderr) == refused
    assert "hush" not in caplog.text
    assert kfp.asked == []


@pytest.mark.parametrize("verb", [("submit",), ("upload",), ("schedule", "--cron", "0 3 * * *")])
def test_a_dry_run_shows_no_user(quantgate, kfp, spec: Path, verb) -> None:
    done = quantgate(*verb, spec, "--dry-run", "--host", "https://me:hush@host")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == f"error: --host (or KF_PIPELINES_ENDPOINT) {REFUSED}"


def test_at_sign_outside_the_user_part_is_accepted(quantgate, kfp) -> None:
    kfp.states = ["RUNNING"]
    assert quantgate("status", "r1", "--ui-host", "http://ui/@home").code == 0


def test_secrets_stay_out_of_bug_reports() -> None:
    given = ["submit", "s.yaml", "--existing-token", "t", "--cook=c", "--host", "h"]
    assert redacted(given) == [
        *("submit", "s.yaml", "--existing-token", "***", "--cook=***", "--host", "h")
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://me:hush@host/pipeline", "https://***@host/pipeline"),
        ("--host=http://hush@host", "--host=http://***@host"),
        ("me:hush@host", "***@host"),
        ("--ui-host=me:hush@host", "--ui-host=***@host"),
        ("gs://bucket/folder/a@b.npz", "gs://bucket/folder/a@b.npz"),
        ("specs/a@b.yaml", "specs/a@b.yaml"),
        ("registry/image:1@sha256:0", "registry/image:1@sha256:0"),
    ],
)
def test_users_in_urls_stay_out_of_bug_reports(given: str, shown: str) -> None:
    assert redacted(["submit", given]) == ["submit", shown]
