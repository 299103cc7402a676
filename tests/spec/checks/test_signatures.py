"""Specs with several signatures: what each needs, and what is said where one is missing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.spec import load

BOTH = "models/fashion, signatures: [encode, decode]}"
METRICS = "[{metric: top1, signature: encode}, {metric: mse, signature: decode}]"
Mistaken = Callable[[str, str], list[str]]


@pytest.fixture
def two(sound: str) -> str:
    """The text of a sound spec with two signatures."""
    return sound.replace("models/fashion}", BOTH).replace("[top1, mse]", METRICS)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            METRICS,
            "[top1, {metric: mse, signature: decode}]",
            [
                "9:13 `measure.metrics.0` needs the key `signature` -> Write for example "
                "`{metric: top1, signature: encode}`."
            ],
        ),
        (
            "signature: decode}]",
            "signature: decoder}]",
            [
                "9:73 `measure.metrics.1.signature` is not converted: `decoder` -> Did you mean "
                "`decode`?"
            ],
        ),
        (
            "{runs: 50}",
            "{signature: train}",
            [
                "10:24 `measure.latency.signature` is not converted: `train` -> `model.signatures` "
                "has `encode` or `decode`."
            ],
        ),
        (
            "{source: train.npz}",
            "{source: train.npz, signatures: {decoed: {source: codes.npz}}}",
            [
                "5:49 `data.calibration.signatures.decoed` is not converted: `decoed` -> Did you "
                "mean `decode`?"
            ],
        ),
        (
            "{source: train.npz}",
            "{source: train.npz, signatures: {decode: {sorce: codes.npz}}}",
            [
                "5:58 `data.calibration.signatures.decode` has no key `sorce` -> Did you mean "
                "`source`?"
            ],
        ),
        (
            "{source: test.npz, label: y}",
            "{source: test.npz, label: y, signatures: {decode: {source: codes.npz}}}",
            [
                "6:57 `data.evaluation.signatures.decode` needs the key `label` -> `label`: Key "
                "of the labels or targets."
            ],
        ),
        (
            "[encode, decode]",
            "[encode, decode, encode]",
            ["3:67 `encode` is listed twice -> List each signature once."],
        ),
    ],
)
def test_wrong_signatures_are_refused(
    refused: Callable[[str], object], two: str, old: str, new: str, expected: list[str]
) -> None:
    error = refused(two.replace(old, new))
    problems = error.problems  # type: ignore[attr-defined]
    said = [f"{p.line}:{p.column} {p.message} -> {p.hint}" for p in problems]
    assert said == expected


def test_a_signature_has_its_own_source_or_the_shared_one(
    two: str, spec_file: Callable[[str], Path]
) -> None:
    own = "{source: train.npz, samples: 300, signatures: {decode: {source: codes.npz}}}"
    data = load(spec_file(two.replace("{source: train.npz}", own))).spec.data
    assert data.calibration is not None
    assert data.calibration.of("encode").source == "train.npz"
    assert data.calibration.of("encode").samples == 300
    assert data.calibration.of("decode").source == "codes.npz"
    assert data.calibration.of("decode").samples == 200
    assert data.evaluation.of("decode").source == "test.npz"
