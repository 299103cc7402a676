"""Advice from edits that were tried, from the errors of ops, and from failed conversions."""

import pytest

from quantgate.records.outcomes import RecoveryStatus
from quantgate.records.recovery import Edit, Recovery, Tried
from quantgate.records.sensitivity import OpError, Sensitivity

KEEP_TOP1 = {"top1": {"max_drop": 0.01}}
CLIPPED = Edit(
    technique="ranges", edit="ranges of 99.99 % of the values", reason="it gains 0.1 dB", db=12.8
)
LEFT = Edit(
    technique="layers",
    edit="the op with the largest error left in float: out",
    db=31.0,
    gain_db=18.2,
    kept=True,
    added_bytes=1234,
)
HELPS = Recovery(
    recovers="full_integer",
    status=RecoveryStatus.RECOVERED,
    edits=[CLIPPED, LEFT],
    before_db=12.8,
    after_db=31.0,
    samples=100,
    held_back=33,
    dataset_sha256="c" * 64,
    budget=5.0,
    used=4.25,
)
HELPS_NOT = HELPS.model_copy(
    update={"status": RecoveryStatus.UNCHANGED, "edits": [CLIPPED], "after_db": 12.8}
)
NO_EDIT_HELPS = (
    "no edit helps full_integer. In this run, recovery tried ranges of 99.99 % of the values (it "
    "gains 0.1 dB): use quantization-aware training, the remaining option"
)


def errors(*ops: OpError) -> dict[str, Sensitivity]:
    return {"a": Sensitivity(data="calibration", samples=16, ops=list(ops))}


def test_edits_that_help_are_advised_with_their_gain_and_cost(run):
    run.add("full_integer", "full_integer", 300, lost=50)
    decision = run.decide(KEEP_TOP1, try_edits=lambda _: Tried(recovery=HELPS))
    assert decision.tried == Tried(recovery=HELPS)
    assert decision.advice[0] == (
        "recover full_integer: `--set quantize.recover=true`. In this run, the agreement with "
        "the float model rose from 12.8 to 31.0 dB on 33 held-back calibration samples with the "
        "op with the largest error left in float: out (+18.2 dB), for 1,234 more bytes and 4.25 "
        "runs of the calibration set. The target has to run float ops"
    )
    assert not any("training" in each for each in decision.advice)


def test_edits_that_cost_nothing_say_so(run):
    run.add("full_integer", "full_integer", 300, lost=50)
    free = LEFT.model_copy(update={"technique": "biases", "added_bytes": 0})
    recovery = HELPS.model_copy(update={"edits": [free]})
    first, *_ = run.decide(KEEP_TOP1, try_edits=lambda _: Tried(recovery=recovery)).advice
    assert first.endswith("for no more bytes and 4.25 runs of the calibration set")


def test_if_no_edit_helps_the_advice_says_what_was_tried_and_what_is_left(run):
    run.add("full_integer", "full_integer", 300, lost=50)
    tried = Tried(recovery=HELPS_NOT, wide_db=40.0, wide_bytes=320)
    assert run.decide(KEEP_TOP1, try_edits=lambda _: tried).advice == [
        NO_EDIT_HELPS,
        "try activations in 16 bits, if the target runs them: `--set 'quantize.recipes=[{recipe: "
        "static_wi8_ai16, inputs: float32, outputs: float32}]'`. The agreement with the float "
        "model is 40.0 dB instead of 12.8 dB, with 320 bytes. Its latency was not measured",
    ]


def test_16_bits_that_gain_nothing_are_not_advised(run):
    run.add("full_integer", "full_integer", 300, lost=50)
    tried = Tried(recovery=HELPS_NOT, wide_db=12.9, wide_bytes=320)
    assert run.decide(KEEP_TOP1, try_edits=lambda _: tried).advice == [NO_EDIT_HELPS]


def test_edits_are_tried_on_the_closest_candidate_that_loses_in_8_bits(run):
    run.add("dynamic_range", "dynamic_range", 300, lost=20)
    run.add("full_integer", "full_integer", 300, lost=90)
    run.add("integer_only_int8", "integer_only_int8", 300, lost=50)
    asked = []
    run.decide(KEEP_TOP1, try_edits=lambda each: asked.append(each.candidate))
    assert asked == ["full_integer"]
    run.add("b", "integer_only_int8", 300, lost=15)
    run.decide(KEEP_TOP1, try_edits=lambda each: asked.append(each.candidate))
    assert asked == ["full_integer", "b"]


