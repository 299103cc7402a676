"""SavedModels whose initializer has effects outside of the model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantgate.components.compare_baseline.work import Models, _differences
from quantgate.components.conversion.converter import Recipe, convert
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.processes import landlock
from quantgate.components.processes.isolation import (
    FailedInChild,
    ResourceLimits,
    attempt_side_by_side,
    run_isolated,
)
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.domain.modes import BASELINE
from quantgate.errors import InputError

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
    pytest.mark.skipif(not landlock.abi(), reason="this kernel lacks Landlock"),
]
LIMITS = ResourceLimits(120)


def export(folder: Path, written: Path) -> None:
    """Export a model that writes a file whenever it is loaded."""

    class Table(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._resource_handle = self._create_resource()

        def _create_resource(self) -> Any:
            return tf.raw_ops.HashTableV2(
                key_dtype=tf.string, value_dtype=tf.int64, shared_name="table"
            )

        def _initialize(self) -> None:
            tf.io.write_file(str(written), "written")

    class Model(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.table = Table()
            self.weights = tf.Variable(tf.ones([4, 3]))

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])  # type: ignore[untyped-decorator]
        def __call__(self, x: Any) -> Any:
            return {"y": x @ self.weights}

    model = Model()
    tf.saved_model.save(model, str(folder), signatures={"serving_default": model.__call__})


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "written"


@pytest.fixture
def model(tmp_path: Path, written: Path) -> SavedModelGraph:
    folder = tmp_path / "model"
    run_isolated(export, folder, written, limits=LIMITS, reach=OWN_CODE)
    written.unlink(missing_ok=True)
    return SavedModelGraph(str(folder), ["serving_default"])


def test_conversion_without_a_sandbox_writes(model: SavedModelGraph, written: Path):
    attempt_side_by_side(convert, [(model, Recipe(BASELINE))], limits=LIMITS, reach=OWN_CODE)
    assert written.read_text() == "written"


def test_a_model_that_writes_is_refused(model: SavedModelGraph, written: Path, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        convert_baseline(
            model,
            calibrated=True,
            baseline_path=str(tmp_path / "baseline.tflite"),
            prepared_path=str(tmp_path / "prepared.tflite"),
            facts_path=str(tmp_path / "facts.json"),
        )
    assert str(caught.value) == (
        f"{model.folder}: TensorFlow may not write to {written}, because a model must not change "
        f"files. Loading or converting the model writes there. Export it without ops that write "
        f"files"
    )
    assert not written.exists()


def test_loading_in_tensorflow_does_not_write(
    model: SavedModelGraph, written: Path, prepare: Callable[..., Any], tmp_path: Path
):
    facts = prepare("convolutional").facts
    with pytest.raises(FailedInChild, match="Permission denied"):
        run_isolated(_differences, Models(model.folder, "", ""), facts, limits=LIMITS)
    assert not written.exists()
