import io

from rich.console import Console

from quantgate.records.choice import Objective
from quantgate.report import html, markdown, terminal
from quantgate.report.explain import explain
from quantgate.report.overview import (
    choice_text,
    limit_titles,
    meanings,
    notes,
    provenance_items,
)
from quantgate.report.table import figures_shown, rows
from quantgate.report.text import one_line
from quantgate.report.ways_out import advice_items


def shown(decision):
    console = Console(file=io.StringIO(), width=120)
    terminal.render(decision, console)
    return console.file.getvalue()


def test_the_median_is_shown_if_no_latency_is_limited(winner):
    assert figures_shown(winner) == ["size_bytes", "top1", "latency_p95_ms"]
    limits = {"top1": {"max_drop": 0.01}}
    unlimited = winner.model_copy(update={"limits": limits})
    assert figures_shown(unlimited) == ["size_bytes", "top1", "latency_p50_ms"]


def test_a_metric_without_measurements_has_no_column(winner):
    def untimed(entry):
        sizes = {"size_bytes": entry.measurements["size_bytes"]}
        return entry.model_copy(update={"measurements": sizes})

    decision = winner.model_copy(
        update={
            "baseline": untimed(winner.baseline),
            "candidates": [untimed(entry) for entry in winner.candidates],
        }
    )
    assert figures_shown(decision) == ["size_bytes"]


def test_a_candidate_without_a_metric_of_an_objective_does_not_qualify(winner):
    entry = winner.candidates[0].model_copy(update={"qualified": False})
    decision = winner.model_copy(update={"candidates": [entry]})
    assert rows(decision)[1].verdict == ["does not qualify"]


def test_a_metric_without_a_baseline_has_no_comparison(winner):
    baseline = winner.baseline.model_copy(update={"measurements": {"size_bytes": 50044.0}})
    row = rows(winner.model_copy(update={"baseline": baseline}))[1]
    assert [cell.beside for cell in row.cells] == [("29.8 KiB", "0.61x"), (), ()]


def test_a_tolerance_is_shown_as_written(winner):
    def told(*objectives):
        return choice_text(winner.model_copy(update={"choose": list(objectives)}))

    size = Objective(minimize="size_bytes")
    assert told(size) == "minimize size_bytes"
    assert told(Objective(maximize="top1", within=0.005)) == "maximize top1 within 0.005"
    assert told(Objective(maximize="top1", within="5%"), size) == (
        "maximize top1 within 5%, then minimize size_bytes"
    )


def test_notes_do_not_repeat_violated_limits(none_qualified):
    assert [name for name, _ in notes(none_qualified)] == ["integer_only_uint8", "int16x8"]
    assert len(limit_titles(none_qualified)) == 3


def test_without_calibration_there_is_no_calibration_data(winner):
    provenance = winner.provenance.model_copy(update={"calibration_sha256": None})
    items = dict(provenance_items(winner.model_copy(update={"provenance": provenance})))
    assert items["calibration data"] == "-"


def test_one_line_removes_line_breaks_and_control_characters():
    assert one_line("a\x1b[31m b\r\n\tc\u2028d  é✓") == "a [31m b c d é✓"


def test_only_reasons_that_rejected_are_marked(none_qualified):
    rejected = none_qualified.entry("integer_only_uint8")
    remark = "two biases are wider than the specification says"
    entry = rejected.model_copy(
        update={"reasons": [*rejected.reasons, remark], "rejections": rejected.reasons}
    )
    decision = none_qualified.model_copy(update={"candidates": [entry]})
    (reason,) = rejected.reasons
    assert notes(decision) == [
        ("integer_only_uint8", f"rejected: {reason}"),
        ("integer_only_uint8", remark),
    ]
    assert rows(decision)[1].reasons == [reason]
    assert explain(decision, entry)[-2:] == [("reason", reason), ("note", remark)]


def test_limits_that_would_let_a_candidate_pass_are_advice(none_qualified):
    limits = {"top1": {"max_drop": 0.05, "slices": {"my phone": {"min": 0.5}}}}
    closest = none_qualified.closest.model_copy(update={"limits": limits})
    decision = none_qualified.model_copy(update={"advice": ["train"], "closest": closest})
    relax = (
        "relax the limits: integer_only_int8 would pass with --set gate.top1.max_drop=0.05 --set "
        "'gate.top1.slices.my phone.min=0.5'"
    )
    assert advice_items(decision) == ["train", relax]
    assert f"Advice: {relax}" in " ".join(shown(decision).split())
    assert "would pass with" in markdown.render(decision)
    assert "would pass with --set gate.top1.max_drop=0.05" in html.render(decision)


def test_no_limit_is_advice_if_none_would_help(none_qualified, winner):
    assert advice_items(none_qualified) == advice_items(winner) == []


def test_reports_say_how_decibels_are_combined(winner):
    metrics = {"top1": "top1", "clean": "snr", "clean[phone]": "snr", "snr_worst": "snr_worst"}
    decision = winner.model_copy(update={"metrics": metrics})
    mean = "mean of the samples' ratios in dB, in which good samples can hide bad ones"
    assert meanings(decision) == [("clean", mean), ("snr_worst", "ratio of the worst sample")]
    assert f"- **clean**: {mean}\n" in markdown.render(decision)
    assert "<strong>snr_worst</strong>: ratio of the worst sample" in html.render(decision)
    assert meanings(winner) == []