@pytest.mark.parametrize(("lost", "limits"), [(5, KEEP_TOP1), (0, {"size_bytes": {"max": 1}})])
def test_nothing_is_tried_if_a_candidate_qualifies_or_keeps_its_accuracy(run, lost, limits):
    run.add("full_integer", "full_integer", 300, lost=lost)
    asked = []
    run.decide(limits, try_edits=lambda each: asked.append(each.candidate))
    assert asked == []


@pytest.mark.parametrize(
    ("recovery", "advice"),
    [
        (HELPS_NOT, NO_EDIT_HELPS),
        (
            HELPS,
            "r still misses its limits with the op with the largest error left in float: out "
            "(+18.2 dB), although the agreement with the float model rose from 12.8 to 31.0 dB on "
            "33 held-back calibration samples: use quantization-aware training, the remaining "
            "option",
        ),
        (HELPS.model_copy(update={"status": RecoveryStatus.FAILED, "edits": []}), None),
    ],
)
def test_recovery_that_did_not_suffice_leaves_training(run, recovery, advice):
    run.add("full_integer", "full_integer", 300, lost=50)
    run.attest("r", "static_wi8_ai8", 300, recovery=recovery)
    run.evaluate("r", {"top1": run.baseline.samples["top1"] * 0.0})
    asked = []
    given = run.decide(KEEP_TOP1, try_edits=asked.append).advice
    assert asked == []
    assert [
        each for each in given if "quantization-aware training, the remaining option" in each
    ] == ([advice] if advice else [])


def test_a_joined_output_is_advised_to_be_split(run):
    run.add("a", "full_integer", 300, lost=50)
    ops = errors(OpError(op="CONCATENATION", layer="out", error=0.5, added=0.48))
    advice = run.decide(KEEP_TOP1, measure_ops=lambda _: ops).advice
    assert (
        "export the parts of `out` as outputs of their own, such as boxes and scores: "
        "CONCATENATION adds an error of 48 % on 16 calibration samples, because one scale is too "
        "coarse for all parts"
    ) in advice


@pytest.mark.parametrize(("op", "added"), [("CONV_2D", 0.48), ("CONCATENATION", 0.01)])
def test_other_ops_are_not_advised_to_be_split(run, op, added):
    run.add("a", "full_integer", 300, lost=50)
    ops = errors(OpError(op=op, layer="out", error=0.5, added=added))
    advice = run.decide(KEEP_TOP1, measure_ops=lambda _: ops).advice
    assert not any("outputs of their own" in each for each in advice)


def test_the_worst_weights_are_advised_to_stay_in_float(run):
    run.add("a", "dynamic_wi8_afp32", 300, lost=50)
    run.add("b", "dynamic_range", 300, lost=50)
    ops = errors(OpError(op="CONV_2D", layer="first", error=0.2, added=0.2, float_bytes=4000))
    advice = run.decide(KEEP_TOP1, measure_ops=lambda _: ops).advice
    assert (
        "leave `first` of a in float, for 3,000 bytes: CONV_2D adds an error of 20 %. Write "
        "`{recipe: dynamic_wi8_afp32, rules: [{regex: '^first', recipe: float32}]}`"
    ) in advice


@pytest.mark.parametrize(
    ("op", "advice"),
    [
        (
            "SQUARED_DIFFERENCE",
            "write the squared difference as a product, `d = a - b` and `d * d`: int16x8 does not "
            "support SQUARED_DIFFERENCE",
        ),
        (
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            "unroll the recurrent layers (`unroll=True` in Keras): int16x8 does not support "
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
        ),
    ],
)
def test_ops_that_16_bits_do_not_support_are_advised_to_be_rewritten(run, op, advice):
    run.add("full_integer", "full_integer", 300, lost=50)
    run.attest("int16x8", "int16x8", status="failed", reasons=[f"op {op} is not supported"])
    run.ops = {op: 1, "CONV_2D": 2}
    assert advice in run.decide(KEEP_TOP1).advice
