"""Messages and hints for pydantic's validation errors."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.domain.recipes import RECIPES
from quantgate.domain.rules import in_percent
from quantgate.domain.units import AMOUNT_UNITS, unit_of
from quantgate.errors import KeyPath
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import (
    described,
    did_you_mean,
    dotted,
    listed,
    shortened,
    space_after_colon,
)
from quantgate.spec.reading.sections import homes_of, section_at

Description = tuple[str, str | None]
#: Kinds of pydantic's errors that are about a key rather than a value.
_KEYS = ("extra_forbidden", "missing")
_SIZE = "Write a size with its unit, such as `8GiB` or `500MB`."
_CORES = "Write a number of cores such as `2`, or of millicores such as `500m`."
_KUBERNETES_NAME = "A name in Kubernetes has lowercase letters, digits, `-` and `.`."
#: The names that a list of candidates can have.
_METHODS: Mapping[KeyPath, Collection[str]] = {
    ("quantize", "modes"): list(QUANTIZED_MODES),
    ("quantize", "recipes"): list(RECIPES),
}
#: Hints for keys whose values have a special format.
_FORMS: Mapping[str | int, str] = {
    "within": "Write a number from 0, a percentage below 100 such as `5%`, or "
    "`{confidence: 0.95}`.",
    "warnings": "Write `report`, `fail`, or a list of ids such as `[shared_samples]`.",
    "memory": _SIZE,
    "memory_limit": _SIZE,
    "cpu": _CORES,
    "cpu_limit": _CORES,
    "service_account": _KUBERNETES_NAME,
    "secret": _KUBERNETES_NAME,
    "claim": _KUBERNETES_NAME,
}


class Fault(NamedTuple):
    """A validation error of pydantic.

    Attributes:
        path: path of the value in the document.
        kind: pydantic's type of the error.
        value: the invalid value.
        bounds: pydantic's context, such as the bounds of a range.
        original: pydantic's message.
    """

    path: KeyPath
    kind: str
    value: object
    bounds: Mapping[str, Any]
    original: str


def finding_of(fault: Fault) -> Finding:
    """Return the finding of an error: its message and a hint."""
    message, hint = _describer(fault)(fault)
    return Finding(fault.path, message, hint, fault.kind in _KEYS)


def keys_beside(fault: Fault) -> list[str]:
    """Return the keys of the section that an error is in."""
    return list(section_at(fault.path[:-1]).model_fields)


def _describer(fault: Fault) -> Callable[[Fault], Description]:
    if fault.kind not in _KEYS and fault.path[-1:] and fault.path[-1] in _FORMS:
        return _describe_no_such_form
    if fault.path in _METHODS:
        return _describe_no_methods
    return _DESCRIBERS.get(fault.kind, _describe_unchanged)


def _describe_missing(fault: Fault) -> Description:
    around, key = fault.path[:-1], str(fault.path[-1])
    description = section_at(around).model_fields[key].description
    return f"{dotted(around)} needs the key `{key}`", f"`{key}`: {description}"


def _describe_unknown_key(fault: Fault) -> Description:
    key = str(fault.path[-1])
    message = f"{dotted(fault.path[:-1])} has no key `{shortened(key)}`"
    known = keys_beside(fault)
    if hint := space_after_colon(key):
        return message, hint
    if near := did_you_mean(key, known):
        return message, near
    homes = homes_of(key)
    return message, f"It belongs in {listed(homes)}." if homes else _keys_are(known)


def _keys_are(known: Iterable[str]) -> str:
    return f"Its keys are {listed(known, 'and')}."


def _describe_no_mapping(fault: Fault) -> Description:
    message = f"{dotted(fault.path)} must be a mapping, not {described(fault.value)}"
    if isinstance(fault.value, str) and (hint := space_after_colon(fault.value)):
        return message, hint
    if fault.path == ("gate",):
        return message, "Its keys are metrics, such as in `top1: {max_drop: 0.01}`."
    if fault.path[-1] in ("features", "columns"):
        return message, "Its keys are names of features or inputs."
    return message, _keys_are(section_at(fault.path).model_fields)


def _describe_no_list(fault: Fault) -> Description:
    message = f"{dotted(fault.path)} must be a list, not {described(fault.value)}"
    if isinstance(fault.value, str):
        return message, f"Write `[{shortened(fault.value)}]`."
    return message, "Write the entries as `[first, second]`."


def _describe_no_text(fault: Fault) -> Description:
    message = f"{dotted(fault.path)} must be text, not {described(fault.value)}"
    scalar = isinstance(fault.value, (int, float))
    return message, "Put it in quotes." if scalar else None


def _describe_empty_text(fault: Fault) -> Description:
    return f"{dotted(fault.path)} must not be empty", None


def _describe_no_name(fault: Fault) -> Description:
    message = f"{dotted(fault.path)} cannot be `{shortened(str(fault.value))}`"
    rule = (
        "A name has up to 63 lowercase letters, digits, `-` and `_`, and starts and ends with a "
        "letter or digit."
    )
    near = re.sub(r"[^a-z0-9_-]+", "-", str(fault.value).lower())[:63].strip("-_")
    return message, f"{rule} Did you mean `{near}`?" if near else rule


def _describe_no_whole_number(fault: Fault) -> Description:
    message = f"{dotted(fault.path)} must be a whole number, not {described(fault.value)}"
    if isinstance(fault.value, float) and fault.value.is_integer() and fault.value < 1e15:
        return message, f"Write `{int(fault.value)}`."
    return message, _unquote(fault.value)


def _describe_no_number(fault: Fault) -> Description:
    message = f"{dotted(fault.path)} must be a number, not {described(fault.value)}"
    if percent := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?%", str(fault.value)):
        return message, _without_percent(str(fault.path[-1]), percent.group(1))
    if fault.path[0] == "gate" and (unit := unit_of(fault.value)):
        return f"{dotted(fault.path)} has the unknown unit `{unit}`", _known_units(unit)
    return message, _unquote(fault.value)


def _without_percent(key: str, share: str) -> str:
    if rule := in_percent(key):
        return f"Write `{rule.name}: {share}` for {share} % of the baseline."
    return f"Write it as a share: `{key}: {float(share) / 100:g}`."


def _known_units(unit: str) -> str:
    known = list(dict.fromkeys(name for units in AMOUNT_UNITS.values() for name in units))
    return did_you_mean(unit, known) or f"The units are {listed(known, 'and')}."


def _describe_no_switch(fault: Fault) -> Description:
    message = f"{dotted(fault.path)} must be true or false, not {described(fault.value)}"
    return message, "Write `true` or `false`, without quotes."


def _unquote(value: object) -> str | None:
    is_number = re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", str(value))
    return "Remove the quotes." if isinstance(value, str) and is_number else None


def _describe_not_finite(fault: Fault) -> Description:
    return f"{dotted(fault.path)} must be a finite number", None


def _describe_out_of_range(fault: Fault) -> Description:
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    value, ((bound, limit),) = fault.value, fault.bounds.items()
    message = f"{dotted(fault.path)} must be {words[bound]} {limit:g}, not {described(value)}"
    if limit == 1 and isinstance(value, (int, float)) and 1 < value <= 100:
        return message, f"Did you mean {value / 100:g}?"
    return message, None


def _describe_too_few(fault: Fault) -> Description:
    return f"{dotted(fault.path)} must have at least one entry", None


def _describe_none_of_these(fault: Fault) -> Description:
    choices = re.split(", | or ", fault.bounds["expected"])
    allowed = [choice.strip("'") for choice in choices]
    message = f"{dotted(fault.path)} must be {listed(allowed)}, not {described(fault.value)}"
    return message, did_you_mean(str(fault.value), allowed)


def _describe_no_methods(fault: Fault) -> Description:
    kind, known = str(fault.path[-1]), _METHODS[fault.path]
    message = f"{dotted(fault.path)} must be `auto` or a list of {kind}, not "
    message += described(fault.value)
    all_of_them = f"The {kind} are {listed(known, 'and')}."
    if not isinstance(fault.value, str):
        return message, all_of_them
    if fault.value in known:
        return message, f"Write `[{fault.value}]`."
    return message, did_you_mean(fault.value, ["auto", *known]) or all_of_them


def _describe_no_such_form(fault: Fault) -> Description:
    return f"{dotted(fault.path)} cannot be {described(fault.value)}", _FORMS[fault.path[-1]]


def _describe_unchanged(fault: Fault) -> Description:
    return f"{dotted(fault.path)}: {fault.original}", None


_DESCRIBERS: Mapping[str, Callable[[Fault], Description]] = {
    "missing": _describe_missing,
    "extra_forbidden": _describe_unknown_key,
    "model_type": _describe_no_mapping,
    "dict_type": _describe_no_mapping,
    "list_type": _describe_no_list,
    "string_type": _describe_no_text,
    "string_too_short": _describe_empty_text,
    "string_pattern_mismatch": _describe_no_name,
    "int_type": _describe_no_whole_number,
    "bool_type": _describe_no_switch,
    "float_type": _describe_no_number,
    "finite_number": _describe_not_finite,
    "greater_than_equal": _describe_out_of_range,
    "greater_than": _describe_out_of_range,
    "less_than_equal": _describe_out_of_range,
    "less_than": _describe_out_of_range,
    "too_short": _describe_too_few,
    "literal_error": _describe_none_of_these,
}
