"""The difference between a target's outputs and LiteRT's."""

import numpy as np
import pytest

from quantgate.components.litert.binding import Tensor
from quantgate.components.measure_targets.difference import HIGHEST, differences_of
from quantgate.components.measure_targets.subject import Run

IN_FLOAT = Tensor("y", 0, np.dtype("float32"), scale=0.0, zero_point=0)
IN_8_BITS = Tensor("y", 0, np.dtype("int8"), scale=0.5, zero_point=-4)


def difference(ours, theirs, tensor=IN_FLOAT, by_column=True) -> float:
    run = Run([], [{"y": np.asarray(row)} for row in theirs], {"y": 0}, {"y": tensor})
    given = [{"y": np.asarray(row)} for row in ours]
    return differences_of(given, run, by_column=by_column)["y"]


def test_equal_outputs_do_not_differ():
    assert difference(np.ones((3, 4)), np.ones((3, 4))) == 0


def test_real_values_are_compared():
    """The values of the int8 outputs are 2 and 0 beside 2 and 2."""
    ours, theirs = np.int8([[0, -4]]), np.int8([[0, 0]])
    assert difference(ours, theirs, IN_8_BITS) == pytest.approx(np.sqrt(0.5))


def test_shapes_are_those_of_litert():
    assert difference(np.zeros((2, 1, 4)), np.zeros((2, 4))) == 0


def test_wrong_scores_beside_right_boxes_differ():
    generator = np.random.default_rng(2)
    theirs = np.concatenate([640 * generator.random((8, 4)), generator.random((8, 3))], axis=1)
    ours = theirs.copy()
    ours[:, 4:] = ours[::-1, 4:]
    assert difference(ours, theirs, by_column=False) < 0.01
    assert difference(ours, theirs) > 0.25


def test_integers_differ_by_their_share():
    tensor = Tensor("y", 0, np.dtype("int64"), scale=0.0, zero_point=0)
    assert difference([[1, 2], [3, 4]], [[1, 2], [3, 5]], tensor) == 0.25


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([[np.nan, 1.0]], [[1.0, 1.0]]),
        ([[1.0, 1.0]], [[0.0, 0.0]]),
        ([[np.inf, 1.0]], [[1.0, 1.0]]),
    ],
)
def test_what_has_no_ratio_differs_most(ours, theirs):
    assert difference(np.float32(ours), np.float32(theirs)) == HIGHEST
