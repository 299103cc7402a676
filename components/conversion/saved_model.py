"""The graphs and signatures of a SavedModel, read without loading the model."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.errors import InputError
from quantgate.foundation.nearest_names import nearest
from quantgate.records.tasks import Signature, TensorFacts

if TYPE_CHECKING:
    from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

FILE = "saved_model.pb"
INTERNAL_PREFIX = "__saved_model"
KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
EXPORT = 'write one with model.export("folder") from Keras, or with tf.saved_model.save'
#: The tags that exports give the graph for inference.
SERVING_TAGS = ("serve",)


@dataclass(frozen=True)
class SavedModelGraph:
    """A graph of a SavedModel, with the signatures to convert.

    Attributes:
        folder: of the SavedModel.
        signatures: keys of the signatures.
        tags: the graph's tags.
        frozen: whether to convert a copy of it with constants in place of its variables.
        one_sample: whether to convert a copy of it with batch size 1 where that is free.
    """

    folder: str
    signatures: Sequence[str]
    tags: Sequence[str] = SERVING_TAGS
    frozen: bool = False
    one_sample: bool = False


def declared_signatures(model: SavedModelGraph) -> list[Signature]:
    """Read the signatures to convert, as they were declared when the model was exported.

    The model is not loaded, so this works for a model that cannot be loaded.

    Raises:
        InputError: the folder is not a SavedModel, lacks the graph or a signature, or a signature
            takes text.
    """
    graph = _graph(Path(model.folder), model.tags)
    return [_declared(model.folder, key, graph) for key in model.signatures]


def _declared(folder: str, key: str, graph: "meta_graph_pb2.MetaGraphDef") -> Signature:
    definitions = {
        name: definition
        for name, definition in graph.signature_def.items()
        if not name.startswith(INTERNAL_PREFIX)
    }
    if key not in definitions:
        raise InputError(_no_such_signature(folder, key, definitions))
    try:
        signature = Signature(
            key=key,
            inputs=_tensors(definitions[key].inputs.items()),
            outputs=_tensors(definitions[key].outputs.items()),
        )
    except TypeError as error:
        raise InputError(
            f"{folder}: signature `{key}` has a tensor of an unknown dtype. Export the model again"
        ) from error
    _refuse_text(folder, signature)
    return signature


def _graph(folder: Path, tags: Sequence[str]) -> "meta_graph_pb2.MetaGraphDef":
    graphs = parsed(folder).meta_graphs
    for graph in graphs:
        if set(graph.meta_info_def.tags) == set(tags):
            return graph
    there = " or ".join(_listing(sorted(graph.meta_info_def.tags)) for graph in graphs)
    if not there:
        raise InputError(f"{folder} holds no graph at all: {EXPORT}")
    raise InputError(
        f"{folder} has no graph with the tags {_listing(tags)}. Set `model.tags` to {there}, which "
        "it has, or export the model again for inference"
    )


def _listing(tags: Collection[str]) -> str:
    return f"[{', '.join(tags)}]"


def parsed(folder: Path) -> "saved_model_pb2.SavedModel":
    """Return the content of `saved_model.pb`.

    Raises:
        InputError: the folder is not a SavedModel, or the file is damaged.
    """
    # Imported after lean_tensorflow, which keeps Keras from being imported with it.
    from tensorflow.core.protobuf import saved_model_pb2

    _require_saved_model(folder)
    message = saved_model_pb2.SavedModel()
    try:
        message.ParseFromString((folder / FILE).read_bytes())
    except DecodeError as error:
        raise InputError(
            f"{folder / FILE} cannot be read: it is damaged or truncated. Export the model again"
        ) from error
    return message


def _require_saved_model(folder: Path) -> None:
    if folder.is_file() and folder.suffix in KERAS_SUFFIXES:
        raise InputError(
            f"{folder} is a Keras file, not a SavedModel. Name it as `model.keras` in the spec, or "
            "connect it to `export_model`"
        )
    if folder.is_file():
        raise InputError(f"{folder} is a file, not the folder of a SavedModel: {EXPORT}")
    if not folder.is_dir():
        raise InputError(f"{folder} does not exist. It should be the folder of a SavedModel")
    if not (folder / FILE).is_file():
        raise InputError(f"{folder} holds no {FILE}, so it is not a SavedModel: {EXPORT}")


def _no_such_signature(folder: str | Path, key: str, known: Iterable[str]) -> str:
    names = sorted(known)
    if not names:
        return f"{folder} has no signatures, so there is nothing to convert: {EXPORT}"
    near = " or ".join(f"`{name}`" for name in nearest(key, names))
    hint = f". Did you mean {near}?" if near else ""
    listed = ", ".join(f"`{name}`" for name in names)
    return f"{folder} has no signature `{key}`, only {listed}{hint}"


def _tensors(
    declared: "Iterable[tuple[str, meta_graph_pb2.TensorInfo]]",
) -> dict[str, TensorFacts]:
    return {
        name: TensorFacts(
            shape=[dimension.size for dimension in info.tensor_shape.dim],
            dtype=tf.dtypes.as_dtype(info.dtype).name,
        )
        for name, info in sorted(declared)
    }


def _refuse_text(folder: str | Path, signature: Signature) -> None:
    texts = [name for name, tensor in signature.inputs.items() if tensor.dtype == "string"]
    if texts:
        listed = ", ".join(f"`{name}`" for name in texts)
        raise InputError(
            f"{folder}: signature `{signature.key}` takes text or encoded bytes in {listed}, which "
            "cannot be quantized. Export a signature that takes numbers (token ids, decoded "
            "pixels), and prepare them outside the model"
        )
