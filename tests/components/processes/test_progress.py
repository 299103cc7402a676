"""Samples are counted in a file that the runner reads."""

import multiprocessing
import time

import pytest

from quantgate.components.processes.progress import counted, expect
from quantgate.local_runner.tasks.progress import VARIABLE, read_progress


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "progress"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_finished_samples_are_counted(file):
    expect(10)
    assert read_progress(file) == (0, 10)
    assert list(counted(range(4))) == [0, 1, 2, 3]
    assert read_progress(file) == (4, 10)


def test_chunks_count_by_their_size(file):
    expect(5)
    assert list(counted(["abc", "de"], len)) == ["abc", "de"]
    assert read_progress(file) == (5, 5)


def test_a_sample_counts_when_the_next_is_requested(file):
    expect(3)
    samples = counted(range(3))
    next(samples)
    next(samples)
    samples.close()
    assert read_progress(file) == (1, 3)


def test_processes_count_side_by_side(file):
    expect(4000)
    context = multiprocessing.get_context("fork")
    shards = [context.Process(target=list, args=(counted(range(1000)),)) for _ in range(4)]
    for shard in shards:
        shard.start()
    for shard in shards:
        shard.join()
    assert read_progress(file) == (4000, 4000)


def test_expect_resets_the_count(file):
    list(counted(range(32)))
    assert read_progress(file) is None
    expect(7)
    assert read_progress(file) == (0, 7)


def test_nothing_is_written_without_the_variable(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    expect(3)
    assert list(counted(range(3))) == [0, 1, 2]
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_file_does_not_stop_a_task(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere" / "progress"))
    expect(3)
    assert list(counted(range(3))) == [0, 1, 2]


@pytest.mark.timing
def test_counting_a_sample_takes_a_few_steps_of_a_plain_generator(file):
    samples = 200_000

    def uncounted():
        yield from range(samples)

    def counted_from_the_start():
        expect(samples)
        return counted(range(samples))

    assert least_seconds(counted_from_the_start) < 15 * least_seconds(uncounted)
    assert read_progress(file) == (samples, samples)


def least_seconds(make_items):
    """Return the CPU seconds of the fastest of five loops."""

    def seconds():
        began = time.process_time()
        for _ in make_items():
            pass
        return time.process_time() - began

    return min(seconds() for _ in range(5))


@pytest.mark.parametrize("content", [b"", b"12", b"." * 40, b"12\n..", b"many\n...", b"\n."])
def test_invalid_files_are_read_as_far_as_possible(tmp_path, content):
    path = tmp_path / "progress"
    path.write_bytes(content)
    expected = {b"12\n..": (2, 12), b"many\n...": (3, None), b"\n.": (1, None)}
    assert read_progress(path) == expected.get(content)
