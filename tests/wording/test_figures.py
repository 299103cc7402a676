import pytest

from quantgate.records.outcomes import VerdictOutcome
from quantgate.records.tasks import Interval
from quantgate.records.verdicts import Verdict
from quantgate.wording.figures import (
    change_text,
    figure_text,
    ratio_text,
    readable_text,
    size_text,
    tolerance_text,
)
from quantgate.wording.verdicts import (
    amount_text,
    limit_text,
    miss_text,
    rule_text,
    short_miss_text,
)


def verdict(name, rule, limit, value=None, confidence=None, bound=None):
    at = value if bound is None else bound
    margin = None if at is None else (at - limit if rule == "min" else limit - at)
    return Verdict(
        name=name,
        rule=rule,
        limit=limit,
        figure=value,
        value=value,
        confidence=confidence,
        bound=bound,
        margin=margin,
        outcome="undecided" if margin is None else "pass" if margin >= 0 else "fail",
        passed=margin is not None and margin >= 0,
    )


def undecided(rule, limit, value, low, high, needed=None):
    return verdict("top1", rule, limit, value, 0.95, low if rule == "min" else high).model_copy(
        update={
            "outcome": VerdictOutcome.UNDECIDED,
            "interval": Interval(confidence=0.95, low=low, high=high),
            "samples_needed": needed,
        }
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("size_bytes", 30496.0, "30,496 bytes"),
        ("top1", 0.8908, "0.8908"),
        ("roc_auc", 0.0, "0.0000"),
        ("top1", 0.00042, "0.0004"),
        ("top1", 0.000042, "0.00004"),
        ("psnr", 31.8139, "31.81 dB"),
        ("latency_p50_ms", 1.2345, "1.23 ms"),
        ("latency_p50_ms", 0.012345, "0.0123 ms"),
        ("latency_p95_ms", 12.0, "12.0 ms"),
        ("latency_p95_ms", 1234.5, "1,234 ms"),
        ("mse", 0.000123456, "0.0001235"),
        ("mse", 1.5e-9, "1.5e-09"),
        ("mse", 0.0000123456, "0.00001235"),
        ("mse", 1234567.0, "1,234,567"),
        ("mse", 0.25, "0.25"),
        ("log_loss", 0.0, "0"),
        ("something_new", 2.0, "2"),
    ],
)
def test_a_measurement_is_shown_in_its_unit(name, value, text):
    assert figure_text(name, value) == text


@pytest.mark.parametrize(
    ("name", "change", "text"),
    [
        ("top1", 0.0016, "+0.0016"),
        ("top1", -0.0016, "-0.0016"),
        ("top1", 0.0, "+0.0000"),
        ("psnr", -0.5, "-0.50"),
        ("mse", 0.0000821345, "+0.000082"),
        ("mse", -812.4, "-812"),
        ("log_loss", 0.0, "+0"),
    ],
)
def test_a_change_always_has_a_sign(name, change, text):
    assert change_text(name, change) == text


def test_a_ratio_has_two_places():
    assert ratio_text(0.6094) == "0.61"


@pytest.mark.parametrize(
    ("judged", "text"),
    [
        (verdict("top1", "min", 0.9), "top1 at least 0.9"),
        (verdict("latency_p95_ms", "max", 10), "latency_p95_ms at most 10 ms"),
        (verdict("size_bytes", "max", 50000), "size_bytes at most 50,000 bytes"),
        (verdict("size_bytes", "max_ratio", 0.5), "size_bytes ratio at most 0.5"),
        (verdict("top1", "max_drop_percent", 1), "top1 drop at most 1 %"),
        (verdict("mse", "max_rise", 0.001), "mse rise at most 0.001"),
        (verdict("invented", "max", 3), "invented at most 3"),
        (
            verdict("top1", "max_drop", 0.0025, confidence=0.975),
            "top1 drop at most 0.0025 at 97.5 % confidence",
        ),
    ],
)
def test_a_rule_is_shown_with_its_limit(judged, text):
    assert rule_text(judged) == text


