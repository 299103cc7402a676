"""Copies of SavedModels whose signatures take one sample at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from quantgate.components.conversion.saved_model import FILE, SavedModelGraph, parsed
from quantgate.domain.batch import FREE

if TYPE_CHECKING:
    from tensorflow.core.protobuf import meta_graph_pb2

#: TensorFlow's hash of the model, which is not true of the copy.
_FINGERPRINT = "fingerprint.pb"


@contextmanager
def of_one_sample(model: SavedModelGraph) -> Iterator[SavedModelGraph]:
    """Write a copy of a SavedModel with batch size 1 where it is free, and delete it afterwards.

    Only the inputs change. TensorFlow's converter derives all other shapes from them. The copy
    links to the variables and assets of the original.
    """
    with TemporaryDirectory(prefix="quantgate-", ignore_cleanup_errors=True) as folder:
        for part in Path(model.folder).iterdir():
            if part.name not in (FILE, _FINGERPRINT):
                Path(folder, part.name).symlink_to(part.resolve())
        content = parsed(Path(model.folder))
        for graph in content.meta_graphs:
            if set(graph.meta_info_def.tags) == set(model.tags):
                _fix_inputs(graph, model.signatures)
        Path(folder, FILE).write_bytes(content.SerializeToString())
        yield replace(model, folder=folder, one_sample=False)


def _fix_inputs(graph: "meta_graph_pb2.MetaGraphDef", signatures: Sequence[str]) -> None:
    placeholders = {node.name: node for node in graph.graph_def.node}
    for key in signatures:
        for tensor in graph.signature_def[key].inputs.values():
            node = placeholders[tensor.name.partition(":")[0]]
            shapes = [tensor.tensor_shape, node.attr["shape"].shape]
            shapes += (
                node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else []
            )
            for shape in shapes:
                if shape.dim and shape.dim[0].size == FREE:
                    shape.dim[0].size = 1
