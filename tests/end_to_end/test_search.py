"""A run with a search: layers get 4 bits, and the winner is smaller than any recipe's model."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from quantgate.records.decision import Decision

MAKE = Path(__file__).with_name("tiny_tflite.py")


def test_a_searched_candidate_wins_by_its_size(
    tmp_path: Path, quantgate: Callable[..., Any]
) -> None:
    subprocess.run([sys.executable, MAKE, tmp_path], check=True)
    path = tmp_path / "spec.yaml"
    content = yaml.safe_load(path.read_text())
    content["quantize"] = {"recipes": ["dynamic_wi8_afp32"], "search": True}
    content["measure"]["latency"] = None
    content["gate"] = {"top1": {"max_drop": 0.25}}
    content.pop("promote")
    path.write_text(yaml.safe_dump(content))
    done = quantgate("run", path, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    decision = Decision.read(tmp_path / "runs" / "tiny" / "latest" / "decision.json")
    names = [entry.name for entry in decision.candidates]
    assert names == ["dynamic_wi8_afp32", "search-1", "search-2", "search-3"]
    winner = decision.entry(str(decision.winner))
    assert winner.search is not None
    assert {4, 8} >= {layer.bits for layer in winner.search.layers}
    assert winner.measurements["size_bytes"] == winner.search.size_bytes
    plain = decision.entry("dynamic_wi8_afp32").measurements["size_bytes"]
    assert winner.search.size_bytes < plain
    assert winner.search.eight_bit_bytes == plain
    told = quantgate("explain", winner.name, cwd=tmp_path).stdout
    assert "held-back calibration samples" in " ".join(told.split())
