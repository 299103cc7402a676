"""`quantgate cache` and `quantgate logs`, on a cache and runs made by hand."""

import json
import os
import re
import time
from pathlib import Path

import pytest

from quantgate.cli import main
from quantgate.local_runner.cache.entry import Body, write_entry
from quantgate.local_runner.ir.values import Values
from quantgate.runs.folder import RunFolder, RunRecord, TaskRecord, create_run

DAY = 86_400


def keep(cache: Path, key: str, title: str, size_bytes: int, days: float) -> Path:
    """Put an entry into the cache that was last used so many days ago."""
    log = cache.parent / f"{key}.log"
    log.write_bytes(b"x" * size_bytes)
    entry = cache / "entries" / key
    body = Body(key, title, 1.0, "2026-01-01T00:00:00+00:00", {}, {}, [], {})
    write_entry(body, Values(), cache.parent, log, entry)
    used = time.time() - days * DAY
    os.utime(entry / "entry.json", (used, used))
    return entry


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    cache = tmp_path / "the cäche"
    keep(cache, "a" * 64, "Quantize", 3000, 40)
    keep(cache, "b" * 64, "Evaluate", 2000, 10)
    keep(cache, "c" * 64, "Gate", 1000, 0)
    return cache


def left(cache: Path) -> set[str]:
    return {path.name[0] for path in (cache / "entries").iterdir()}


def test_the_list_has_the_least_recently_used_first(cache, capsys):
    assert main(["cache", "ls", "--cache-dir", str(cache)]) == 0
    *lines, total = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1] for line in lines] == ["a" * 12, "b" * 12, "c" * 12]
    assert [line.rpartition("  ")[2] for line in lines] == ["Quantize", "Evaluate", "Gate"]
    assert re.fullmatch(r"3 entries, [67],\d\d\d bytes, in .*the cäche", total)


def test_a_missing_cache_is_shown_as_empty(tmp_path, capsys):
    nowhere = tmp_path / "nowhere"
    assert main(["cache", "ls", "--cache-dir", str(nowhere)]) == 0
    assert main(["cache", "prune", "--max-size", "0", "--cache-dir", str(nowhere)]) == 0
    assert (
        capsys.readouterr().out == f"0 entries, 0 bytes, in {nowhere}\ndeleted 0 entries, 0 bytes\n"
    )
    assert not nowhere.exists()


@pytest.mark.parametrize("action", [["ls"], ["prune", "--max-size", "0"]])
def test_a_file_as_cache_dir_is_refused(tmp_path, capsys, action):
    (tmp_path / "spec.yaml").write_text("")
    assert main(["cache", *action, "--cache-dir", str(tmp_path / "spec.yaml")]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}/spec.yaml is a file. Name the folder of a cache with --cache-dir\n"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--older-than", "30d"], {"b", "c"}),
        (["--older-than", "1.5w"], {"b", "c"}),
        (["--older-than", "12h"], {"c"}),
        (["--older-than", "60d"], {"a", "b", "c"}),
        (["--max-size", "4.5kB"], {"b", "c"}),
        (["--max-size", "2KiB"], {"c"}),
        (["--max-size", "1GiB"], {"a", "b", "c"}),
        (["--max-size", "0"], set()),
        (["--older-than", "30d", "--max-size", "2000"], {"c"}),
    ],
)
def test_pruning_by_age_and_size(cache, arguments, expected):
    assert main(["cache", "prune", *arguments, "--cache-dir", str(cache)]) == 0
    assert left(cache) == expected
    assert list((cache / "partial").glob("*")) == []


def test_notes_are_pruned_when_old_or_when_everything_is_pruned(cache):
    notes = [cache / kind / "note" for kind in ("last", "digests", "pipelines")]
    old = [note.with_name("old") for note in notes]
    for note in (*notes, *old):
        note.parent.mkdir(exist_ok=True)
        note.write_text("{}")
    for note in old:
        os.utime(note, (0, time.time() - 100 * DAY))
    main(["cache", "prune", "--older-than", "60d", "--cache-dir", str(cache)])
    assert [note.exists() for note in (*notes, *old)] == [True] * 3 + [False] * 3
    main(["cache", "prune", "--max-size", "0", "--cache-dir", str(cache)])
    assert not any(note.exists() for note in notes)


def test_pruning_says_how_much_it_freed(cache, capsys):
    assert main(["cache", "prune", "--older-than", "30d", "--cache-dir", str(cache)]) == 0
    assert re.fullmatch(r"deleted 1 entry, 3,\d\d\d bytes\n", capsys.readouterr().out)


