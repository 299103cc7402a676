"""TensorFlow's converter for a SavedModel without its three loads of the SavedModel.

`from_saved_model` and `convert` load the model into Python to check signatures, to count ops for
statistics, and to find source lines for error messages; what converts it reads the folder anew.
Without the loads a conversion takes a third of the time, and SavedModels that Python cannot load,
for they hold an optimizer's slots, convert as well. It calls private parts of TensorFlow, so it
counts for the versions in `converter.PROVEN` alone, where tests hold its models to the public
converter's byte for byte; for others this module must not even be imported.
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
    """Converts signatures of a SavedModel; set it up like a `tf.lite.TFLiteConverter`."""

    def __init__(self, model: SavedModelGraph) -> None:
        """Read the SavedModel's proto, and nothing else yet."""
        lite.TFLiteConverterBase._set_original_model_type(metadata.ModelType.TF_SAVED_MODEL)
        super().__init__(model.folder, set(model.tags), list(model.signatures))

    @lite._export_metrics  # type: ignore[untyped-decorator]
    def convert(self) -> bytes:
        """Convert to the bytes of a .tflite."""
        loader = SavedModelLoader(self.saved_model_dir)
        graph = loader.get_meta_graph_def_from_tags(self._saved_model_tags).graph_def
        _require_variables(self.saved_model_dir, graph)
        converted: bytes = self._convert_from_saved_model(graph)
        return converted


@contextmanager
def without_shared_buffers() -> Iterator[None]:
    """Let conversions leave every tensor a buffer of its own.

    At its end TensorFlow joins the buffers of equal constants. A model that is yet to be quantized
    must not come to that: the 16x8 quantizer writes to a constant's buffer in place, and an index
    that shared it with a float of nought would be half as long.
    """
    joining = lite._deduplicate_readonly_buffers
    lite._deduplicate_readonly_buffers = _as_it_is
    try:
        yield
    finally:
        lite._deduplicate_readonly_buffers = joining


def _as_it_is(model: bytes) -> bytes:
    return model


def _require_variables(saved_model: str, graph: GraphDef) -> None:
    """Refuse what Python's loader refuses, and the converter takes for a model full of zeros."""
    index = Path(saved_model) / "variables" / "variables.index"
    if not index.is_file() and any(node.op in VARIABLE_OPS for node in graph.node):
        raise FileNotFoundError(f"Failed to find any matching files for {index}")
