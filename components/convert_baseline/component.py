"""KFP interface of `convert_baseline`."""

from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def convert_baseline(
    model: Input[Model],
    signatures: list,
    tags: list,
    calibrated: bool,
    baseline: Output[Model],
    prepared: Output[Model],
    facts: Output[Artifact],
    select_tf_ops: bool = False,
    batch: str = "",
    content: str = "",
    source_sha256: str = "",
) -> None:
    """Convert a SavedModel to a float32 .tflite without quantization.

    Args:
        model: folder of a TensorFlow SavedModel.
        signatures: keys of the signatures to convert.
        tags: of the graph in the SavedModel that has the signatures.
        calibrated: whether a candidate needs a calibrated model.
        baseline: the float .tflite.
        prepared: the float .tflite for calibration. The file is empty if none is needed, or if it
            cannot be made.
        facts: `ModelFacts` as JSON: signatures, ops, sizes, hashes.
        select_tf_ops: whether ops without a LiteRT builtin may stay TensorFlow ops.
        batch: batch size of the converted models: `1`, `dynamic` (any), `1 if free` (1 for
            signatures with a free batch size), or empty (as in the SavedModel).
        content: fingerprint of the content at the URI of `model`. Only KFP's cache uses it.
        source_sha256: SHA-256 of the file that the SavedModel was exported from, if there is one.
    """
    from quantgate.components.conversion.saved_model import SavedModelGraph
    from quantgate.components.convert_baseline.work import convert_baseline as work

    work(
        SavedModelGraph(model.path, signatures, tags),
        calibrated=calibrated,
        baseline_path=baseline.path,
        prepared_path=prepared.path,
        facts_path=facts.path,
        select_tf_ops=select_tf_ops,
        source_sha256=source_sha256,
        batch=batch,
    )
