"""Rounds of shards: an evaluation that may stop early stops as on one machine."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.artifacts.division import Division
from quantgate.components.evaluate.looks import looks_by_round
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.components.evaluate_shard.work import evaluate_shard
from quantgate.components.merge_shards.inputs import MergeInputs
from quantgate.components.merge_shards.rounds import TAKEN
from quantgate.components.merge_shards.work import merge_shards
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts
from quantgate.statistics.early_estimate import order_of
from quantgate.statistics.error_spending import looks_at

FLOAT = "float32"
SAMPLES = 1000
LIMIT = {"top1": {"max_drop": 0.02, "confidence": 0.95}}
SIZE = [{"minimize": "size_bytes"}]
COUNTS = (1, 4, 16)
KEEPS, LOSES_CLASS_0, LOSES_A_BIT = (3.0, 3.0, 3.0), (0.001, 2.0, 2.0), (1.97, 2.0, 2.02)


@pytest.fixture
def candidate(scaled_model, make_facts, make_dataset, tmp_path):
    """A model, beside a baseline that predicts all samples right."""

    def prepare(factors=KEEPS, x=None, model=None, **options) -> EvaluateInputs:
        if x is None:
            x = np.random.default_rng(1).random((SAMPLES, 3), np.float32)
        baseline = scaled_model("baseline", [2.0, 2.0, 2.0])
        facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
        known = ModelFacts.read(facts)
        known.model_copy(update={"baseline_sha256": sha256_of_file(baseline)}).write(facts)
        options.setdefault("labels", x.argmax(axis=1))
        dataset = make_dataset(facts, x=x, **options)
        reference = str(tmp_path / "baseline")
        evaluate(EvaluateInputs(baseline, facts, dataset), settings(), reference)
        model = model or scaled_model("candidate", list(factors))
        return EvaluateInputs(model, facts, dataset, reference=reference)

    return prepare


def settings(limits=None, choose=SIZE, candidates=7) -> EvaluateSettings:
    metrics = [{"metric": "top1"}, {"metric": "log_loss", "postprocess": ["softmax"]}]
    return EvaluateSettings(metrics[:1], limits or LIMIT, choose, candidates)


@pytest.mark.parametrize(
    ("factors", "outcome", "taken"),
    [(KEEPS, "pass", 505), (LOSES_CLASS_0, "fail", 100), (LOSES_A_BIT, "undecided", SAMPLES)],
)
def test_rounds_stop_at_the_same_look(candidate, assert_same_in_rounds, factors, outcome, taken):
    measured = assert_same_in_rounds(candidate(factors), settings(), COUNTS)
    assert (measured.steps.outcome, measured.steps.taken) == (outcome, taken)


def test_a_metric_of_the_choice_is_measured_on_all_samples(candidate, assert_same_in_rounds):
    chosen = settings(choose=[{"maximize": "top1"}])
    assert assert_same_in_rounds(candidate(), chosen, COUNTS).samples == SAMPLES


def test_copies_and_groups_are_taken_together(candidate, assert_same_in_rounds):
    x = np.tile(np.random.default_rng(1).random((SAMPLES // 5, 3), np.float32), (5, 1))
    speakers = np.arange(SAMPLES) % (SAMPLES // 5) // 2
    grouped = candidate(x=x, group="speaker", speaker=speakers)
    assert assert_same_in_rounds(grouped, settings(), COUNTS).steps.taken % 10 == 0


def test_few_samples_are_all_run(candidate, assert_same_in_rounds):
    x = np.random.default_rng(1).random((90, 3), np.float32)
    measured = assert_same_in_rounds(candidate(x=x), settings(), COUNTS)
    assert (measured.samples, measured.steps) == (90, None)


def test_outputs_that_are_not_finite_end_the_evaluation(candidate, assert_same_in_rounds):
    x = np.random.default_rng(1).random((SAMPLES, 3), np.float32)
    x[::97, 1] = 3e38
    wide = candidate((1.0, 9.0, 1.0), x=x, labels=np.ones(SAMPLES, int))
    assert (
        "the outputs contain NaN or infinity" in assert_same_in_rounds(wide, settings()).reasons[0]
    )


def test_a_crash_is_a_reason(candidate, crashing_model, assert_same_in_rounds):
    measured = assert_same_in_rounds(candidate(model=crashing_model), settings())
    assert measured.reasons == ["running the model failed: crashed with SIGSEGV"]


def test_no_model_is_a_reason(candidate, assert_same_in_rounds, tmp_path):
    (tmp_path / "empty.tflite").touch()
    measured = assert_same_in_rounds(candidate(model=str(tmp_path / "empty.tflite")), settings())
    assert measured.reasons == ["the conversion left no model"]


@pytest.fixture
def first_rounds(candidate, make_once, tmp_path):
    """The shards of the first two rounds of a candidate that is not decided, and the merge.

    They are in a folder that the test may change, beside the facts and the baseline.
    """
    made = make_once("first rounds", lambda folder: _run_first_rounds(folder, candidate))
    folder = Path(shutil.copytree(made, tmp_path / "rounds"))
    shards = [[str(folder / f"{number}-{shard}") for shard in range(1, 5)] for number in (1, 2)]
    return folder, shards, str(folder / "merged")


def _run_first_rounds(folder, candidate) -> None:
    inputs = candidate(LOSES_A_BIT)
    shutil.copy(inputs.facts, folder / "facts.json")
    shutil.copytree(inputs.reference, folder / "baseline")
    merged = str(folder / "merged")
    for number, earlier in ((1, None), (2, merged)):
        shards = [str(folder / f"{number}-{shard}") for shard in range(1, 5)]
        for shard, place in enumerate(shards, start=1):
            division = Division(shard, 4, round=number, rounds=3)
            evaluate_shard(inputs, settings(), division, place, earlier)
        if number == 1:
            merging = MergeInputs(shards, 4, inputs.facts, reference=inputs.reference)
            assert merge_shards(merging, settings(), merged) is None


@pytest.fixture
def second_merge(first_rounds, tmp_path):
    """Merge shards as the second round."""
    folder, _, merged = first_rounds
    facts, baseline = str(folder / "facts.json"), str(folder / "baseline")

    def merge(shards, earlier=merged):
        merging = MergeInputs(shards, 4, facts, None, baseline, earlier)
        return merge_shards(merging, settings(), str(tmp_path / "second"))

    return merge


def test_shards_of_another_round_are_refused(first_rounds, second_merge):
    _, (first, second), _ = first_rounds
    assert second_merge(second) is None
    with pytest.raises(InputError, match="the shards are of round 1, not 2"):
        second_merge(first)
    with pytest.raises(InputError, match="the shards are of round 2, not 1"):
        second_merge(second, earlier=None)
    with pytest.raises(InputError, match="shard 2 of 4 has another round than the others"):
        second_merge([second[0], first[1], *second[2:]])
    with pytest.raises(InputError, match="shard 2 of 4 appears twice"):
        second_merge([second[1], *second[1:]])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model_sha256", "f" * 64, "round 2 has another model, data or metrics than round 1"),
        ("dataset_sha256", "f" * 64, "round 2 has another model, data or metrics than round 1"),
        (
            "rows",
            {"serve": {"start": 0, "stop": 100}},
            "shard 1 of 4 begins at sample [0-9]+ of round 2, and the round before it ends at 100",
        ),
        ("rows", {"serve": {"start": 0, "stop": 200}}, "begins at sample"),
    ],
)
def test_a_round_of_another_evaluation_is_refused(
    first_rounds, second_merge, field, value, message
):
    _, (_, second), merged = first_rounds
    path = Path(merged) / TAKEN / "shard.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(InputError, match=message):
        second_merge(second)


def test_a_round_that_lacks_samples_is_refused(first_rounds, second_merge):
    _, (_, second), _ = first_rounds
    (path,) = Path(second[1]).glob("*/arrays.npz")
    with np.load(path) as arrays:
        less = {name: array[:-1] if len(array) else array for name, array in arrays.items()}
    np.savez(path, **less)
    with pytest.raises(InputError, match=r"the shards have [0-9]+ of the first [0-9]+ samples"):
        second_merge(second)


def test_a_lost_shard_of_a_round_fails_its_candidate(first_rounds, second_merge):
    _, (_, second), _ = first_rounds
    measured = second_merge(second[:3])
    assert measured.reasons == ["shard 4 of 4 is missing from the evaluation"]
    assert measured.provisional


def test_shards_of_a_decided_candidate_read_no_data(candidate, tmp_path):
    inputs, merged = candidate(LOSES_CLASS_0), str(tmp_path / "merged")
    folder = str(tmp_path / "shard")
    evaluate_shard(inputs, settings(), Division(1, 1, round=1, rounds=3), folder)
    merge_shards(
        MergeInputs([folder], 1, inputs.facts, reference=inputs.reference), settings(), merged
    )
    shutil.rmtree(inputs.dataset)
    Path(inputs.model).unlink()
    later = Division(1, 1, round=2, rounds=3)
    record = evaluate_shard(inputs, settings(), later, str(tmp_path / "later"), merged)
    assert (record.round, record.rows) == (2, {})


@pytest.mark.parametrize("place", [20, 120])
def test_what_comes_after_the_deciding_look_does_not_count(
    place,
    build_model,
    make_facts,
    make_dataset,
    stored,
    step,
    tmp_path,
    assert_same_in_rounds,
):
    """The candidate is always wrong, and fails at a place in the order of the samples."""

    def division(name: str, by: str) -> str:
        ten = stored("ten", [1, 2], "int32", values=[[10, 10]])
        ends = stored("in", [1, 2], "int32"), stored("out", [1, 2], "int32")
        ops = step("FLOOR_DIV", ["ten", by], ["out"])
        return build_model(name, ten, *ends, ops, inputs={"x": "in"}, outputs={"y": "out"})

    facts = make_facts({"x": ("int32", [-1, 2])}, {"y": ("int32", [-1, 2])})
    sample = order_of(SAMPLES)[place]
    x = np.stack([np.arange(10, SAMPLES + 10), np.ones(SAMPLES)], axis=1).astype(np.int32)
    x[sample, 1] = 0
    dataset, reference = make_dataset(facts, x=x, labels=[0] * SAMPLES), str(tmp_path / "baseline")
    evaluate(EvaluateInputs(division("sound", "ten"), facts, dataset), settings(), reference)
    inputs = EvaluateInputs(division("zero", "in"), facts, dataset, reference=reference)
    measured = assert_same_in_rounds(inputs, settings(), COUNTS)
    if place < 100:
        assert f"the model failed on sample {sample}: " in measured.reasons[0]
    else:
        assert (measured.reasons, measured.steps.taken) == ([], 100)


@pytest.mark.parametrize("samples", [90, 101, 1000, 50_000, 10_000_000])
def test_rounds_divide_the_looks(samples: int):
    looks = [*looks_at(samples), samples]
    rounds = looks_by_round(looks, 3)
    assert [look for each in rounds for look in each] == looks
    ends = [each[-1] for each in rounds if each]
    growth = [after / before for before, after in zip([looks[0], *ends], ends, strict=False)]
    assert max(growth) <= 1.5 * (samples / looks[0]) ** (1 / 3)
