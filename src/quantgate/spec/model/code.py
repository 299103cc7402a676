"""The spec's `code`: a Python file of the user, packaged with the pipeline."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field, PrivateAttr

from quantgate.spec.model.section import Alternatives, Text

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Code(Alternatives):
    """A Python file whose functions the spec names as `module:function`."""

    file: Text = Field(
        description="A local file, which is packaged with the pipeline, or a URI. Its name without "
        ".py is the name of the module."
    )
    sha256: Sha256 | None = Field(
        default=None,
        description="SHA-256 of the file. It is required for a URI, and computed for a local file.",
    )
    _text: str = PrivateAttr(default="")

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return PurePosixPath(self.file).name

    @property
    def module(self) -> str:
        """The name of the module."""
        return self.name.removesuffix(".py")

    @property
    def text(self) -> str:
        """The content of a local file after reading, empty for a URI."""
        return self._text

    def holds(self, function: str) -> bool:
        """Return whether `module:function` is in this file."""
        return function.startswith(f"{self.module}:")

    def with_content(self, text: str, sha256: str) -> "Code":
        """Return a copy with the content of a local file."""
        copy = self.model_copy(update={"sha256": sha256})
        copy._text = text
        return copy
