"""The base of all documents that quantgate writes."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from quantgate.errors import InputError, naming

RecordT = TypeVar("RecordT", bound="Record")


class Record(BaseModel):
    """A frozen document with a strict form. Its validator is built when it is first used."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def write(self, path: str | Path) -> None:
        """Write this record as indented JSON."""
        with naming(path):
            Path(path).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls: type[RecordT], path: str | Path) -> RecordT:
        """Read a record.

        Raises:
            InputError: the file is not one.
        """
        try:
            return cls.model_validate_json(Path(path).read_bytes(), strict=True)
        except OSError as error:
            why = error.strerror or str(error)
            raise InputError(f"{path} is not a {cls.__name__} record: {why}") from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise InputError(
                f"{path} is not a {cls.__name__} record: {f'{place}: ' if place else ''}"
                f"{first['msg']}"
            ) from error
