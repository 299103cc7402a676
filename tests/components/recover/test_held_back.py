"""The agreement of models with the float model on the samples held back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quantgate.components.recover import held_back
from quantgate.components.recover.float_model import FloatModel
from quantgate.components.recover.held_back import HeldBack
from quantgate.components.recover.judging import Score
from quantgate.components.recover.subject import Subject
from quantgate.components.recover.workshop import Edits, Workshop

Make = Callable[..., Any]


def judge(subject: Subject) -> HeldBack:
    return HeldBack(subject.content, subject.facts, subject.samples)


def plain(subject: Subject) -> bytes:
    return Workshop(subject, 0).make(Edits()).quantized


def shifted(content: bytes, by: np.ndarray | float) -> bytes:
    """Return a model whose only layer has another bias."""
    model = FloatModel(content)
    (layer,) = model.layers.values()
    bias = model.bias(layer)
    assert bias is not None
    model.set_bias(layer, (bias + by).astype(np.float32))
    return model.content


def test_a_model_that_loses_on_the_first_samples_is_not_run_on_the_others(
    uneven: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = uneven().subject()
    monkeypatch.setattr(held_back, "FIRST_SAMPLES", 4)
    own, model = judge(subject), plain(subject)
    whole = own.score(model)
    assert (whole.is_whole, own.runs) == (True, 2 * 10)
    assert whole.first_db is not None
    early = own.score(model, whole.first_db + 0.1)
    assert early == Score(whole.first_db, None, whole.first_db, is_whole=False)
    assert own.runs == 2 * 10 + 4
    assert early.gain_over(whole) == 0
    assert own.score(model, whole.first_db) == whole


def test_a_model_is_run_on_all_samples_if_there_are_no_others(uneven: Make) -> None:
    subject = uneven().subject()
    assert judge(subject).score(plain(subject), 200.0).is_whole


def test_samples_that_a_softmax_is_certain_of_count(classes: Any) -> None:
    subject = classes.subject()
    own = judge(subject)
    assert 30 < own.agreement(plain(subject)) < 60
    assert own.agreement(shifted(subject.content, np.eye(5)[0] * 20)) < 25


def test_a_part_that_all_classes_share_does_not_count(classes: Any) -> None:
    subject = classes.subject()
    assert judge(subject).agreement(shifted(subject.content, 5.0)) > 100


def test_outputs_that_are_too_large_to_keep_are_computed_again(
    uneven: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = uneven().subject()
    expected = judge(subject).agreement(plain(subject))
    monkeypatch.setattr(held_back, "_MOST_BYTES", 0)
    own = judge(subject)
    assert [own.agreement(plain(subject)) for _ in range(2)] == [expected] * 2
    assert own.runs == 1 + 2 * (10 + 10)
