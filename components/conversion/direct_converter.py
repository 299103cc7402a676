"""TensorFlow's converter without its three loads of the SavedModel into Python.

`from_saved_model` and `convert` load the model to check signatures, to count ops for statistics,
and to find source lines for error messages. The actual conversion reads the folder again. Without
the loads, a conversion takes a third of the time. SavedModels that Python cannot load, because
they have an optimizer's slots, can be converted, too.

This calls private parts of TensorFlow. Import this module only with a version in
`converter.PROVEN`. Tests compare its models with the public converter's, byte for byte.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.lite.python import conversion_metadata_schema_py_generated as metadata
from tensorflow.lite.python import lite
from tensorflow.python.saved_model.loader_impl import SavedModelLoader

from quantgate.components.conversion.saved_model import SavedModelGraph

VARIABLE_OPS = frozenset({"VarHandleOp", "Variable", "VariableV2"})


class DirectConverter(lite.TFLiteSavedModelConverterV2):  # type: ignore[misc]
    """A `tf.lite.TFLiteConverter` for a SavedModel that is not loaded into Python."""

    def __init__(self, model: SavedModelGraph) -> None:
        """Read the SavedModel's proto, and nothing else yet."""
        lite.TFLiteConverterBase._set_original_model_type(metadata.ModelType.TF_SAVED_MODEL)
        super().__init__(model.folder, set(model.tags), list(model.signatures))

    @lite._export_metrics  # type: ignore[untyped-decorator]
    def convert(self) -> bytes:
        """Return the bytes of the .tflite."""
        loader = SavedModelLoader(self.saved_model_dir)
        graph = loader.get_meta_graph_def_from_tags(self._saved_model_tags).graph_def
        _require_variables(self.saved_model_dir, graph)
        converted: bytes = self._convert_from_saved_model(graph)
        return converted


@contextmanager
def without_shared_buffers() -> Iterator[None]:
    """Keep TensorFlow from merging the buffers of equal constants in this context.

    A model that will be quantized needs separate buffers. The 16x8 quantizer writes to a constant's
    buffer in place. An index that shares its buffer with a float 0 would lose half of its bytes.
    """
    deduplicate = lite._deduplicate_readonly_buffers
    lite._deduplicate_readonly_buffers = _unchanged
    try:
        yield
    finally:
        lite._deduplicate_readonly_buffers = deduplicate


def _unchanged(model: bytes) -> bytes:
    return model


def _require_variables(saved_model: str, graph: GraphDef) -> None:
    """Raise an error if the variables are missing. The converter would take them as zeros."""
    index = Path(saved_model) / "variables" / "variables.index"
    if not index.is_file() and any(node.op in VARIABLE_OPS for node in graph.node):
        raise FileNotFoundError(f"Failed to find any matching files for {index}")
