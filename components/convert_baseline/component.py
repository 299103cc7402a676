"""KFP interface of `convert_baseline`."""

from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def convert_baseline(
    model: Input[Model],
    signature: str,
    tags: list,
    baseline: Output[Model],
    facts: Output[Artifact],
) -> None:
    """Convert a SavedModel to a float32 .tflite without quantization.

    Args:
        model: folder of a TensorFlow SavedModel.
        signature: key of the signature to convert.
        tags: of the graph in the SavedModel that has it.
        baseline: the float .tflite.
        facts: `ModelFacts` as JSON: signature, ops, sizes, hashes.
    """
    from quantgate.components.convert_baseline.work import convert_baseline as work

    work(model.path, signature, tags, baseline_path=baseline.path, facts_path=facts.path)
