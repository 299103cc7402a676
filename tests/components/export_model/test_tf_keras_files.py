"""Models of Keras 2 with tf_keras."""

import subprocess
import sys
from pathlib import Path

import pytest

from quantgate.foundation.hashing import sha256_of_tree

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
WRITE = """
import sys
import numpy as np
import tf_keras

tf_keras.utils.set_random_seed(3)
layers = tf_keras.layers
model = tf_keras.Sequential(
    [layers.Input((8, 8, 2), name="x"), layers.RandomRotation(0.2), layers.RandomZoom(0.3),
     layers.DepthwiseConv2D(3, groups=1), layers.Flatten(), layers.Dense(3, name="y")]
)
model.compile("adam", "mse")
model.fit(np.ones((4, 8, 8, 2)), np.ones((4, 3)), verbose=0)
model.save(sys.argv[1] + "/old.h5")
model.save(sys.argv[1] + "/old")
np.save(sys.argv[1] + "/expected.npy", model.predict(np.ones((1, 8, 8, 2)), verbose=0))
"""
EXPORT = """
import sys
from quantgate.components.export_model.work import export_model
export_model(sys.argv[1] + "/old.h5", saved_model_path=sys.argv[1] + "/exported")
"""
CONVERT = """
import sys
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
folder = sys.argv[1]
for name in ("old", "exported"):
    convert_baseline(
        SavedModelGraph(f"{folder}/{name}", ["serving_default"]), calibrated=False,
        baseline_path=f"{folder}/{name}.tflite", prepared_path=f"{folder}/{name}.prepared",
        facts_path=f"{folder}/{name}.json",
    )
"""
REFUSED = """
import sys
import keras
try:
    keras.saving.load_model(sys.argv[1] + "/old")
except ValueError as error:
    sys.exit(0 if "not supported" in str(error) else 1)
sys.exit(2)
"""


HIDE = "import sys; sys.modules['tf_keras'] = None"


@pytest.fixture
def python(tmp_path: Path):
    """Run code with or without tf_keras. The folder is its argument."""

    def run(code: str, *, tf_keras: bool) -> None:
        ran = subprocess.run(
            [sys.executable, "-c", code if tf_keras else f"{HIDE}\n{code}", tmp_path],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr[-3000:]

    return run


def test_files_and_saved_models_of_keras_2(python, tmp_path: Path) -> None:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    python(WRITE, tf_keras=True)
    python(REFUSED, tf_keras=False)
    python(EXPORT, tf_keras=True)
    python(CONVERT, tf_keras=False)
    assert sha256_of_tree(tmp_path / "old") != sha256_of_tree(tmp_path / "exported")
    for name in ("old", "exported"):
        interpreter = Interpreter(str(tmp_path / f"{name}.tflite"))
        runner = interpreter.get_signature_runner("serving_default")
        (key,) = runner.get_input_details()
        (output,) = runner(**{key: np.ones((1, 8, 8, 2), np.float32)}).values()
        np.testing.assert_allclose(output, np.load(tmp_path / "expected.npy"), atol=1e-5)
