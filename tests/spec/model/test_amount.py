"""Amounts with units, weights, and what becomes of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.domain.units import amount_of, unit_of
from quantgate.spec import load
from quantgate.spec.model.choice import WeightedObjective, WithinConfidence


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("10ms", 10.0),
        ("0.1 s", 100.0),
        ("300us", 0.3),
        ("250µs", 0.25),
        ("30ns", 3e-5),
        ("512KiB", 524288.0),
        ("1.5MB", 1_500_000.0),
        ("48bytes", 48.0),
        ("-3dB", -3.0),
        ("1e3 ms", 1000.0),
    ],
)
def test_an_amount_is_converted_to_the_unit_of_the_metric(written: str, amount: float):
    assert amount_of(written) == amount


@pytest.mark.parametrize("written", ["10 furlongs", "ms", "10 %", "1,5ms", "", 10, None, ["10ms"]])
def test_other_values_are_left_unchanged(written: object):
    assert amount_of(written) == written
    assert unit_of(written) == ("furlongs" if written == "10 furlongs" else None)


def test_limits_and_tolerances_take_units(spec_file: Callable[[str], Path], sound: str):
    text = sound.replace("{max_ratio: 0.5}", "{max: 512KiB}\n  latency_p95_ms: {max: 0.5s}")
    text = text.replace("{max_drop: 0.01}", "{max_drop_percent: 1.5%}")
    spec = load(spec_file(text.replace("within: 5%", "within: 2kB"))).spec
    assert spec.gate.limits["size_bytes"].max == 524288
    assert spec.gate.limits["latency_p95_ms"].max == 500
    assert spec.gate.limits["top1"].max_drop_percent == 1.5
    assert spec.choose[0].within == 2000


def test_a_unit_may_be_set_on_the_command_line(spec_file: Callable[[str], Path], sound: str):
    spec = load(spec_file(sound), ["gate.latency_p50_ms.max=10ms"]).spec
    assert spec.gate.limits["latency_p50_ms"].max == 10


def test_a_tolerance_may_be_a_confidence(spec_file: Callable[[str], Path], sound: str):
    text = sound.replace(
        "{minimize: size_bytes, within: 5%}", "{maximize: top1, within: {confidence: 0.9}}"
    )
    spec = load(spec_file(text)).spec
    assert spec.objectives[0].within == WithinConfidence(confidence=0.9)


def test_weighted_objectives_have_the_direction_of_the_metric(
    spec_file: Callable[[str], Path], sound: str
):
    text = sound.replace(
        "[{minimize: size_bytes, within: 5%}]", "{weights: {size_bytes: 1, head: 2, my_loss: 0.5}}"
    ).replace(
        "[top1, mse]",
        "[{metric: top1, name: head}, top1, {metric: 'mine:my_loss', better: lower}]",
    )
    assert load(spec_file(text)).spec.objectives == [
        WeightedObjective(minimize="size_bytes", weight=1),
        WeightedObjective(maximize="head", weight=2),
        WeightedObjective(minimize="my_loss", weight=0.5),
    ]
