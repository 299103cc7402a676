"""Runs with recovery: it finds a model that qualifies, or says that nothing helped."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.litert.flatbuffer import parse
from quantgate.records.decision import Decision
from quantgate.records.outcomes import RecoveryStatus
from quantgate.report.card import render

MAKE = Path(__file__).with_name("tiny_tflite.py")
PLAIN, RECOVERED = "static_wi8_ai8", "static_wi8_ai8+recovered"


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., Path]:
    """Write the spec of a float .tflite of two dense layers, whose hidden channels may differ."""
    subprocess.run([sys.executable, MAKE, tmp_path], check=True)

    def write(spread: float, *, recovers: bool = True, **recover: Any) -> Path:
        path = tmp_path / "spec.yaml"
        content = yaml.safe_load(path.read_text())
        wanted = {"recover": recover or True} if recovers else {}
        content["quantize"] = {"modes": [], "recipes": [PLAIN], **wanted}
        content["measure"]["latency"] = None
        content["gate"] = {"top1": {"max_drop": 0.05}}
        content.pop("promote")
        path.write_text(yaml.safe_dump(content))
        _spread(tmp_path / "tiny.tflite", spread)
        return path

    return write


def _spread(path: Path, spread: float) -> None:
    """Multiply hidden channels by factors that differ `spread` times, and divide them again."""
    model = parse(path.read_bytes())
    first, second = (buffer for buffer in model.buffers if buffer.data is not None)
    before, after = (np.array(each.data, np.uint8).view(np.float32) for each in (first, second))
    decades = np.random.default_rng(0).uniform(-0.5, 0.5, 96) * np.log10(spread)
    factors = (10**decades).astype(np.float32)
    first.data = (before.reshape(96, -1) * factors[:, None]).view(np.uint8).ravel()
    second.data = (after.reshape(-1, 96) / factors).view(np.uint8).ravel()
    path.write_bytes(bytes(convert_object_to_bytearray(model)))


@pytest.fixture
def decided(quantgate: Callable[..., Any]) -> Callable[..., Decision]:
    """Run a spec, and return the decision."""

    def run(path: Path, *arguments: str) -> Decision:
        done = quantgate("run", path, *arguments, cwd=path.parent)
        assert done.returncode in (0, 4), done.stdout + done.stderr
        return Decision.read(path.parent / "runs" / "tiny" / "latest" / "decision.json")

    return run


def test_a_recovered_candidate_qualifies_if_the_plain_one_does_not(
    spec: Callable[..., Path], decided: Callable[..., Decision]
) -> None:
    decision = decided(spec(10_000.0))
    plain, recovered = decision.entry(PLAIN), decision.entry(RECOVERED)
    assert (plain.qualified, recovered.qualified) == (False, True)
    assert decision.winner == RECOVERED
    assert recovered.recovery.status is RecoveryStatus.RECOVERED
    assert recovered.recovery.after_db > recovered.recovery.before_db + 10
    assert recovered.measurements["size_bytes"] == pytest.approx(
        plain.measurements["size_bytes"], rel=0.01
    )
    card = render(decision)
    assert "channels rescaled between layers" in card
    assert "held-back calibration samples" in card


def test_a_candidate_that_nothing_improves_says_so(
    spec: Callable[..., Path], decided: Callable[..., Decision]
) -> None:
    decision = decided(spec(1.0, techniques=["layers"], budget=2))
    entry = decision.entry(RECOVERED)
    assert (decision.winner, entry.status, entry.ranked) == (PLAIN, "unchanged", False)
    assert entry.recovery.status is RecoveryStatus.UNCHANGED
    assert entry.reasons[0].startswith(
        f"recovery found nothing better than `{PLAIN}`. It tried: the op with the largest error"
    )


def test_without_recovery_the_advice_says_what_it_would_gain(
    spec: Callable[..., Path], decided: Callable[..., Decision]
) -> None:
    decision = decided(spec(10_000.0, recovers=False))
    assert (decision.winner, [each.name for each in decision.candidates]) == (None, [PLAIN])
    (advice,) = [each for each in decision.advice if each.startswith("recover ")]
    assert "`--set quantize.recover=true`. In this run, the agreement" in advice
    assert "with channels rescaled between layers" in advice
    assert decision.tried.recovery.after_db > decision.tried.recovery.before_db + 10
    assert decision.tried.wide_bytes > decision.candidates[0].measurements["size_bytes"]
    sensitivity = decision.candidates[0].sensitivity
    assert (sensitivity.data, sensitivity.samples) == ("calibration", 16)
    assert sensitivity.worst[0].op == "FULLY_CONNECTED"


def test_the_decision_can_be_repeated(
    spec: Callable[..., Path], decided: Callable[..., Decision]
) -> None:
    path = spec(10_000.0)
    first, second = (decided(path, "--no-cache") for _ in range(2))
    assert first.content_sha256 == second.content_sha256
    assert json.loads(first.model_dump_json())["candidates"][1]["recovery"]["rules"]
