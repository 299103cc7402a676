"""KFP interface of `read_tflite`."""

from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def read_tflite(
    model: Input[Model],
    signatures: list,
    baseline: Output[Model],
    facts: Output[Artifact],
    content: str = "",
) -> None:
    """Take a float .tflite as the baseline of all candidates.

    Args:
        model: a float .tflite.
        signatures: keys of the signatures to measure.
        baseline: the same bytes.
        facts: `ModelFacts` as JSON: signatures, ops, size, hashes. A model without a signature gets
            `serving_default`, with the names of its tensors.
        content: fingerprint of the content at the URI of `model`. Only KFP's cache uses it.
    """
    from quantgate.components.read_tflite.work import read_tflite as work

    work(
        model.path,
        signatures,
        baseline_path=baseline.path,
        facts_path=facts.path,
    )
