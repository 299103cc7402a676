"""Shards of an evaluation set in parts: they read their own parts, as these were built."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from parted_sets import in_parts

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.artifacts.division import Division
from quantgate.components.artifacts.parted_array import PartedArray, Piece
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.components.evaluate_shard.work import evaluate_shard
from quantgate.components.merge_shards.inputs import MergeInputs
from quantgate.components.merge_shards.work import merge_shards
from quantgate.errors import InputError
from quantgate.records.tasks import ModelFacts

FLOAT, SAMPLES = "float32", 50
TOP1 = EvaluateSettings([{"metric": "top1"}])
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def inputs(scaled_model, make_facts, make_dataset):
    """A model and its samples."""
    x = np.random.default_rng(1).random((SAMPLES, 3), np.float32)
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, x=x, labels=(x * [1, 1.5, 0.5]).argmax(axis=1))
    return EvaluateInputs(scaled_model("model", [2.0, 2.0, 2.0]), facts, dataset)


@pytest.fixture
def parted(inputs, tmp_path):
    """The same samples in four parts on this machine."""
    return replace(inputs, dataset=str(in_parts(inputs.dataset, tmp_path / "parts", 4)))


@pytest.fixture
def stored(inputs, bucket, tmp_path):
    """The same samples in four parts in a bucket."""
    whole = in_parts(inputs.dataset, tmp_path / "stored", 4, "gs://bucket")
    for path in (tmp_path / "stored").glob("part-*/*/*"):
        bucket.put(str(path.relative_to(tmp_path / "stored")), path.read_bytes())
    return replace(inputs, dataset=str(whole))


def scored(inputs, tmp_path, count: int, settings=TOP1) -> list[str]:
    """Evaluate a model in shards, and return their folders."""
    folders = [str(tmp_path / f"scores-{number}") for number in range(1, count + 1)]
    for number, folder in enumerate(folders, start=1):
        evaluate_shard(inputs, settings, Division(number, count), folder)
    return folders


def part_two(tmp_path) -> Path:
    (path,) = (tmp_path / "parts").glob("part-2/*/x.npy")
    return path


def files_given(bucket) -> set[str]:
    return {name for name, is_media in bucket.asked if is_media}


def test_a_shard_fetches_its_part_alone(stored, bucket, tmp_path):
    evaluate_shard(stored, TOP1, Division(2, 4), str(tmp_path / "scores"))
    expected = {f"part-2/signature-serve/{name}.npy" for name in ("x", "labels")}
    assert files_given(bucket) == expected
    assert sum(is_media for _, is_media in bucket.asked) == 2


@pytest.mark.parametrize("count", [1, 3, 4, 6])
def test_any_number_of_shards_reads_parts(inputs, stored, tmp_path, count):
    merged = merge_shards(
        MergeInputs(scored(stored, tmp_path, count), count, inputs.facts), TOP1, str(tmp_path / "m")
    )
    assert merged == evaluate(inputs, TOP1, str(tmp_path / "whole"))


def test_two_parts_for_each_shard_are_not_fetched_twice(stored, bucket, tmp_path):
    scored(stored, tmp_path, 2)
    given = [name for name, is_media in bucket.asked if is_media]
    assert len(given) == len(set(given)) == 8


def test_one_task_fetches_all_parts(inputs, stored, tmp_path):
    measured = evaluate(stored, TOP1, str(tmp_path / "at-once"))
    assert measured == evaluate(inputs, TOP1, str(tmp_path / "whole"))


def test_parts_on_this_machine_are_read_in_place(parted, tmp_path):
    opened = open_dataset(parted.dataset, "serve", lambda manifest: range(12, 25))
    piece = opened.inputs["x"].pieces[0]
    assert Path(piece.values.filename).resolve() == part_two(tmp_path)


def test_a_part_in_storage_is_not_read_by_other_tasks(stored):
    with pytest.raises(InputError, match=r"part 1 of 4 .*gs://bucket/part-1.* is not on this mach"):
        open_dataset(stored.dataset, "serve")


def test_a_missing_part_is_named(parted, stored, bucket, tmp_path):
    part_two(tmp_path).unlink()
    with pytest.raises(InputError, match=r"part 2 of 4 of the data set, .*: `x\.npy` is missing"):
        scored(parted, tmp_path, 4)
    del bucket.objects["part-2/signature-serve/x.npy"]
    with pytest.raises(InputError, match=r"part 2 of 4 .*gs://.*: `x\.npy` is missing"):
        scored(stored, tmp_path, 4)
    del bucket.objects["part-2/signature-serve/labels.npy"]
    with pytest.raises(InputError, match=r"part 2 of 4 .*there is nothing there"):
        scored(stored, tmp_path, 4)


def test_a_part_that_was_truncated_is_named(parted, stored, bucket, tmp_path):
    content = part_two(tmp_path).read_bytes()[:-4]
    part_two(tmp_path).write_bytes(content)
    expected = f"part 2 of 4 .*`x.npy` has {len(content)} bytes, but {len(content) + 4} were built"
    with pytest.raises(InputError, match=expected):
        scored(parted, tmp_path, 4)
    bucket.put("part-2/signature-serve/x.npy", content)
    with pytest.raises(InputError, match=expected):
        scored(stored, tmp_path, 4)


def test_a_part_that_changed_is_named(parted, stored, bucket, tmp_path):
    content = bytearray(part_two(tmp_path).read_bytes())
    content[-1] ^= 1
    part_two(tmp_path).write_bytes(content)
    with pytest.raises(InputError, match=r"part 2 of 4 .*`x\.npy` has changed since it was built"):
        scored(parted, tmp_path, 4)
    bucket.put("part-2/signature-serve/x.npy", bytes(content))
    with pytest.raises(InputError, match=r"part 2 of 4 .*`x\.npy` has changed since it was built"):
        scored(stored, tmp_path, 4)


def test_a_shard_fetches_its_part_alone_in_a_round(stored, bucket, tmp_path):
    division = Division(2, 4, enough=40.0, round=1, rounds=1)
    evaluate_shard(stored, TOP1, division, str(tmp_path / "scores"))
    assert {name.split("/")[0] for name in files_given(bucket)} == {"part-2"}


def test_nothing_is_fetched_for_a_decided_candidate(stored, bucket, tmp_path):
    evaluate_shard(stored, TOP1, Division(1, 1), str(tmp_path / "scores"))
    earlier = str(tmp_path / "earlier")
    merge_shards(MergeInputs([str(tmp_path / "scores")], 1, stored.facts), TOP1, earlier)
    bucket.asked.clear()
    division = Division(2, 4, round=2, rounds=3)
    evaluate_shard(stored, TOP1, division, str(tmp_path / "later"), earlier)
    assert not bucket.asked


def test_nothing_is_fetched_without_a_model(stored, bucket, tmp_path):
    (tmp_path / "empty.tflite").touch()
    empty = replace(stored, model=str(tmp_path / "empty.tflite"))
    evaluate_shard(empty, TOP1, Division(2, 4), str(tmp_path / "scores"))
    assert not bucket.asked


def test_a_random_model_reads_all_parts_in_one_shard(inputs, stored, bucket, tmp_path):
    known = ModelFacts.read(stored.facts)
    known.model_copy(update={"ops": {"RANDOM_UNIFORM": 1}}).write(stored.facts)
    evaluate_shard(stored, TOP1, Division(2, 4), str(tmp_path / "second"))
    assert not bucket.asked
    evaluate_shard(stored, TOP1, Division(1, 4), str(tmp_path / "first"))
    assert len(files_given(bucket)) == 8


def test_a_model_with_dynamic_shapes_runs_on_parts(
    refused_model, make_facts, make_dataset, assert_same_in_shards
):
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    x = np.random.default_rng(1).random((20, 2), np.float32)
    dataset = make_dataset(facts, x=x, labels=x.argmax(axis=1))
    model = refused_model("dynamic", dynamic=True)
    assert assert_same_in_shards(EvaluateInputs(model, facts, dataset), TOP1).figures


def test_a_shard_takes_whole_parts_if_these_divide_evenly(parted):
    manifest = open_dataset(parted.dataset, "serve").manifest
    bounds = [(part.start, part.stop) for part in manifest.parts]
    assert bounds == [(0, 12), (12, 25), (25, 37), (37, 50)]
    in_three = [(0, 16), (16, 33), (33, 50)]
    for count, expected in {4: bounds, 2: [(0, 25), (25, 50)], 3: in_three}.items():
        rows = [Division(n, count).rows(SAMPLES, manifest.parts) for n in range(1, count + 1)]
        assert [(each.start, each.stop) for each in rows] == expected


def test_an_array_in_parts_is_the_whole_array():
    whole = np.arange(30).reshape(10, 3)
    pieces = [Piece(start, whole[start:stop]) for start, stop in ((0, 4), (4, 5), (5, 10))]
    parted = PartedArray("x", whole.shape, whole.dtype, pieces)
    assert (len(parted), parted.ndim) == (10, 2)
    np.testing.assert_array_equal(np.asarray(parted), whole)
    np.testing.assert_array_equal(np.asarray(parted, np.float32), whole.astype(np.float32))
    for rows in (slice(2, 9), slice(3, 3), slice(None, None, 3), slice(-2, None), slice(5, 9)):
        np.testing.assert_array_equal(parted[rows], whole[rows])
    for rows in (np.array([9, 0, 4, 4]), np.zeros(0, int), whole[:, 0] % 2 == 0):
        np.testing.assert_array_equal(parted[rows], whole[rows])
    np.testing.assert_array_equal(parted[-1], whole[-1])


def test_an_absent_row_is_an_error():
    parted = PartedArray("x", (10,), np.dtype(int), [Piece(4, np.arange(3))])
    assert parted[4:7].tolist() == [0, 1, 2]
    for rows in (slice(3, 6), slice(5, 8), slice(None), np.array([4, 7]), 9):
        with pytest.raises(InputError, match=r"row \d of `x` is in a part .* that is missing"):
            parted[rows]
