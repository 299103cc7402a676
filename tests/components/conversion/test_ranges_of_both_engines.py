"""TensorFlow's calibrator and LiteRT's interpreter record the same ranges of a model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.record_ranges.work import RECORD, record_ranges
from quantgate.records.calibration import Ranges
from quantgate.records.details import CalibratedRanges

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
#: Kernels of the two round differently, by some steps of float32.
ROUNDING = 1e-6


def test_ranges_agree_but_for_rounding(prepare: Callable[..., Any], tmp_path: Path) -> None:
    prepared = prepare("convolutional")
    record_ranges(
        str(prepared.prepared),
        facts_path=str(prepared.facts_path),
        dataset_path=str(prepared.dataset),
        limits=ResourceLimits(60.0),
        ranges_path=str(tmp_path),
    )
    recorded = {each.name: each for each in Ranges.read(tmp_path / RECORD).tensors}
    calibrated = CalibratedRanges.read(prepared.calibrated / "ranges.json").tensors
    assert len(calibrated) > 3
    for theirs in calibrated:
        ours, width = recorded[theirs.tensor], theirs.greatest - theirs.least
        assert ours.minimum == pytest.approx(theirs.least, abs=ROUNDING * width)
        assert ours.maximum == pytest.approx(theirs.greatest, abs=ROUNDING * width)
