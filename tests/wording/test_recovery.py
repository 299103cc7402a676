"""The edits of a recovered candidate in words."""

from quantgate.records.outcomes import RecoveryStatus
from quantgate.records.recovery import Edit, Recovery
from quantgate.records.scoring import Scoring
from quantgate.wording.recovery import edits_text


def test_a_metric_is_reported_with_its_samples() -> None:
    edit = Edit(technique="biases", edit="biases corrected", figure=0.9, kept=True)
    recovery = Recovery(
        recovers="int8",
        status=RecoveryStatus.RECOVERED,
        edits=[edit],
        scoring=Scoring(metric="top1", samples=1200, dataset_sha256="c" * 64, figure=0.91),
        before=0.88,
        after=0.9,
        samples=100,
        held_back=0,
        dataset_sha256="d" * 64,
        budget=10.0,
    )
    assert edits_text(recovery) == (
        "the float model of `int8` was edited before it was quantized: biases corrected (0.9000). "
        "The metric `top1` went from 0.8800 to 0.9000 on 1,200 samples of `data.search`, with "
        "0.9100 in float"
    )
