"""Base classes and types of all sections."""

from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$")]


class Section(BaseModel):
    """A section of the spec. It is immutable, and unknown keys are errors.

    Pydantic builds its validator when it is first used, as most are only used inside others.

    Attributes:
        others: the section under each other key, if other keys are allowed.
    """

    others: ClassVar["type[Section] | None"] = None
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True
    )


class Alternatives(Section):
    """A section with optional keys. Keys without a value are left out when it is dumped."""

    @model_serializer(mode="wrap")
    def _given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}
