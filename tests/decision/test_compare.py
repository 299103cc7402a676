"""The texts of `quantgate compare`, also for unusual runs."""

from decided_run import CHOOSE, LIMITS

from quantgate.records.datasets import Groups
from quantgate.records.provenance import DataSource
from quantgate.report.compare import compare
from quantgate.report.overview import provenance_items


def test_equal_runs_have_no_changes(decided):
    assert compare(decided, decided.model_copy(update={"created": "later"})) == []


def test_changes_between_runs_are_listed(run, new_run, decided):
    other = new_run()
    other.add("winner", "float16", 480, won=2)
    other.add("new", "float16", 990)
    other.attest("larger", "float16", status="failed", reasons=["killed"])
    other.time("winner", 1.0)
    second = other.decide({**LIMITS, "top1": {"max_drop": 0.02}}, CHOOSE[:1], keep_baseline=True)
    second = second.model_copy(
        update={
            "provenance": second.provenance.model_copy(
                update={"tensorflow": "2.22.0", "evaluation_samples": 500}
            )
        }
    )
    changes = compare(decided, second)
    for expected in [
        ("outcome", "winner twin -> winner winner"),
        ("evaluation", "1,000 samples (dddddddddddd) -> 500 samples (dddddddddddd)"),
        ("TensorFlow", "2.21.0 -> 2.22.0"),
        ("latency", "not measured -> 10 runs, 1 threads"),
        ("gate.top1.max_drop", "0.01 -> 0.02"),
        ("gate.top1.confidence", "0.95 -> none"),
        ("choice", "minimize size_bytes within 5%, maximize top1 within 0.01 -> minimize "
         "size_bytes within 5%"),
        ("winner", "size_bytes 500 bytes -> 480 bytes (-20)"),
        ("winner", "latency_p50_ms none -> 1.00 ms"),
        ("larger", "qualifies -> failed"),
        ("new", "not tried -> does not qualify"),
        ("twin", "qualifies -> not tried"),
    ]:  # fmt: skip
        assert expected in changes
    nobody = other.decide({"top1": {"min": 0.99}}, keep_baseline=True)
    assert ("outcome", "winner twin -> none qualified, baseline kept") in compare(decided, nobody)


def test_a_changed_tolerance_with_a_confidence_is_described_in_words(run):
    run.add("small", "float16", 500)
    confident = [{"maximize": "top1", "within": {"confidence": 0.95}}]
    first, second = (run.decide(LIMITS, choose) for choose in (CHOOSE[:1], confident))
    assert compare(first, second) == [
        (
            "choice",
            "minimize size_bytes within 5% -> maximize top1 within sampling noise at 95 % "
            "confidence",
        )
    ]


def test_changed_times_are_listed_if_the_tables_show_them(new_run):
    def timed(p50, p99, load, limits):
        run = new_run()
        run.add("small", "float16", 500)
        for name in ("float32", "small"):
            run.time(name, p50)
        for figures in run.latencies.values():
            figures |= {"latency_p99_ms": p99, "load_ms": load}
        return run.decide(limits)

    first = timed(1.001, 2.0, 0.0, {"latency_p50_ms": {"max": 9}})
    second = timed(1.002, 4.0, 1.0, {"latency_p50_ms": {"max": 9}})
    assert compare(first, second) == []
    other = timed(1.5, 4.0, 1.0, {"load_ms": {"max": 9}, "latency_p50_ms": {"max": 9}})
    assert [change for name, change in compare(first, other) if name == "small"] == [
        "latency_p50_ms 1.00 ms -> 1.50 ms (1.50x)",
        "load_ms 0.00 ms -> 1.00 ms",
    ]


def test_changed_data_and_seeds_are_listed(decided):
    def on(**changes):
        fields = {
            "purpose": "calibration",
            "signature": "serve",
            "source": "train.npz",
            "samples": 200,
            "available": 6000,
            "select": "random",
            "seed": 7,
            "synthetic": False,
            "content_sha256": "c" * 64,
        }
        source = DataSource(**{**fields, **changes})
        provenance = decided.provenance.model_copy(update={"data": [source]})
        return decided.model_copy(update={"provenance": provenance})

    assert compare(on(), on(seed=8, samples=1000)) == [
        (
            "calibration of serve",
            "200 samples of 6,000 (random, seed 7, cccccccccccc) -> 1,000 samples of 6,000 "
            "(random, seed 8, cccccccccccc)",
        )
    ]
    groups = Groups(key="speaker", count=70, effective=62.5)
    grouped = on(purpose="evaluation", distinct=190, groups=groups)
    assert compare(on(purpose="evaluation"), grouped)[0][1].endswith(
        " -> 200 samples of 6,000, 190 distinct, 70 groups by speaker (random, seed 7, "
        "cccccccccccc)"
    )
    items = dict(provenance_items(grouped))
    assert items["evaluation samples"] == "1,000, 190 distinct, 70 groups by speaker"
