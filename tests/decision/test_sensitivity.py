"""The candidates whose ops are compared with the float model's, and how they are told."""

from quantgate.records.sensitivity import OpError, Sensitivity
from quantgate.report.explain import explain

LIMITS = {"top1": {"max_drop": 0.01}}
ERRORS = Sensitivity(
    data="calibration",
    samples=16,
    ops=[
        OpError(op="CONV_2D", layer="first", error=0.02, added=0.02, float_bytes=40),
        OpError(op="CONCATENATION", layer="boxes", error=0.5, added=0.48),
        OpError(op="SOFTMAX", layer="probs", error=0.3, added=-0.2),
    ],
)


class Measured:
    """Returns errors, and keeps the names that it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, candidates):
        self.asked += [each.name for each in candidates]
        return {each.name: ERRORS for each in candidates if each.name != "float16"}


def test_candidates_that_miss_an_accuracy_limit_get_the_errors_of_their_ops(run):
    run.add("full_integer", "full_integer", 300, lost=200)
    run.add("float16", "float16", 500, lost=100)
    run.add("dynamic_range", "dynamic_range", 300, lost=2)
    run.attest("int16x8", "int16x8", status="failed")
    measure = Measured()
    decision = run.decide(LIMITS, measure_ops=measure)
    assert measure.asked == ["float16", "full_integer"]
    assert decision.entry("full_integer").sensitivity == ERRORS
    assert decision.entry("float16").sensitivity is None
    assert decision.entry("dynamic_range").sensitivity is None


def test_an_undecided_limit_is_missed_too(run):
    run.add("full_integer", "full_integer", 300, lost=9)
    measure = Measured()
    run.decide({"top1": {"max_drop": 0.01, "confidence": 0.95}}, measure_ops=measure)
    assert measure.asked == ["full_integer"]


def test_nothing_is_measured_if_no_candidate_misses_an_accuracy_limit(run):
    run.add("full_integer", "full_integer", 300, lost=2)
    measure = Measured()
    run.decide({**LIMITS, "size_bytes": {"max": 1}}, measure_ops=measure)
    assert measure.asked == []


def test_a_limit_that_the_float_model_violates_itself_does_not_count(run):
    run.add("full_integer", "full_integer", 300, lost=2)
    measure = Measured()
    decision = run.decide({"top1": {"min": 1.0}}, measure_ops=measure)
    assert (decision.winner, measure.asked) == (None, [])


def test_the_worst_ops_are_those_that_add_most():
    assert [each.layer for each in ERRORS.worst] == ["boxes", "first"]


def test_explain_names_the_worst_ops(run):
    run.add("full_integer", "full_integer", 300, lost=200)
    decision = run.decide(LIMITS, measure_ops=Measured())
    told = dict(explain(decision, decision.entry("full_integer")))
    assert told["worst ops"] == (
        "CONCATENATION `boxes` adds 48 %, CONV_2D `first` adds 2 % (on 16 calibration samples)"
    )


def test_explain_says_nothing_of_ops_that_add_no_error(run):
    run.add("full_integer", "full_integer", 300, lost=200)
    none = Sensitivity(data="evaluation", samples=16, ops=[])
    decision = run.decide(LIMITS, measure_ops=lambda _: {"full_integer": none})
    assert "worst ops" not in dict(explain(decision, decision.entry("full_integer")))
