"""A run names the extras that it needs, so that its report can say how to repeat it."""

import pytest

from quantgate.planning.extras import extras_of
from quantgate.planning.planner import make_plan
from quantgate.spec.model.spec import Spec

USUAL = {"convert", "evaluate", "kfp", "report"}


def needed(**sections: object) -> set[str]:
    plain = {
        "version": 1,
        "name": "digits",
        "model": {"saved_model": "model"},
        "data": {"evaluation": {"source": "test.npz", "label": "y"}},
        "quantize": {"modes": ["dynamic_range"], "recipes": []},
        "measure": {"metrics": ["top1"]},
        "gate": {"top1": {"max_drop": 0.01}},
    }
    return set(extras_of(make_plan(Spec.model_validate({**plain, **sections}))))


def test_a_run_on_arrays_needs_no_library_for_other_data() -> None:
    assert needed() == USUAL
    assert needed(model={"tflite": "model.tflite"}) == USUAL - {"convert"}


@pytest.mark.parametrize(
    ("source", "extras"),
    [
        ({"source": "photos", "format": "images"}, {"data"}),
        ({"source": "a_folder", "label": "y"}, {"data"}),
        ({"source": "test.parquet", "label": "y"}, {"data"}),
        ({"source": "gs://bucket/test.npz", "label": "y"}, {"gcs"}),
        ({"source": "s3://bucket/test.npz", "label": "y"}, {"s3"}),
    ],
)
def test_the_source_of_the_data_decides(source: dict[str, str], extras: set[str]) -> None:
    assert needed(data={"evaluation": source}) == USUAL | extras


def test_targets_need_their_tools() -> None:
    targets = ["microcontroller", {"target": "ethos_u", "accelerator": "ethos-u55-128"}, "gpu"]
    measured = {"metrics": ["top1"], "targets": targets}
    assert needed(measure=measured) == USUAL | {"microcontroller", "ethos_u"}


def test_a_publication_target_in_a_bucket_needs_its_extra() -> None:
    assert needed(promote={"to": "gs://bucket/models"}) == USUAL | {"gcs"}
