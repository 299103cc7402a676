"""Lookup of the spec's sections and keys in the pydantic models."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from quantgate.errors import KeyPath
from quantgate.spec.model.section import Section
from quantgate.spec.model.spec import Spec


def section_at(path: KeyPath) -> type[Section]:
    """Return the section that a key path leads to, or the nearest one around it."""
    section: type[Section] = Spec
    entries: type[Section] | None = None
    for key in path:
        if isinstance(key, int):
            section = entries or section
        elif field := section.model_fields.get(key):
            sections = _sections_in(field.annotation) or [section]
            entries, section = sections[0], sections[-1]
        else:
            section = section.others or section
    return section


def homes_of(key: str) -> list[str]:
    """Return the dotted paths of the sections that have a key. `*` is any key or index."""
    return [home for home, section in _sections().items() if key in section.model_fields]


@cache
def _sections() -> dict[str, type[Section]]:
    return dict(_walk(Spec, ""))


def _walk(section: type[Section], home: str) -> Iterator[tuple[str, type[Section]]]:
    for name, field in section.model_fields.items():
        for inner, is_one_of_several in _forms_in(field.annotation):
            inner_home = f"{home}{name}{'.*' if is_one_of_several else ''}"
            yield inner_home, inner
            yield from _walk(inner, f"{inner_home}.")
    if section.others:
        yield f"{home}*", section.others
        yield from _walk(section.others, f"{home}*.")


def _sections_in(annotation: Any) -> list[type[Section]]:
    """Return the sections in an annotation. Those in a list or mapping come first."""
    return [section for section, _ in sorted(_forms_in(annotation), key=lambda form: not form[1])]


def _forms_in(annotation: Any, several: bool = False) -> list[tuple[type[Section], bool]]:
    """Return each section in an annotation, and whether it is inside a list or mapping."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [(annotation, several)]
    holds = several or getattr(annotation, "__origin__", None) in (list, dict)
    return [form for part in get_args(annotation) for form in _forms_in(part, holds)]