@pytest.mark.parametrize(
    ("judged", "text", "short"),
    [
        (
            verdict("top1", "max_drop", 0.01, 0.0231),
            "top1 drop of 0.0231 exceeds 0.01 by 0.0131",
            "misses top1 by 0.0131",
        ),
        (
            verdict("top1", "min", 0.9, 0.88),
            "top1 of 0.8800 falls short of 0.9 by 0.0200",
            "misses top1 by 0.0200",
        ),
        (
            verdict("top1", "max_drop", 0.01, 0.005, 0.95, 0.0125),
            "top1 drop of 0.0050, up to 0.0125 at 95 % confidence, exceeds 0.01 by 0.0025",
            "misses top1 by 0.0025",
        ),
        (
            verdict("top1", "max_drop_percent", 1, 2.5),
            "top1 drop of 2.50 % exceeds 1 % by 1.50 %",
            "misses top1 by 1.50 %",
        ),
        (
            verdict("size_bytes", "max_ratio", 0.5, 0.5004),
            "size_bytes ratio of 0.500 exceeds 0.5 by 0.0004",
            "misses size by 0.0004x",
        ),
        (
            verdict("latency_p95_ms", "max", 10, 12.5),
            "latency_p95_ms of 12.5 ms exceeds 10 ms by 2.50 ms",
            "misses p95 by 2.50 ms",
        ),
        (
            verdict("top1", "max_drop", 0.01),
            "top1 drop at most 0.01: not measured",
            "top1 not measured",
        ),
        (
            verdict("top1", "min", 0.9, 0.88, 0.95, 0.86),
            "top1 of 0.8800, down to 0.8600 at 95 % confidence, falls short of 0.9 by 0.0400",
            "misses top1 by 0.0400",
        ),
        (
            undecided("max_drop", 0.01, 0.005, -0.001, 0.0125, 3366),
            "top1 drop of 0.0050 (-0.0010 to 0.0125 at 95 % confidence) leaves at most 0.01 "
            "undecided: about 3,366 samples would decide it",
            "top1 undecided",
        ),
        (
            undecided("min", 0.9, 0.9, 0.88, 0.92),
            "top1 of 0.9000 (0.8800 to 0.9200 at 95 % confidence) leaves at least 0.9 undecided: "
            "no number of samples would decide it",
            "top1 undecided",
        ),
        (
            verdict("top1", "max_drop", 0.01, 0.005, 0.95).model_copy(
                update={"outcome": VerdictOutcome.UNDECIDED, "margin": None}
            ),
            "top1 drop at most 0.01 at 95 % confidence: top1 drop of 0.0050 is based on too few "
            "values per sample to show it",
            "top1 undecided",
        ),
    ],
)
def test_a_miss_is_shown_with_its_amount(judged, text, short):
    assert miss_text(judged) == text
    assert short_miss_text(judged) == short


def test_a_limit_is_shown_in_its_unit():
    assert limit_text(verdict("mse", "max_rise", 0.00002)) == "0.00002"
    assert limit_text(verdict("size_bytes", "max", 1234567.0)) == "1,234,567 bytes"
    assert limit_text(verdict("latency_p95_ms", "max", 10.25)) == "10.25 ms"


def test_an_amount_and_its_limit_have_the_same_unit():
    judged = verdict("psnr", "max_drop", 0.5, 0.25)
    assert (amount_text(judged, 0.25), limit_text(judged)) == ("0.25 dB", "0.5 dB")


@pytest.mark.parametrize(
    ("within", "text"),
    [
        ("5%", "5%"),
        (0.01, "0.01"),
        (0.00002, "0.00002"),
        (5_000_000.0, "5,000,000"),
        ({"confidence": 0.95}, "sampling noise at 95 % confidence"),
    ],
)
def test_a_tolerance_is_shown_as_in_the_spec(within, text):
    assert tolerance_text(within) == text


@pytest.mark.parametrize(
    ("value", "brief", "readable"),
    [
        (512.0, "0.5 KiB", "512 bytes"),
        (30_496.0, "29.8 KiB", "30,496 bytes"),
        (1_048_575.0, "1,024.0 KiB", "1,048,575 bytes"),
        (1_048_576.0, "1.00 MiB", "1.00 MiB"),
        (100_746_854.0, "96.08 MiB", "96.08 MiB"),
    ],
)
def test_a_size_is_shown_in_a_readable_unit(value, brief, readable):
    assert size_text(value) == brief
    assert readable_text("size_bytes", value) == readable


def test_other_values_are_shown_in_their_own_unit():
    assert readable_text("macs_per_s", 2e6) == "2,000,000"
    assert readable_text("latency_p50_ms", 2e6) == "2,000,000 ms"
