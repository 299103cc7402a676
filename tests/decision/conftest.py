"""Fixtures that build the evidence of a run, candidate by candidate."""

import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.decision.decide import decide
from quantgate.decision.evidence import Evaluation, Evidence
from quantgate.decision.measured_advice import TryEdits, no_edits
from quantgate.decision.provenance import Host
from quantgate.decision.sensitivity import MeasureOps, no_ops
from quantgate.decision.terms import Terms
from quantgate.domain.figures import LATENCIES
from quantgate.records.attestation import Attestation
from quantgate.records.calibration import Calibration
from quantgate.records.decision import Decision
from quantgate.records.source import SourceComparison
from quantgate.records.targets import TargetMeasurements
from quantgate.records.tasks import (
    Benchmark,
    Conditions,
    Interval,
    Measurement,
    ModelFacts,
    Signature,
)
from quantgate.spec.model.choice import objective_of
from quantgate.spec.model.limit import Limit
from quantgate.statistics.latency_ratios import ratio_interval

sys.path.insert(0, str(Path(__file__).resolve().parent))

SAMPLES = 1000
RIGHT = 900
DATASET = "d" * 64


def sha256_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def top1_samples(lost: int, won: int) -> np.ndarray:
    """Return 1 for each right sample: the baseline's 900, less `lost`, plus `won` others."""
    values = np.zeros(SAMPLES)
    values[lost : RIGHT + won] = 1
    return values


def evaluation_of(sha256: str, samples: dict[str, np.ndarray], **changes: Any) -> Evaluation:
    figures = {metric: float(values.mean()) for metric, values in samples.items()}
    fields = {
        "model_sha256": sha256,
        "status": "measured",
        "reasons": [],
        "figures": figures,
        "samples": len(next(iter(samples.values()))),
        "dataset_sha256": DATASET,
        "litert": "2.3.0",
    }
    return Evaluation(Measurement(**{**fields, **changes}), samples)


