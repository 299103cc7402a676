from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.decision import Decision

DECISIONS = Path(__file__).parent / "decisions"


@pytest.fixture
def winner() -> Decision:
    """Seven candidates, of which four qualify."""
    return Decision.read(DECISIONS / "winner.json")


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
