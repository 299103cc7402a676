"""Models are scored by a metric on labelled samples."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.processes.sandbox import NOWHERE, OWN_CODE
from quantgate.components.recover.judging import Score
from quantgate.components.recover.running import Runner
from quantgate.components.recover.scoring import MetricJudge, Scorer
from quantgate.components.recover.search import Settings
from quantgate.components.recover.work import RecoverInputs, recover
from quantgate.components.user_code import UserCode
from quantgate.domain.recovery import TECHNIQUES
from quantgate.domain.search import SLOTS
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.recovery import Recovery
from quantgate.records.tasks import ModelFacts
from quantgate.wording.recovery import edits_text

Make = Callable[..., Any]
ENDS = {"input_type": "float32", "output_type": "float32"}
ITEM = {"candidate": "int8+recovered", "recovers": "int8", "recipe": "static_wi8_ai8", **ENDS}


@pytest.fixture
def labelled(make_facts: Callable, make_dataset: Callable) -> Make:
    """Scale two inputs, with class 1 as the label of all but one of four samples."""

    def make(metric: dict[str, Any], limit: dict[str, Any] | None = None, **more: Any) -> Scorer:
        facts = make_facts({"x": ("float32", [1, 2])}, {"y": ("float32", [1, 2])})
        samples = np.array([[0, 1], [0, 2], [1, 2], [3, 1]], np.float32)
        dataset = make_dataset(facts, x=samples, labels=np.array([1, 1, 1, 0]))
        return Scorer(dataset, metric, limit, **more)

    return make


def judge_of(scorer: Scorer, scaled_model: Callable, tmp_path: Path) -> MetricJudge:
    facts = ModelFacts.read(tmp_path / "facts.json")
    return scorer.judge(scaled_model("float", [1.0, 1.0]), facts)


def test_a_model_fills_the_slots_whose_confidence_it_reaches(
    labelled: Make, scaled_model: Callable, tmp_path: Path
) -> None:
    scorer = labelled({"metric": "top1"}, {"max_drop": 0.5, "max_drop_percent": 80.0})
    judge = judge_of(scorer, scaled_model, tmp_path)
    worse = Path(scaled_model("worse", [3.0, 1.0])).read_bytes()
    score = judge.score(worse)
    assert score.figure == 0.75
    assert score.db == pytest.approx(-10 * math.log10(0.25))
    assert score.error == pytest.approx(math.sqrt(0.25 * 0.75 / 4))
    assert judge.runs == 8
    suited = [judge.suits(slot, score, score, score) for slot in SLOTS]
    assert suited == [False, True, True]
    assert (judge.record.metric, judge.record.samples, judge.record.figure) == ("top1", 4, 1.0)
    manifest = open_dataset(scorer.dataset, "serve").manifest
    assert judge.record.dataset_sha256 == manifest.content_sha256


def test_a_model_without_loss_is_as_good_as_any(
    labelled: Make, scaled_model: Callable, tmp_path: Path
) -> None:
    judge = judge_of(labelled({"metric": "top1"}), scaled_model, tmp_path)
    same = judge.score(Path(scaled_model("same", [2.0, 2.0])).read_bytes())
    assert same == Score(120.0, 1.0)


def test_without_a_limit_the_smallest_model_is_the_measure(
    labelled: Make, scaled_model: Callable, tmp_path: Path
) -> None:
    judge = judge_of(labelled({"metric": "top1"}, {"min": 1.0}), scaled_model, tmp_path)
    smallest = judge.score(Path(scaled_model("worse", [3.0, 1.0])).read_bytes())
    half = Score(smallest.db - 10 * math.log10(0.5))
    suited = [judge.suits(slot, half, Score(120.0), smallest) for slot in SLOTS]
    assert suited == [False, True, True]


def test_a_model_whose_outputs_are_not_finite_has_no_score(
    labelled: Make, scaled_model: Callable, tmp_path: Path
) -> None:
    judge = judge_of(labelled({"metric": "top1"}), scaled_model, tmp_path)
    broken = Path(scaled_model("broken", [math.inf, 1.0])).read_bytes()
    with pytest.raises(ModelFailure, match="an output of sample 0 is NaN or infinite"):
        judge.score(broken)


def test_a_metric_of_a_file_scores_too(
    labelled: Make, scaled_model: Callable, tmp_path: Path
) -> None:
    text = b"def chosen(outputs, labels):\n    return float((outputs.argmax(1) == labels).mean())\n"
    (tmp_path / "scoring_code.py").write_bytes(text)
    code = UserCode(str(tmp_path / "scoring_code.py"), sha256_of_bytes(text))
    scorer = labelled({"metric": "scoring_code:chosen"}, code=code)
    judge = judge_of(scorer, scaled_model, tmp_path)
    assert judge.score(Path(scaled_model("worse", [3.0, 1.0])).read_bytes()).figure == 0.75
    assert judge.reach == OWN_CODE
    assert judge_of(labelled({"metric": "top1"}), scaled_model, tmp_path).reach == NOWHERE


def test_a_metric_that_does_not_fit_is_refused(
    labelled: Make, scaled_model: Callable, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="needs a target for every element"):
        judge_of(labelled({"metric": "psnr"}), scaled_model, tmp_path)


def test_recovery_by_a_metric_needs_no_samples_to_hold_back(
    uneven: Make, make_dataset: Callable, tmp_path: Path
) -> None:
    model = uneven()
    calibration = Path(model.dataset).rename(tmp_path / "calibrating")
    arrays = open_dataset(calibration, "serve")
    facts = ModelFacts.read(model.facts)
    outputs = outputs_of(model.path, facts, arrays.inputs["x"])
    labelled = make_dataset(model.facts, x=np.array(arrays.inputs["x"]), labels=outputs)
    recover(
        RecoverInputs(model.path, model.facts, model.ranges, str(calibration)),
        [ITEM],
        Settings(tuple(TECHNIQUES), 20.0),
        ResourceLimits(60.0),
        str(tmp_path / "recovered"),
        Scorer(labelled, {"metric": "mse"}),
    )
    recovery = Recovery.read(tmp_path / "recovered" / "int8" / "recovery.json")
    assert (recovery.before_db, recovery.after_db, recovery.held_back) == (None, None, 0)
    assert recovery.scoring is not None
    assert (recovery.scoring.metric, recovery.scoring.figure) == ("mse", pytest.approx(0.0))
    assert recovery.before is not None
    assert recovery.after is not None
    assert recovery.after < recovery.before / 10
    assert recovery.used <= 20.0
    assert "The metric `mse` went from" in edits_text(recovery)
    kept = [edit.figure for edit in recovery.kept]
    assert kept == sorted(kept, reverse=True)
    assert recovery.after == kept[-1]
    left_out = [edit.reason for edit in recovery.edits if edit.figure and not edit.kept]
    assert all("of the loss or more" in reason or "size" in reason for reason in left_out)


def outputs_of(path: str, facts: ModelFacts, inputs: Any) -> Any:
    runner = Runner(Path(path).read_bytes(), facts.signatures[0])
    return np.concatenate([runner.run({"x": sample[None]})["y"] for sample in inputs])