def test_pruning_clears_what_killed_runs_left(cache):
    old, young = cache / "partial" / "old", cache / "partial" / "young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    (cache / "last").mkdir()
    (cache / "last" / "note").write_text("{}")
    os.utime(cache / "last" / "note", (0, 0))
    assert main(["cache", "prune", "--max-size", "1TB", "--cache-dir", str(cache)]) == 0
    assert (old.exists(), young.exists()) == (False, True)
    assert not (cache / "last" / "note").exists()


def test_damaged_entries_are_listed_and_pruned(cache, capsys):
    (cache / "entries" / ("a" * 64) / "entry.json").write_text("")
    (cache / "entries" / "stray").write_text("x")
    assert main(["cache", "ls", "--cache-dir", str(cache)]) == 0
    assert capsys.readouterr().out.count("  damaged\n") == 1
    assert main(["cache", "prune", "--max-size", "0", "--cache-dir", str(cache)]) == 0
    assert left(cache) == set()


def test_pruning_needs_an_age_or_a_size(cache, capsys):
    assert main(["cache", "prune", "--cache-dir", str(cache)]) == 2
    assert capsys.readouterr().err == (
        "error: say what to delete: `--older-than 30d`, `--max-size 2GB` or both. "
        "`--max-size 0` deletes everything\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--older-than", "3x"], "--older-than: `3x` is not an age such as 12h, 30d or 8w"),
        (["--older-than", "-1d"], "--older-than: expected one argument"),
        (["--max-size", "2 gigs"], "--max-size: `2 gigs` is not a size such as 500MB, 2GB or 1GiB"),
    ],
)
def test_invalid_sizes_and_ages_are_refused(capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        main(["cache", "prune", *arguments])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: argument {message}\n")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = create_run(tmp_path / "runs", "digits")
    run.logs.mkdir()
    tasks = []
    for title, cached in (
        ("Import model", False),
        ("Quantize a", False),
        ("Quantize ab", True),
        ("Collect", False),
    ):
        log = run.logs / f"{title}.log"
        if title != "Import model":
            log.write_text("" if title == "Collect" else f"log of {title}\n")
        name = f"logs/{log.name}" if log.is_file() else None
        tasks.append(
            TaskRecord(
                title=title, state="SUCCEEDED", seconds=1, log=name, error=None, cached=cached
            )
        )
    RunRecord(state="decided", tasks=tasks).write(run.record)
    return run


def test_the_tasks_of_a_run_are_listed(run, tmp_path, capsys):
    for arguments in (
        [str(run.path)],
        [str(run.path.parent)],
        ["--runs-dir", str(tmp_path / "runs")],
    ):
        assert main(["logs", *arguments]) == 0
        assert capsys.readouterr().out == (
            "succeeded  Import model\n"
            "succeeded  Quantize a\n"
            "cached     Quantize ab\n"
            "succeeded  Collect\n"
            f"{run.path}: `quantgate logs {run.path} TASK` shows a log\n"
        )


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Quantize a", "log of Quantize a\n"),
        ("quantize AB", "log of Quantize ab\n"),
        ("import", "Import model printed nothing\n"),
        ("collect", "Collect printed nothing\n"),
    ],
)
def test_a_task_is_found_by_name(run, tmp_path, capsys, task, expected):
    assert main(["logs", str(run.path), task]) == 0
    assert main(["logs", task, "--runs-dir", str(tmp_path / "runs")]) == 0
    assert main(["logs", *task.split(), "--runs-dir", str(tmp_path / "runs")]) == 0
    assert capsys.readouterr().out == expected * 3


def test_an_unknown_or_ambiguous_task_is_refused(run, capsys):
    assert main(["logs", str(run.path), "Gate"]) == 2
    assert main(["logs", str(run.path), "quant"]) == 2
    assert capsys.readouterr().err == (
        f"error: no task of {run.path} is called `Gate`. "
        "Its tasks are `Import model`, `Quantize a`, `Quantize ab`, `Collect`\n"
        "error: `quant` matches `Quantize a`, `Quantize ab`. Give more of the name\n"
    )


def test_a_run_that_was_killed_has_logs(run, capsys):
    run.record.write_text(json.dumps({"state": "running", "tasks": []}))
    assert main(["logs", str(run.path), "Quantize ab"]) == 0
    assert capsys.readouterr().out == "log of Quantize ab\n"


def test_logs_without_any_run_are_refused(tmp_path, capsys):
    assert main(["logs", "--runs-dir", str(tmp_path / "runs")]) == 2
    assert capsys.readouterr().err == (
        f"error: there is no run in {tmp_path / 'runs'}. Start one with `quantgate run SPEC`\n"
    )
