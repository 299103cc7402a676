"""The spec's `gate`: limits of metrics, and the warnings that make a run doubtful."""

from collections.abc import Collection
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from quantgate.domain.warnings import WARNINGS
from quantgate.spec.model.limit import Limit
from quantgate.spec.model.section import Section


def _form_of_warnings(value: object) -> str:
    return "<ids>" if isinstance(value, list) else "<word>"


WarningName = Annotated[str, Field(json_schema_extra={"enum": list(WARNINGS)})]
# A discriminator, as for the modes.
Warnings = Annotated[
    Annotated[Literal["report", "fail"], Tag("<word>")]
    | Annotated[list[WarningName], Field(min_length=1), Tag("<ids>")],
    Discriminator(_form_of_warnings),
]


class Gate(Section):
    """Limits by metric, and the warnings that make a run doubtful."""

    model_config = ConfigDict(extra="allow")
    others: ClassVar[type[Section] | None] = Limit
    __pydantic_extra__: dict[str, Limit] = Field(init=False)

    allow_doubtful: bool = Field(
        default=False,
        exclude_if=lambda allowed: not allowed,
        description="Whether a candidate may win although the float model does not beat a guess.",
    )
    warnings: Warnings = Field(
        default="report",
        exclude_if=lambda warnings: warnings == "report",
        description="`report`: warnings are reported. `fail`: every warning makes the run "
        "doubtful. A list of ids: these warnings do.",
    )

    family: Literal["joint", "none"] = Field(
        default="joint",
        exclude_if=lambda family: family == "joint",
        description="`joint`: all candidates share the error rate of a `confidence`, which then "
        "holds for the whole run. `none`: each candidate is tested by itself.",
    )

    @property
    def limits(self) -> dict[str, Limit]:
        """The limits by metric."""
        return self.__pydantic_extra__

    @property
    def doubtful(self) -> list[str]:
        """The ids of the warnings that make a run doubtful."""
        named = self._named
        return [
            kind.id
            for kind in WARNINGS.values()
            if (not self.allow_doubtful if kind.is_doubt else kind.id in named)
        ]

    @property
    def _named(self) -> Collection[str]:
        if self.warnings == "fail":
            return WARNINGS
        return self.warnings if isinstance(self.warnings, list) else ()


#: Keys of `gate` that no metric can have as its name.
RESERVED = frozenset(Gate.model_fields)
