"""Promotions at the same time as readers, as other promotions, and as kills."""

import json
import multiprocessing
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from quantgate.components.promote.work import promote
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes

FORK = multiprocessing.get_context("fork")


def fleet_after(folder, promotions, seconds_until_kill=()):
    """Promote in one process each, all at once. Return their exit codes, sorted."""
    gate = os.pipe()
    children = [
        FORK.Process(target=promote_once, args=(gate, folder, number, *given), daemon=True)
        for number, given in enumerate(promotions)
    ]
    for child in children:
        child.start()
    for end in gate:
        os.close(end)
    for child, seconds in zip(children, seconds_until_kill, strict=False):
        time.sleep(seconds)
        os.kill(child.pid, signal.SIGKILL)
    for child in children:
        child.join(60)
    return sorted(child.exitcode for child in children)


def promote_once(gate, folder, number, decision, model, compiled=None):
    os.close(gate[1])
    os.read(gate[0], 1)
    try:
        promote(
            decision,
            winner_path=model,
            to=str(folder),
            manifest_path=str(folder.with_name(f"manifest-{number}")),
            compiled_path=compiled,
        )
    except InputError as error:
        assert "another promotion has changed `latest` in the meantime" in str(error)
        os._exit(3)


def read_until(stop, folder, seen):
    """Poll as a device does: follow `latest` to a model, and compare it with its manifest."""
    outcomes = Counter()
    while not stop.is_set():
        outcomes[read_once(folder)] += 1
    seen.put(outcomes)


def read_once(folder):
    try:
        version = (folder / "latest").read_text().strip()
    except FileNotFoundError:
        return "nothing published yet"
    try:
        manifest = json.loads((folder / version / "manifest.json").read_bytes())
        for name, file in manifest["files"].items():
            assert sha256_of_bytes((folder / version / name).read_bytes()) == file["sha256"]
    except (FileNotFoundError, AssertionError) as error:
        return f"{type(error).__name__} in {version}"
    return "whole"


@pytest.fixture
def outcomes_of_readers(tmp_path):
    """Return a function that ends two processes that read all the time, and says what they saw."""
    stop, seen = FORK.Event(), FORK.Queue()
    readers = [
        FORK.Process(target=read_until, args=(stop, tmp_path / "fleet", seen), daemon=True)
        for _ in range(2)
    ]
    for reader in readers:
        reader.start()

    def end():
        stop.set()
        return sum((seen.get(timeout=60) for _ in readers), Counter())

    yield end
    stop.set()
    for reader in readers:
        reader.join(60)


def compiled_folder(folder, content):
    folder.mkdir()
    (folder / "ethos_u.tflite").write_bytes(content)
    return str(folder)


def test_concurrent_promotions_of_one_model_all_succeed(
    decided, publish, tmp_path, check_fleet, outcomes_of_readers
):
    old = publish(*decided(b"old")).version
    new = sha256_of_bytes(b"new")[:16]
    promotions = [decided(b"new", created=f"2025-01-{day:02}") for day in range(1, 21)]
    assert fleet_after(tmp_path / "fleet", promotions) == [0] * 20
    assert (tmp_path / "fleet" / "latest").read_text() == f"{new}\n"
    assert (tmp_path / "fleet" / "history").read_text() == f"{old}\n{new}\n"
    check_fleet(tmp_path / "fleet", {new})
    seen = outcomes_of_readers()
    assert set(seen) <= {"whole", "nothing published yet"}
    assert seen["whole"] > 0


def test_readers_see_whole_versions_only(decided, publish, tmp_path, outcomes_of_readers):
    publish(*decided(b"0" * 100_000))
    for round_ in range(5):
        contents = [f"{number % 3}".encode() * 100_000 for number in range(6)]
        compiled = [
            compiled_folder(tmp_path / f"compiled-{round_}-{number}", b"%d" % (number % 2))
            for number in range(6)
        ]
        promotions = [
            (*decided(content), folder) for content, folder in zip(contents, compiled, strict=True)
        ]
        codes = fleet_after(tmp_path / "fleet", promotions)
        assert set(codes) <= {0, 3}
        assert 0 in codes
    seen = outcomes_of_readers()
    assert set(seen) <= {"whole", "nothing published yet"}
    assert seen["whole"] > 0


def test_kills_of_concurrent_promotions_leave_latest_whole(
    decided, publish, tmp_path, check_fleet, outcomes_of_readers
):
    publish(*decided(b"old"))
    for round_ in range(10):
        promotions = [decided(f"{round_} {number}".encode()) for number in range(4)]
        waits = [0.002 * (round_ + 1), 0.002]
        assert set(fleet_after(tmp_path / "fleet", promotions, waits)) <= {0, 3, -signal.SIGKILL}
        assert read_once(tmp_path / "fleet") == "whole"
    last = publish(*decided(b"last")).version
    assert (tmp_path / "fleet" / "latest").read_text() == f"{last}\n"
    seen = outcomes_of_readers()
    assert set(seen) <= {"whole", "nothing published yet"}


def test_a_published_version_is_never_written_again(decided, publish, tmp_path):
    version = publish(*decided()).version
    folder = tmp_path / "fleet" / version
    before = {path.name: path.stat() for path in folder.iterdir()}
    promotions = [decided(created=f"2026-01-{day:02}") for day in range(1, 9)]
    assert fleet_after(tmp_path / "fleet", promotions) == [0] * 8
    after = {path.name: path.stat() for path in folder.iterdir()}
    assert {name: stat.st_ino for name, stat in after.items()} == {
        name: stat.st_ino for name, stat in before.items()
    }


def test_a_promotion_that_was_overtaken_is_not_rolled_back_to(decided, publish, tmp_path):
    first, second = (publish(*decided(content)).version for content in (b"1", b"2"))
    Path(tmp_path, "fleet", "history").write_text(f"{first}\novertaken\n")
    third = publish(*decided(b"3")).version
    history = (tmp_path / "fleet" / "history").read_text().split()
    assert history == [first, second, third]
