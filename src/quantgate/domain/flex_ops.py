"""TensorFlow's own ops in a LiteRT model, which its Flex delegate runs: `SELECT_TF_OPS`.

Source: https://ai.google.dev/edge/litert/models/ops_select
"""

from collections.abc import Iterable

SELECT_TF_OPS = "SELECT_TF_OPS"
#: The prefix of a TensorFlow op's name in a .tflite.
PREFIX = "Flex"
#: For the plan and for messages. The sizes are those in LiteRT's guide for 32-bit Android.
COST = (
    "such a model needs LiteRT with the Flex delegate wherever it runs (23.0 MB instead of 0.8 MB "
    "in LiteRT's guide, 4.1 MB when built for one model), its TensorFlow ops stay in float, and "
    "LiteRT's pip wheels cannot run it, so that it cannot be calibrated nor its accuracy measured"
)


def tensorflow_ops(ops: Iterable[str]) -> list[str]:
    """Return the ops of a .tflite, by their names in it, that are TensorFlow's own."""
    return [name for name in ops if name.startswith(PREFIX)]


def cannot_run(ops: Iterable[str]) -> str:
    """Return the reason why a model with such ops does not run here."""
    return (
        f"the model has the TensorFlow ops {', '.join(ops)}, which this LiteRT cannot run: the pip "
        "wheels of LiteRT come without the Flex delegate"
    )
