"""KFP interface of `export_model`."""

from kfp import dsl
from kfp.dsl import Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def export_model(model: Input[Model], saved_model: Output[Model], content: str = "") -> str:
    """Export a Keras model file to a SavedModel for inference.

    Args:
        model: a .keras or .h5 file.
        saved_model: the folder of a SavedModel with the signatures `serve` and `serving_default`.
            A file of Keras 2 that tf_keras reads gives only `serving_default`.
        content: fingerprint of the content at the URI of `model`. Only KFP's cache uses it.

    Returns:
        SHA-256 of the file. It identifies the model, because each export has other bytes.
    """
    from quantgate.components.export_model.work import export_model as work

    return work(model.path, saved_model_path=saved_model.path)
