"""Shards of an evaluation: what does not run, does not belong together, or is lost."""

import json
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.artifacts.division import Division
from quantgate.components.artifacts.shard import read_shard
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.components.evaluate_shard.work import evaluate_shard
from quantgate.components.merge_shards.inputs import MergeInputs
from quantgate.components.merge_shards.work import merge_shards
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts

FLOAT = "float32"
TOP1 = EvaluateSettings([{"metric": "top1", "slice": "device"}])
SAMPLES, COPIES = 60, 3


@pytest.fixture
def classified(scaled_model, make_facts, make_dataset):
    """A model and its samples, which occur three times each, of speakers and devices."""
    x = np.tile(np.random.default_rng(1).random((SAMPLES // COPIES, 3), np.float32), (COPIES, 1))
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    places = np.arange(SAMPLES) % (SAMPLES // COPIES)
    arrays = {"device": np.array(["phone", "watch"])[places % 2], "speaker": places // 2}
    labels = (x * [1, 1.5, 0.5]).argmax(axis=1)
    dataset = make_dataset(facts, fields=["device"], group="speaker", x=x, labels=labels, **arrays)
    return EvaluateInputs(scaled_model("model", [2.0, 2.0, 2.0]), facts, dataset)


@pytest.fixture
def slow(build_model, make_facts, make_dataset, stored, step):
    """A model that takes milliseconds for a sample, and some samples."""
    wide, layers = [1, 100_000], 32
    tensors = [stored("in", [1, 1]), stored("big", wide, values=[np.ones(wide[1])])]
    tensors += [stored(f"t{n}", wide) for n in range(layers + 1)]
    steps = [step("ADD", ["in", "big"], ["t0"])]
    steps += [step("EXP" if n % 2 else "LOG", [f"t{n}"], [f"t{n + 1}"]) for n in range(layers)]

    def inputs(samples: int) -> EvaluateInputs:
        ends = {"inputs": {"x": "in"}, "outputs": {"y": f"t{layers}"}}
        model = build_model("wide", *tensors, *steps, **ends)
        facts = make_facts({"x": (FLOAT, [-1, 1])}, {"y": (FLOAT, [-1, wide[1]])})
        x = np.random.default_rng(1).random((samples, 1), np.float32)
        return EvaluateInputs(model, facts, make_dataset(facts, x=x, labels=np.arange(samples) % 7))

    return inputs


@pytest.fixture
def merged(tmp_path):
    """Merge shards for `TOP1`, and return the measurement."""

    def merge(shards, facts, count=4, settings=TOP1):
        target = str(tmp_path / "merged")
        return merge_shards(MergeInputs(shards, count, facts), settings, target)

    return merge


def test_slices_and_groups_are_the_same_in_shards(classified, assert_same_in_shards):
    known = ModelFacts.read(classified.facts)
    is_baseline = {"baseline_sha256": sha256_of_file(classified.model)}
    known.model_copy(update=is_baseline).write(classified.facts)
    measured = assert_same_in_shards(classified, TOP1, [1, 4, 16])
    assert list(measured.figures) == ["top1", "top1[phone]", "top1[watch]"]
    assert "top1" in measured.guesses


def test_shards_hold_each_row_once():
    for samples in (1, 7, 60):
        rows = [row for n in range(1, 17) for row in Division(n, 16).rows(samples)]
        assert rows == list(range(samples))
    lengths = [len(Division(n, 16).rows(1000)) for n in range(1, 17)]
    assert max(lengths) - min(lengths) <= 1


def test_shards_without_enough_work_stay_empty():
    item = {"of": 16, "least_s": 10.0}
    divisions = [Division.of_item({**item, "shard": n}, sample_s=0.5) for n in range(1, 17)]
    rows = [division.rows(60) for division in divisions]
    assert [len(each) for each in rows] == [20, 20, 20, *[0] * 13]
    assert [row for each in rows for row in each] == list(range(60))
    assert len(divisions[15].rows(1000)) > 60
    assert Division.of_item({**item, "shard": 2}) == Division(2, 16)


def test_shards_that_stay_empty_change_nothing(classified, merged, tmp_path):
    for number in range(1, 5):
        evaluate_shard(classified, TOP1, Division(number, 4, 40.0), str(tmp_path / str(number)))
    shards = [str(tmp_path / str(number)) for number in range(1, 5)]
    kept = merged(shards, classified.facts)
    assert kept == evaluate(classified, TOP1, str(tmp_path / "whole"))


def test_an_unknown_shard_is_refused():
    assert Division.of_item({"shard": 2.0, "of": 4.0}) == Division(2, 4)
    with pytest.raises(InputError, match="shard 5 of 4 does not exist"):
        Division.of_item({"shard": 5, "of": 4})


def test_a_random_model_runs_in_one_shard(classified, shards_of_evaluation, merged):
    known = ModelFacts.read(classified.facts)
    known.model_copy(update={"ops": {"RANDOM_UNIFORM": 1}}).write(classified.facts)
    shards = shards_of_evaluation(classified, TOP1, 4)
    rows = [json.loads((Path(s) / "shard.json").read_text())["rows"]["serve"] for s in shards]
    assert [each["stop"] - each["start"] for each in rows] == [SAMPLES, 0, 0, 0]
    assert merged(shards, classified.facts).samples == SAMPLES


def test_a_model_that_does_not_run_has_the_same_reason(
    crashing_model, make_facts, make_dataset, assert_same_in_shards, tmp_path
):
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    x = np.ones((9, 2), np.float32)
    x[7, 1] = 100
    dataset = make_dataset(facts, x=x, labels=[0] * 9)
    settings = EvaluateSettings([{"metric": "top1"}], timeout_s=1.0)
    crashed = assert_same_in_shards(EvaluateInputs(crashing_model, facts, dataset), settings)
    assert crashed.reasons == ["running the model failed: crashed with SIGSEGV"]
    (tmp_path / "empty.tflite").touch()
    empty = EvaluateInputs(str(tmp_path / "empty.tflite"), facts, dataset)
    assert assert_same_in_shards(empty, settings).reasons == ["the conversion left no model"]


def test_a_shard_that_takes_too_long_is_named(
    endless_model, make_facts, make_dataset, shards_of_evaluation, merged
):
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    x = np.ones((9, 2), np.float32)
    x[7, 1] = 100
    dataset = make_dataset(facts, x=x, labels=[0] * 9)
    settings = EvaluateSettings([{"metric": "top1"}], timeout_s=1.0)
    shards = shards_of_evaluation(EvaluateInputs(endless_model, facts, dataset), settings, 4)
    measured = merged(shards, facts, settings=settings)
    assert measured.reasons == [
        "running the model failed: shard 4 of 4 took longer than 1 s and was stopped"
    ]
    assert measured.provisional


def _children() -> set[int]:
    tasks = Path("/proc/self/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


@contextmanager
def killing(most: int) -> Iterator[list[int]]:
    """Kill new child processes of this one as they start, up to a number. Yield those killed.

    Those that run already serve other tests.
    """
    killed: list[int] = []
    others, over = _children(), threading.Event()

    def kill() -> None:
        while not over.is_set() and len(killed) < most:
            for child in list(_children() - others - set(killed))[: most - len(killed)]:
                os.kill(child, signal.SIGKILL)
                killed.append(child)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def test_a_shard_whose_process_is_killed_runs_again(slow, tmp_path):
    inputs, settings = slow(80), EvaluateSettings([{"metric": "top1"}])
    evaluate_shard(inputs, settings, Division(2, 4), str(tmp_path / "once"))
    with killing(1) as killed:
        evaluate_shard(inputs, settings, Division(2, 4), str(tmp_path / "again"))
    assert len(killed) == 1
    once, again = read_shard(tmp_path / "once"), read_shard(tmp_path / "again")
    assert again.record == once.record
    np.testing.assert_equal(again.arrays("serve").by_name(), once.arrays("serve").by_name())


def test_a_shard_that_is_killed_again_fails_its_candidate(slow, shards_of_evaluation, merged):
    inputs, settings = slow(80), EvaluateSettings([{"metric": "top1"}])
    shards = shards_of_evaluation(inputs, settings, 4)
    with killing(1000):
        evaluate_shard(inputs, settings, Division(2, 4), shards[1])
    measured = merged(shards, inputs.facts, settings=settings)
    assert measured.reasons == [
        "running the model failed: shard 2 of 4 crashed with SIGKILL, perhaps out of memory, and "
        "again in a single process"
    ]
    assert (measured.figures, measured.provisional) == ({}, True)


def test_outputs_that_are_not_finite_have_the_same_reason(
    build_model, make_facts, make_dataset, stored, step, assert_same_in_shards
):
    model = build_model(
        "logarithm",
        *(stored("in", [1, 2]), stored("out", [1, 2]), step("LOG", ["in"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    x = np.ones((20, 2), np.float32)
    x[[7, 8, 15], 1] = -1
    dataset = make_dataset(facts, x=x, labels=[0] * 20)
    settings = EvaluateSettings([{"metric": "top1"}])
    measured = assert_same_in_shards(EvaluateInputs(model, facts, dataset), settings)
    assert "for 3 samples, first for sample 7" in measured.reasons[0]


def test_a_failed_sample_has_the_same_reason(
    build_model, make_facts, make_dataset, stored, step, assert_same_in_shards
):
    model = build_model(
        "division",
        *(stored("in", [1, 2], "int32"), stored("ten", [1, 2], "int32", values=[[10, 10]])),
        *(stored("out", [1, 2], "int32"), step("FLOOR_DIV", ["ten", "in"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    facts = make_facts({"x": ("int32", [-1, 2])}, {"y": ("int32", [-1, 2])})
    x = np.ones((20, 2), np.int32)
    x[[9, 18], 1] = 0
    dataset = make_dataset(facts, x=x, labels=np.zeros(20, int))
    settings = EvaluateSettings([{"metric": "top1"}])
    measured = assert_same_in_shards(EvaluateInputs(model, facts, dataset), settings)
    assert measured.reasons[0].startswith("the model failed on sample 9: ")


def test_a_lost_shard_fails_its_candidate(classified, shards_of_evaluation, merged):
    shards = shards_of_evaluation(classified, TOP1, 4)
    measured = merged([shards[0], shards[2]], classified.facts)
    assert measured.reasons == ["shards 2, 4 of 4 are missing from the evaluation"]
    assert (measured.status, measured.figures, measured.provisional) == ("failed", {}, True)
    measured = merged(shards[:3], classified.facts)
    assert measured.reasons == ["shard 4 of 4 is missing from the evaluation"]


def test_a_lost_shard_of_the_baseline_is_an_error(classified, shards_of_evaluation, merged):
    shards = shards_of_evaluation(classified, TOP1, 4)
    known = ModelFacts.read(classified.facts)
    is_baseline = {"baseline_sha256": sha256_of_file(classified.model)}
    known.model_copy(update=is_baseline).write(classified.facts)
    expected = "the evaluation of the baseline is not complete: shard 4 of 4 is missing"
    with pytest.raises(InputError, match=expected):
        merged(shards[:3], classified.facts)
    with pytest.raises(InputError, match="all 4 shards are missing"):
        merged([], classified.facts)


def test_a_duplicate_shard_is_refused(classified, shards_of_evaluation, merged):
    shards = shards_of_evaluation(classified, TOP1, 4)
    with pytest.raises(InputError, match="shard 3 of 4 appears twice"):
        merged([*shards[:3], shards[2]], classified.facts)


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("model_sha256", "f" * 64, "another model"),
        ("dataset_sha256", "f" * 64, "other data"),
        ("metrics_sha256", "f" * 64, "other metrics"),
        ("litert", "0.1", "another version of LiteRT"),
        ("count", 5, "another number of shards"),
        ("round", 2, "another round"),
    ],
)
def test_a_shard_of_another_evaluation_is_refused(
    classified, shards_of_evaluation, merged, field, value, what
):
    shards = shards_of_evaluation(classified, TOP1, 4)
    path = Path(shards[1]) / "shard.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(InputError, match=f"shard 2 of [45] has {what} than the others"):
        merged(shards, classified.facts)


def test_shards_that_leave_rows_out_are_refused(classified, shards_of_evaluation, merged):
    shards = shards_of_evaluation(classified, TOP1, 4)
    path = Path(shards[1]) / "shard.json"
    known = json.loads(path.read_text())
    known["rows"]["serve"]["start"] += 1
    path.write_text(json.dumps(known))
    expected = "shard 2 of 4 begins at sample 16, and the shard before it ends at 15"
    with pytest.raises(InputError, match=expected):
        merged(shards, classified.facts)


def test_a_damaged_shard_is_refused(classified, shards_of_evaluation, merged, tmp_path):
    shards = shards_of_evaluation(classified, TOP1, 4)
    (arrays,) = Path(shards[1]).glob("*/arrays.npz")
    arrays.write_bytes(arrays.read_bytes()[:100])
    with pytest.raises(InputError, match=r"shard 2 of 4: .*arrays\.npz cannot be read"):
        merged(shards, classified.facts)
    with pytest.raises(InputError, match="is not a Shard record"):
        merged([str(tmp_path)], classified.facts)


def test_a_changed_division_is_refused(classified, merged, tmp_path):
    for number in range(1, 5):
        evaluate_shard(classified, TOP1, Division(number, 4), str(tmp_path / str(number)))
    shards = [str(tmp_path / str(number)) for number in range(1, 5)]
    with pytest.raises(InputError, match="shard 1 of 4 has another number of shards"):
        merged(shards, classified.facts, count=3)


def cpu_seconds(work) -> float:
    """Return the processor time of a function and its child processes."""

    def spent() -> float:
        used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(each.ru_utime + each.ru_stime for each in used)

    before = spent()
    work()
    return spent() - before


@pytest.mark.slow
@pytest.mark.timing
def test_shards_share_the_work(slow, tmp_path, merged):
    inputs, settings = slow(8192), EvaluateSettings([{"metric": "top1"}])

    def shard(number: int, count: int) -> str:
        place = tmp_path / f"{count}-{number}"
        place.mkdir()
        evaluate_shard(inputs, settings, Division(number, count), str(place))
        return str(place)

    whole = cpu_seconds(lambda: shard(1, 1))
    for count in (4, 16, 64):
        assert cpu_seconds(lambda count=count: shard(1, count)) < 1.3 * whole / count + 0.1
    shards = [str(tmp_path / "64-1"), *(shard(number, 64) for number in range(2, 65))]
    merging = cpu_seconds(lambda: merged(shards, inputs.facts, 64, settings))
    assert merging < 0.02 * whole


def peak_of_shard(inputs: EvaluateInputs, place: Path) -> None:
    """Evaluate all samples in a shard, and write how far memory rose, in bytes."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    settings = EvaluateSettings([{"metric": "top1"}])
    evaluate_shard(inputs, settings, Division(1, 1), str(place))
    peak = max(resource.getrusage(each).ru_maxrss for each in who)
    (place / "rise").write_text(str(1024 * (peak - before)))


@pytest.mark.slow
def test_a_shard_takes_few_bytes_for_each_sample(scaled_model, make_facts, make_dataset, tmp_path):
    """Some 20 bytes were measured, so a GiB holds a shard of many million samples."""
    samples = 1_000_000
    x = np.random.default_rng(1).random((samples, 3), np.float32)
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, x=x, labels=x.argmax(axis=1))
    inputs = EvaluateInputs(scaled_model("model", [2.0, 2.0, 2.0]), facts, dataset)
    process = multiprocessing.get_context("fork").Process(
        target=peak_of_shard, args=(inputs, tmp_path / "shard")
    )
    process.start()
    process.join()
    assert int((tmp_path / "shard" / "rise").read_text()) < 100 * samples
