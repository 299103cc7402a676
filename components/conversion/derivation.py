"""Derive integer models from one calibrated model, with the same bytes as the public converter.

A model with ops left in float differs from it: 8-bit round trips in front of them are removed.

The steps are those of `tf.lite.TFLiteConverter` after its calibration. They call private parts of
TensorFlow. Import this module only with a version in `converter.PROVEN`. Tests compare its models
with the public converter's for these versions.
"""

import numpy as np
from tensorflow.lite.python import conversion_metadata_schema_py_generated as metadata
from tensorflow.lite.python.convert import deduplicate_readonly_buffers, mlir_quantize
from tensorflow.lite.python.optimize.calibrator import Calibrator
from tensorflow.lite.python.util import (
    get_model_hash,
    modify_model_io_type,
    populate_conversion_metadata,
)
from tensorflow.lite.tools.flatbuffer_utils import (
    convert_bytearray_to_object,
    convert_object_to_bytearray,
)

from quantgate.components.conversion.converter import Recipe
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.round_trips import without_round_trips
from quantgate.domain.modes import BUILTINS

CONVERTER_API = 2


def derive(calibrated: bytes, recipe: Recipe) -> bytes:
    """Quantize a calibrated float .tflite, without running the samples again.

    Raises:
        Exception: TensorFlow raises exceptions of any class.
    """
    if recipe.mode.activations == "int16":
        quantized = _to_16x8(calibrated, recipe)
        optimization = metadata.ModelOptimizationMode.PTQ_INT16
    else:
        quantized = _to_int8(calibrated, recipe)
        optimization = metadata.ModelOptimizationMode.PTQ_FULL_INTEGER
    return _with_metadata(deduplicate_readonly_buffers(quantized), optimization)


def _to_int8(calibrated: bytes, recipe: Recipe) -> bytes:
    quantized: bytes = mlir_quantize(
        calibrated,
        disable_per_channel=not recipe.per_channel,
        disable_per_channel_for_dense_layers=not recipe.per_channel_dense,
        input_data_type=tf.dtypes.as_dtype(recipe.input_type),
        output_data_type=tf.dtypes.as_dtype(recipe.output_type),
        denylisted_ops=list(recipe.exclude_ops),
        denylisted_nodes=list(recipe.exclude_nodes),
    )
    return without_round_trips(quantized) if recipe.excludes else quantized


def _to_16x8(calibrated: bytes, recipe: Recipe) -> bytes:
    input_type = tf.dtypes.as_dtype(recipe.input_type)
    output_type = tf.dtypes.as_dtype(recipe.output_type)
    quantized = Calibrator(calibrated)._calibrator.QuantizeModel(
        _number(input_type),
        _number(output_type),
        BUILTINS in recipe.mode.supported_ops,
        _number(tf.int16),
        _number(tf.int64),
        not recipe.per_channel,
        not recipe.per_channel_dense,
    )
    delivered: bytes = modify_model_io_type(quantized, input_type, output_type)
    return delivered


def _number(dtype: tf.DType) -> int:
    return int(np.dtype(dtype.as_numpy_dtype).num)


def _with_metadata(model: bytes, optimization: int) -> bytes:
    content = convert_bytearray_to_object(model)
    environment = metadata.EnvironmentT()
    environment.tensorflowVersion = tf.__version__
    environment.apiVersion = CONVERTER_API
    environment.modelType = metadata.ModelType.TF_SAVED_MODEL
    environment.modelHash = get_model_hash(content)
    options = metadata.ConversionOptionsT()
    options.modelOptimizationModes = [optimization]
    record = metadata.ConversionMetadataT()
    record.environment, record.options = environment, options
    return bytes(convert_object_to_bytearray(populate_conversion_metadata(content, record)))
