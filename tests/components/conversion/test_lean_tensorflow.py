"""TensorFlow is imported without Keras, which can still be imported afterwards."""

import subprocess
import sys

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
            "from quantgate.components.conversion.lean_tensorflow import know_optimizers, tf",
            "from tensorflow.keras import layers",
            "import keras",
            "print(tf.keras.layers.Dense is layers.Dense is keras.layers.Dense)",
            "know_optimizers()",
            "import keras.src.optimizers",
        )
        == "True"
    )


def test_optimizers_are_known_before_a_model_is_loaded():
    assert (
        told(
            "import sys",
            "from quantgate.components.conversion.lean_tensorflow import know_optimizers",
            "know_optimizers()",
            "print('keras.src.optimizers' in sys.modules)",
        )
        == "True"
    )
