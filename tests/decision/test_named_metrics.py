"""Metrics with custom names, from the measurement to the report."""

import numpy as np
import pytest

from quantgate.domain.figures import FIGURES, custom_figure
from quantgate.report.overview import verdict_text
from quantgate.report.table import figures_beside, figures_shown, rows

METRICS = {"luma": "psnr", "head2": "top1", "alike": "snr", "worst": "my_metrics:worst"}


def samples_of(psnr: float, right: int, snr: float, worst: float) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(8)
    return {
        "luma": psnr + generator.normal(0, 0.01, 1000),
        "head2": (np.arange(1000) < right).astype(float),
        "alike": np.full(1000, snr),
        "worst": np.full(1000, worst),
    }


@pytest.fixture
def decision(run):
    """A candidate that loses 0.5 dB and 2 samples in 1,000, with limits by the custom names."""
    run.evaluate("float32", samples_of(31.0, 900, 138.47, 0.7), metrics=METRICS)
    run.baseline = run.evaluations.pop()
    run.attest("small", "float16", 500)
    run.evaluate("small", samples_of(30.5, 898, 40.0, 0.6), metrics=METRICS)
    limits = {
        "head2": {"max_drop": 0.01, "confidence": 0.95},
        "luma": {"max_drop": 0.2},
        "alike": {"min": 30},
    }
    return run.decide(limits, [{"maximize": "head2"}])


def test_named_metrics_are_shown_in_the_units_of_their_metrics(decision):
    assert decision.metrics == METRICS
    assert figures_shown(decision) == ["size_bytes", "head2", "luma", "alike"]
    assert figures_beside(decision) == ["worst"]
    _, row = rows(decision, [*figures_shown(decision), *figures_beside(decision)])
    assert [(cell.value, cell.compared) for cell in row.cells] == [
        ("500 bytes", "0.50x"),
        ("0.8980", "-0.0020"),
        ("30.50 dB", "-0.50"),
        ("40.00 dB", ""),
        ("0.6", "-0.1"),
    ]
    assert decision.closest.missed == ["luma drop of 0.50 dB exceeds 0.2 dB by 0.30 dB"]


def test_binary_metrics_have_the_p_value_of_mcnemars_test(decision):
    (candidate,) = decision.candidates
    by_name = {verdict.name: verdict for verdict in candidate.verdicts}
    assert by_name["head2"].metric == "top1"
    assert by_name["head2"].p_value == pytest.approx(0.5)
    assert verdict_text(by_name["head2"]) == "0.0020, up to 0.0063, McNemar p 0.5"
    assert by_name["luma"].p_value is None
    assert by_name["alike"].passed


def test_a_violated_named_metric_gives_the_advice_of_its_metric(decision):
    assert any("quantization-aware training" in advice for advice in decision.advice)


def test_metrics_say_whether_their_range_is_bounded():
    assert FIGURES["top1"].bounded
    assert not FIGURES["mse"].bounded
    assert not custom_figure("worst", higher_is_better=False).bounded


def test_the_summary_names_the_metrics_of_limits_and_choice_first(run):
    """A dozen metrics: those that the choice and the limits name come first."""
    values = {f"m{number:02d}": np.full(10, 0.5 + number / 100) for number in range(12)}
    metrics = dict.fromkeys(values, "top1")
    run.evaluate("float32", values, metrics=metrics)
    run.baseline = run.evaluations.pop()
    run.attest("small", "float16", 500)
    run.evaluate("small", values, metrics=metrics)
    decision = run.decide(
        {"m11": {"min": 0.1}, "m07": {"min": 0.1}},
        [{"maximize": "m09"}, {"minimize": "size_bytes"}],
    )
    assert decision.summary == (
        "small wins: 500 bytes (0.50 of the baseline), m00 0.5000 (+0.0000), m07 0.5700 (+0.0000), "
        "m09 0.5900 (+0.0000), m11 0.6100 (+0.0000), and 8 more figures"
    )
