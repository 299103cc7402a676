"""The kind of a model file, by the bytes that it starts with."""

import re
from dataclasses import dataclass

#: Number of bytes that show a file's kind.
HEAD_BYTES = 64
#: The mark of a .tflite, in its bytes 4 to 7.
MARK = b"TFL3"


@dataclass(frozen=True)
class FileKind:
    """A kind of file that is not a .tflite.

    Attributes:
        name: of the kind, with its article.
        way_out: a sentence that says what to do with such a file.
    """

    name: str
    way_out: str


_CONVERT = "Convert the model to a float .tflite first, such as with {}."
#: Kinds by a pattern that the first bytes match.
_KINDS: tuple[tuple[re.Pattern[bytes], FileKind], ...] = tuple(
    (re.compile(pattern, re.DOTALL), FileKind(name, way_out))
    for pattern, name, way_out in (
        (rb"\Z", "an empty file", "Copy or convert the model again."),
        (rb"version https://git-lfs", "a pointer of Git LFS", "Run `git lfs pull`."),
        (
            rb"\x89HDF",
            "an HDF5 file, as Keras writes it",
            "Name it as `model.keras`.",
        ),
        (
            rb"PK\x03\x04",
            "a zip archive",
            "Name a .keras file as `model.keras`. Unpack a bundle such as a .task file, and name "
            "a .tflite in it. Convert a checkpoint of PyTorch with litert-torch.",
        ),
        (rb"\x1f\x8b", "a gzip file", "Unpack it."),
        (
            rb"\x08\x01[\x12\x1a]",
            "the graph of a TensorFlow SavedModel",
            "Name its folder as `model.saved_model`.",
        ),
        (
            rb"\x08[\x02-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]",
            "an ONNX model",
            _CONVERT.format("onnx2tf"),
        ),
        (rb"....ORTM", "a model of ONNX Runtime", _CONVERT.format("onnx2tf, from its ONNX file")),
        (rb"....CIR", "a Circle model", "Name the .tflite that it was converted from."),
        (rb"....ET\d\d", "a program of ExecuTorch", _CONVERT.format("litert-torch")),
        (rb"\x80[\x02-\x05]", "a Python pickle", _CONVERT.format("litert-torch, from PyTorch")),
        (rb"GGUF", "a GGUF file", _CONVERT.format("litert-torch, from the original model")),
        (
            rb"LITERTLM",
            "a LiteRT-LM bundle",
            "Name the float .tflite that it was made from.",
        ),
        (rb"\s*<", "a page of HTML or XML", "Download the file itself."),
    )
)


def other_kind(head: bytes) -> FileKind | None:
    """Return the kind of a file that is not a .tflite, or None for a .tflite.

    Args:
        head: the first `HEAD_BYTES` of the file.
    """
    if head[4:8] == MARK:
        return None
    unknown = FileKind(
        f"not a .tflite: it lacks the mark {MARK.decode()} in its bytes 4 to 7",
        "Name a float .tflite.",
    )
    return next((kind for pattern, kind in _KINDS if pattern.match(head)), unknown)
