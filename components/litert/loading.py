"""Load a .tflite into LiteRT's interpreter."""

from typing import Any

from ai_edge_litert.interpreter import Interpreter

from quantgate.components.litert.flatbuffer import Content, MappedFile


def loaded(content: Content, **options: Any) -> Interpreter:
    """Return an interpreter of a model. It maps a mapped file itself, and copies other bytes.

    Args:
        content: the .tflite.
        options: arguments of `Interpreter`.
    """
    if isinstance(content, MappedFile):
        return Interpreter(content.path, **options)
    return Interpreter(model_content=bytes(content), **options)
