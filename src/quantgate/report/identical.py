"""Candidates that share a row, as their models and all of their results are the same."""

from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.report.text import one_line
from quantgate.wording.twins import same_file_text

#: The fields of an entry that are the same for candidates with the same results.
_SHARED = set(Entry.model_fields) - {"name", "mode", "reasons"}


def identical(decision: Decision) -> list[list[Entry]]:
    """Return the candidates in groups with the same results. The winner is first in its group."""
    results = zip(decision.candidates, _results(decision), strict=True)
    groups: dict[str, list[Entry]] = {}
    for entry, result in sorted(results, key=lambda pair: pair[0].name != decision.winner):
        groups.setdefault(result, []).append(entry)
    places = {entry.name: place for place, entry in enumerate(decision.candidates)}
    return sorted(groups.values(), key=lambda group: min(places[each.name] for each in group))


def _results(decision: Decision) -> list[str]:
    """Return a text of each candidate's results, which is its name if there is no model."""
    dumped = decision.model_dump(include={"candidates": {"__all__": _SHARED}})["candidates"]
    return [
        str(results) if entry.model_sha256 else entry.name
        for entry, results in zip(decision.candidates, dumped, strict=True)
    ]


def names_text(group: list[Entry]) -> str:
    """Return the names of a group in one line."""
    return ", ".join(one_line(entry.name) for entry in group)


def shared_names(decision: Decision) -> dict[str, str]:
    """Return the names of each group by the name of its first candidate."""
    return {group[0].name: names_text(group) for group in identical(decision)}


def own_reasons(group: list[Entry]) -> list[str]:
    """Return the reasons of a group's first candidate, without those that name the others."""
    named = {same_file_text(entry.name) for entry in group}
    return [reason for reason in group[0].reasons if reason not in named]
