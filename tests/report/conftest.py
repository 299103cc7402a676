from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quantgate.decision.calibration_ranges import ranges_shown
from quantgate.records.attestation import TensorAttest
from quantgate.records.decision import Decision
from quantgate.records.details import Attested, Details, Spread, TensorRange
from quantgate.statistics.confusion import PredictedClasses, PredictedScores, classes_of, curves_of

DECISIONS = Path(__file__).parent / "decisions"


@pytest.fixture
def winner() -> Decision:
    """A decision on seven candidates, four of which qualify."""
    return Decision.read(DECISIONS / "winner.json")


def with_details(decision: Decision, classes: int = 10, figure: str = "top1") -> Decision:
    """Return a decision with all details, of the winner or of the first candidate."""
    rng = np.random.default_rng(0)
    right = rng.integers(0, classes, 2000).astype(np.int32)
    before, after = (
        np.where(rng.random(2000) < 0.9, right, rng.integers(0, classes, 2000)).astype(np.int32)
        for _ in range(2)
    )
    scores = rng.random(2000) + (right > 4) / 2
    rankings = PredictedScores(scores, (right > 4).astype(np.int32))
    subject = decision.winner or decision.candidates[0].name
    details = Details(
        subject=subject,
        signatures=["serving_default"],
        inputs=[tensor("image", [-1, 28, 28, 1], 1.0)],
        outputs=[tensor("probs", [-1, classes], 1 / 256)],
        spreads=[
            Spread(candidate=entry.name, figure=figure, low=-0.002, high=0.003)
            for entry in decision.candidates
        ],
        classes=[
            classes_of(
                figure, subject, PredictedClasses(before, right), PredictedClasses(after, right)
            )
        ],
        curves=[curves_of("roc_auc", subject, rankings, rankings)],
        attested=[attested(entry.name) for entry in decision.candidates],
        ranges=ranges_shown([TensorRange(tensor=f"t{k}", least=-k, greatest=k) for k in range(30)]),
    )
    return decision.model_copy(update={"details": details})


def tensor(name: str, shape: list[int], scale: float) -> TensorAttest:
    return TensorAttest(name=name, shape=shape, dtype="int8", scale=scale, zero_point=-128)


def attested(name: str) -> Attested:
    return Attested(
        candidate=name,
        ops=15,
        arithmetics={"int8": 13, "float32": 2},
        float_ops={"FULLY_CONNECTED": 1, "SOFTMAX": 1},
        float_macs={"FULLY_CONNECTED": 100},
        float_op_share=2 / 15,
        float_mac_share=0.1,
        macs=1000,
    )


@pytest.fixture
def rich(winner: Decision) -> Decision:
    """The winner's decision with every detail."""
    return with_details(winner)


@pytest.fixture(scope="session")
def detailed() -> Callable[..., Decision]:
    """Add every detail to a decision."""
    return with_details


@pytest.fixture
def none_qualified() -> Decision:
    """Seven candidates: one failed, one was rejected, five miss the size."""
    return Decision.read(DECISIONS / "none_qualified.json")


@pytest.fixture(scope="session")
def hostile() -> Callable[[str], Decision]:
    """A decision that says the given text wherever it can say something."""

    def put(text: str) -> Decision:
        decision = Decision.read(DECISIONS / "none_qualified.json")
        candidates = [
            entry.model_copy(update={"name": text, "mode": text, "reasons": [text]})
            for entry in decision.candidates
        ]
        provenance = decision.provenance.model_copy(update={"processor": text})
        return decision.model_copy(
            update={
                "name": text,
                "summary": text,
                "candidates": candidates,
                "advice": [f"do {text}"],
                "warnings": [f"mind {text}"],
                "provenance": provenance,
            }
        )

    return put