@dataclass
class Run:
    """A baseline of 1,000 bytes with a top1 of 0.9 on 1,000 samples, and candidates."""

    baseline: Evaluation = field(
        default_factory=lambda: evaluation_of(sha256_of("float32"), {"top1": top1_samples(0, 0)})
    )
    attestations: list[Attestation] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    latencies: dict[str, dict[str, float]] = field(default_factory=dict)
    timings: dict[str, list[int | None]] = field(default_factory=dict)
    itself: Interval | None = None
    conditions: Conditions | None = None
    timing_failures: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    calibration: Calibration | None = None
    ops: dict[str, int] = field(default_factory=lambda: {"CONV_2D": 1})
    targets: list[TargetMeasurements] = field(default_factory=list)
    comparison: SourceComparison | None = None

    def attest(self, name: str, mode: str, size: int | None = None, **changes: Any) -> None:
        fields = {
            "candidate": name,
            "mode": mode,
            "status": "converted",
            "reasons": [],
            "model_sha256": None if size is None else sha256_of(name),
            "size_bytes": size,
            "tensorflow": "2.21.0",
            "seconds": 1.0,
        }
        self.attestations.append(Attestation(**{**fields, **changes}))

    def evaluate(self, name: str, samples: dict[str, np.ndarray], **changes: Any) -> None:
        self.evaluations.append(evaluation_of(sha256_of(name), samples, **changes))

    def add(self, name: str, mode: str, size: int, lost: int = 0, won: int = 0) -> None:
        self.attest(name, mode, size)
        self.evaluate(name, {"top1": top1_samples(lost, won)})

    def time(self, name: str, p50: float) -> None:
        self.latencies[sha256_of(name)] = {"latency_p50_ms": p50}

    def time_rounds(self, name: str, milliseconds: np.ndarray) -> None:
        """Add the times of single rounds, NaN for a skipped one. Call it for the baseline first."""
        sha256, taken = sha256_of(name), milliseconds[np.isfinite(milliseconds)]
        self.timings[sha256] = [None if np.isnan(ms) else int(1e6 * ms) for ms in milliseconds]
        self.latencies[sha256] = {
            figure: float(np.percentile(taken, known.percentile))
            for figure, known in LATENCIES.items()
        }

    def refuse(self, name: str) -> None:
        """Let XNNPACK refuse a model."""
        self.refusals[sha256_of(name)] = "failed to create XNNPACK runtime"

    def calibrate(self, samples: int) -> None:
        self.calibration = Calibration(
            status="calibrated",
            way="once",
            samples=samples,
            dataset_sha256="c" * 64,
            tensorflow="2.21.0",
        )

    def evidence(self) -> Evidence:
        timed = bool(self.latencies or self.timing_failures)
        return Evidence(
            facts=ModelFacts(
                source_sha256="5" * 64,
                baseline_sha256=sha256_of("float32"),
                size_bytes=1000,
                signatures=[Signature(key="serving_default", inputs={}, outputs={})],
                ops=self.ops,
                tensorflow="2.21.0",
            ),
            baseline=self.baseline,
            attestations=self.attestations,
            evaluations=self.evaluations,
            benchmark=self._benchmark() if timed else None,
            calibration=self.calibration,
            targets=self.targets,
            comparison=self.comparison,
        )

    def _benchmark(self) -> Benchmark:
        return Benchmark(
            figures=self.latencies,
            failures=self.timing_failures,
            threads=1,
            warmup=1,
            runs=max(map(len, self.timings.values()), default=10),
            processor="Cortex-A76",
            litert="2.3.1",
            budget_s=10.0,
            timings=self.timings,
            ratios=self._ratios(),
            itself=self.itself,
            conditions=self.conditions,
            refusals=self.refusals,
        )

    def _ratios(self) -> dict[str, dict[str, Interval]]:
        times = {name: np.array(spent, float) for name, spent in self.timings.items()}
        baseline = times.pop(sha256_of("float32"), None)
        return {
            name: {"latency_p50_ms": interval}
            for name, spent in times.items()
            if baseline is not None and (interval := ratio_interval(spent, baseline, 50))
        }

    def decide(
        self,
        limits: dict[str, dict[str, float]],
        choose: list[dict[str, Any]] | None = None,
        measure_ops: MeasureOps = no_ops,
        try_edits: TryEdits = no_edits,
        **terms: Any,
    ) -> Decision:
        return decide(
            self.evidence(),
            Terms(
                name="fashion",
                limits={name: Limit(**rules) for name, rules in limits.items()},
                choose=[objective_of(line) for line in choose or [{"minimize": "size_bytes"}]],
                spec_sha256="e" * 64,
                **terms,
            ),
            host=Host(processor="x86_64", platform="Linux", python="3.11.9", kfp="2.17.0"),
            created="2026-01-02T03:04:05+00:00",
            measure_ops=measure_ops,
            try_edits=try_edits,
        )


@pytest.fixture
def run() -> Run:
    """An empty run, to add candidates to."""
    return Run()


@pytest.fixture(scope="session")
def new_run() -> type[Run]:
    """A function that returns an empty run, for each example of a property test."""
    return Run


@pytest.fixture
def decided(run):
    """A winner, an equal, a larger one, an undecided, a missing, a rejected, and a failed one."""
    from decided_run import CHOOSE, LIMITS

    run.add("winner", "float16", 500, won=2)
    run.add("twin", "float16", 500, won=2)
    run.add("equal", "float16", 510, lost=1, won=1)
    run.add("larger", "float16", 700)
    run.add("unsure", "dynamic_range", 300, lost=9)
    run.add("poor", "full_integer", 300, lost=90)
    run.attest("wrong", "integer_only_int8", 300, status="rejected", reasons=["ADD is in float"])
    run.evaluate("wrong", {"top1": np.ones(1000)})
    run.attest("none", "int16x8", status="failed", reasons=["op DIV is not supported"])
    return run.decide(LIMITS, CHOOSE)
