"""TensorFlow is imported without Keras, which can still be imported afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.tensorflow


def told(*statements: str) -> str:
    """Run statements in another Python process, and return their output."""
    command = [sys.executable, "-c", "\n".join(statements)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_conversion_imports_no_keras():
    assert (
        told(
            "import sys",
            "import quantgate.components.convert_baseline.work",
            "import quantgate.components.conversion.direct_converter",
            "import quantgate.components.conversion.derivation",
            "print([name for name in ('keras', 'sklearn', 'matplotlib') if name in sys.modules])",
        )
        == "[]"
    )


def test_keras_can_be_imported_afterwards():
    assert (
        told(
            "from quantgate.components.conversion.lean_tensorflow import tf",
            "from tensorflow.keras import layers",
            "import keras",
            "print(tf.keras.layers.Dense is layers.Dense is keras.layers.Dense)",
            "import keras.src.optimizers",
        )
        == "True"
    )


SAVE_WITH_SLOTS = """
import sys
from quantgate.components.conversion.lean_tensorflow import tf
from tensorflow.python.keras.optimizer_v2 import adam

model = tf.Module()
model.weight, model.optimizer = tf.Variable([2.0, 3.0]), adam.Adam()
model.optimizer.apply_gradients([(tf.constant([0.0, 0.0]), model.weight)])
assert model.optimizer.get_slot(model.weight, "m") is not None
call = tf.function(lambda x: x * model.weight, [tf.TensorSpec([2], name="x")])
tf.saved_model.save(model, sys.argv[1], signatures={"serving_default": call})
"""


def test_a_model_with_the_slots_of_an_optimizer_loads_without_keras(tmp_path: Path) -> None:
    # TensorFlow's runtime must not start in this process, as other tests fork it.
    subprocess.run([sys.executable, "-c", SAVE_WITH_SLOTS, tmp_path], check=True)
    assert (
        told(
            "import sys",
            "from quantgate.components.conversion.lean_tensorflow import tf",
            f"model = tf.saved_model.load({str(tmp_path)!r})",
            "signature = model.signatures['serving_default']",
            "(values,) = signature(x=tf.constant([1.0, 1.0])).values()",
            "print(values.numpy().tolist(), 'keras' in sys.modules)",
        )
        == "[2.0, 3.0] False"
    )
