"""The spec's `code`: a Python file of the user's own, which travels with the pipeline."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field, PrivateAttr

from quantgate.spec.model.section import Alternatives, Text

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Code(Alternatives):
    """A Python file whose functions the spec names as `module:function`."""

    file: Text = Field(
        description="A local file, which travels inside of the pipeline, or a URI. Its name "
        "without .py is the module's."
    )
    sha256: Sha256 | None = Field(
        default=None,
        description="SHA-256 of its content: needed with a URI; of a local file it is computed.",
    )
    _text: str = PrivateAttr(default="")

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return PurePosixPath(self.file).name

    @property
    def module(self) -> str:
        """What its functions are named by."""
        return self.name.removesuffix(".py")

    @property
    def text(self) -> str:
        """The content of a local file, once it was read; empty of one that lies at a URI."""
        return self._text

    def holds(self, function: str) -> bool:
        """Whether `module:function` is in this file."""
        return function.startswith(f"{self.module}:")

    def with_content(self, text: str, sha256: str) -> "Code":
        """Return the same with what a local file holds."""
        known = self.model_copy(update={"sha256": sha256})
        known._text = text
        return known
