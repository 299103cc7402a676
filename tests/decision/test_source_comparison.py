"""The comparison of the float baseline with its source model, in decisions."""

import hashlib

import pytest

from quantgate.errors import InputError
from quantgate.records.decision import Decision
from quantgate.records.source import OutputDifference, SourceComparison
from quantgate.report.overview import provenance_items

BASELINE = hashlib.sha256(b"float32").hexdigest()


def difference(output: str, median: float) -> OutputDifference:
    return OutputDifference(
        signature="serve", output=output, samples=8, median=median, largest=2 * median
    )


def comparison(*outputs: OutputDifference, **changes: object) -> SourceComparison:
    fields = {"baseline_sha256": BASELINE, "tolerance": 0.01, "outputs": list(outputs), **changes}
    return SourceComparison.model_validate(fields)


@pytest.fixture
def decided(run):
    """Decide on a run whose baseline was compared with its source model."""
    run.add("small", "float16", 500)

    def decide_with(compared: SourceComparison | None) -> Decision:
        run.comparison = compared
        return run.decide({})

    return decide_with


def test_the_decision_has_the_comparison(decided) -> None:
    compared = comparison(difference("scores", 2e-7), difference("boxes", 3e-7))
    decision = decided(compared)
    assert decision.provenance.source_comparison == compared
    assert decision.warnings == decided(None).warnings
    items = dict(provenance_items(decision))
    assert items["float32 differs from it by"] == "3e-05 % on 8 samples, by median"


def test_a_baseline_that_was_not_compared_gives_a_warning(decided) -> None:
    decision = decided(comparison(unavailable="OSError: no such file"))
    assert decision.warnings[0] == (
        "the float baseline was not compared with its source model in TensorFlow: "
        "OSError: no such file"
    )
    assert "float32 differs from it by" not in dict(provenance_items(decision))


def test_the_comparison_of_another_baseline_is_refused(decided) -> None:
    with pytest.raises(InputError) as raised:
        decided(comparison(baseline_sha256="9" * 64))
    assert str(raised.value) == (
        f"the comparison with the source model is of model {'9' * 12}, and the model card of "
        f"{BASELINE[:12]}: pass files of the same run"
    )
