"""Exit codes and messages of errors."""

import argparse
import errno
import os
from pathlib import Path

import pytest

from quantgate import __version__
from quantgate.cli import main
from quantgate.commands.common.guard import explained, guarded
from quantgate.errors import InputError, NothingQualified, QuantgateError, SpecError, UsageError
from quantgate.runs.folder import RunRecord

NO_OPTIONS = argparse.Namespace()


def raising(error: BaseException):
    def handler(_: argparse.Namespace) -> int:
        raise error

    return handler


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (QuantgateError("no"), 1),
        (InputError("no"), 1),
        (UsageError("no"), 2),
        (SpecError("no"), 3),
        (NothingQualified("no"), 4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_expected_errors_have_a_message_and_an_exit_code(
    error: QuantgateError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error), NO_OPTIONS) == code
    assert capsys.readouterr().err == "error: no\n"


def test_credentials_in_messages_are_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["quantgate", "show", "s3://me:s3cret@bucket"])
    for error in (InputError("no s3://me:s3cret@bucket"), ValueError("no s3://me:s3cret@bucket")):
        guarded(raising(error), NO_OPTIONS)
    (report,) = tmp_path.rglob("bug-*.log")
    assert "s3cret" not in capsys.readouterr().err + report.read_text()


def test_ctrl_c_says_that_nothing_was_promoted(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(KeyboardInterrupt()), NO_OPTIONS) == 130
    assert capsys.readouterr().err == "\ninterrupted: nothing was promoted\n"


def test_a_bug_leaves_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert guarded(raising(ZeroDivisionError("what")), NO_OPTIONS) == 70
    (log,) = (tmp_path / "quantgate").iterdir()
    assert "ZeroDivisionError: what" in log.read_text()
    assert f"quantgate {__version__}" in log.read_text()
    message = capsys.readouterr().err
    assert "this is a bug in quantgate" in message
    assert str(log) in message


def test_a_bug_without_a_writable_home_is_still_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(blocked))
    assert guarded(raising(ZeroDivisionError("what")), NO_OPTIONS) == 70
    assert "ZeroDivisionError: what" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "runs/x: No space left on device. Make room and run again"),
        (errno.EROFS, "runs/x: Read-only file system. Choose another path"),
    ],
)
def test_errors_of_the_system_are_not_reported_as_bugs(
    code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = OSError(code, os.strerror(code), "runs/x")
    assert guarded(raising(error), NO_OPTIONS) == 1
    assert capsys.readouterr().err == f"error: the system refuses to read or write {said}\n"


def test_a_full_disk_message_names_the_file() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        RunRecord(state="running").write("/dev/full")
    assert explained(caught.value, NO_OPTIONS)[1] == (
        "the system refuses to read or write /dev/full: No space left on device. "
        "Make room and run again"
    )


LONG = "long" * 100


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", LONG],
        ["explain", LONG, "float16"],
        ["compare", LONG, LONG],
        ["logs", LONG],
        ["promote", LONG, "--to", "fleet"],
        ["demo", LONG],
        ["cache", "ls", "--cache-dir", LONG],
        ["inspect", LONG],
    ],
    ids=lambda arguments: arguments[0],
)
def test_an_impossible_path_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err in (
        f"error: cannot use {LONG}{inner}: File name too long. Choose a shorter path\n"
        for inner in ("", "/quantgate.yaml")
    )


def test_a_folder_instead_of_a_file_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(options: argparse.Namespace) -> int:
        return len(options.file.read_bytes())

    assert guarded(read, argparse.Namespace(file=tmp_path)) == 2
    assert capsys.readouterr().err == (
        f"error: cannot use {tmp_path}: Is a directory. Give the path of a file\n"
    )


def test_an_error_about_a_path_that_the_user_did_not_give_is_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "own").mkdir()
    assert guarded(lambda _: len((tmp_path / "own").read_bytes()), NO_OPTIONS) == 70
