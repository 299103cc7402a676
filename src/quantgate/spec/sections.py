"""Which keys stand where in version 1, read off the model."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from quantgate.spec.model import Spec
from quantgate.spec.problems import KeyPath
from quantgate.spec.section import Section


def section_at(path: KeyPath) -> type[Section]:
    """The section that a key path leads to, or the nearest one around it."""
    section: type[Section] = Spec
    for key in path:
        field = section.model_fields.get(str(key))
        section = (field and _section_in(field.annotation)) or section
    return section


def homes_of(key: str) -> list[str]:
    """Where a key is known, as dotted paths; `*` stands for a figure or an index."""
    return [home for home, section in _sections().items() if key in section.model_fields]


@cache
def _sections() -> dict[str, type[Section]]:
    return dict(_walk(Spec, ""))


def _walk(section: type[Section], home: str) -> Iterator[tuple[str, type[Section]]]:
    for name, field in section.model_fields.items():
        inner = _section_in(field.annotation)
        if inner:
            several = ".*" if _holds_several(field.annotation) else ""
            yield f"{home}{name}{several}", inner
            yield from _walk(inner, f"{home}{name}{several}.")


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)


def _holds_several(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (list, dict) or any(
        _holds_several(part) for part in get_args(annotation)
    )
