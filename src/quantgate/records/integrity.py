"""Checks that a decision file is as quantgate wrote it: whole, of this version, unchanged."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from quantgate.domain.rules import RULES
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.outcomes import DecisionOutcome, VerdictOutcome

#: The keys that the hash of a decision's content leaves out.
_UNHASHED = ("created", "content_sha256")
_OUTCOMES = (VerdictOutcome.PASS, VerdictOutcome.FAIL)
WEIGHTS = "weights"
REMEDY = "Decide again with `quantgate run`, or fetch the file once more"

Content = Mapping[str, Any]


def content_sha256(content: Content) -> str:
    """Return the hash of a decision as canonical JSON, without the time and the hash itself."""
    hashed = {key: value for key, value in content.items() if key not in _UNHASHED}
    return sha256_of_bytes(json.dumps(hashed, sort_keys=True, separators=(",", ":")).encode())


def read_content(path: str | Path, version: int) -> Content:
    """Read the JSON object in a decision file.

    Raises:
        InputError: the file is missing, truncated, or of a newer version than `version`.
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(f"{path} is not a Decision record: {why}") from error
    except (ValueError, RecursionError) as error:
        message = f"{path} is truncated, or not a decision: {error}. {REMEDY}"
        raise InputError(message) from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is not a Decision record: it holds no JSON object. {REMEDY}")
    written = content.get("version")
    if isinstance(written, int) and written > version:
        raise InputError(
            f"{path} is a decision of version {written}, and this quantgate reads version "
            f"{version}: update quantgate"
        )
    return content


def require_unchanged(path: str | Path, content: Content) -> None:
    """Refuse a well-formed decision with contents that quantgate never writes.

    Raises:
        InputError: it was changed after it was written.
    """
    for problem in _contradictions(content):
        raise InputError(f"{path} was changed after it was written: {problem}. {REMEDY}")


def _contradictions(content: Content) -> Iterator[str]:
    if (number := next(_endless(content), None)) is not None:
        yield f"it holds the number {number}"
    yield from _contradictions_of_winner(content)
    for entry in content["candidates"]:
        yield from _contradictions_of(entry, is_winner=entry["name"] == content["winner"])
        yield from _gaps_of_choice(entry, content)
    for entry in (content["baseline"], *content["candidates"]):
        yield from _unknown_rules(entry)
    yield from _gaps_of_weights(content)
    yield from _contradictions_of_promotion(content)
    yield from _contradictions_of_hash(content)


def _contradictions_of_winner(content: Content) -> Iterator[str]:
    winner, names = content["winner"], [entry["name"] for entry in content["candidates"]]
    if len(set(names)) < len(names):
        yield "two of its candidates have the same name"
    if (content["outcome"] == DecisionOutcome.WINNER) != (winner is not None):
        yield f"its outcome is `{content['outcome']}`, and its winner `{winner}`"
    if winner is not None and winner not in names:
        yield f"its winner `{winner}` is not among its candidates"


def _contradictions_of_promotion(content: Content) -> Iterator[str]:
    promoted, winner = content.get("promotes"), content["winner"]
    if content["outcome"] == DecisionOutcome.DOUBTFUL and promoted is not None:
        yield f"it is doubtful, and promotes `{promoted}`"
    if promoted not in (None, winner or content["baseline"]["name"]):
        yield f"it promotes `{promoted}`, and its winner is `{winner}`"


def _contradictions_of_hash(content: Content) -> Iterator[str]:
    written = content.get("content_sha256")
    if written is None and "promotes" in content:  # version 0.1 wrote neither
        yield "its `content_sha256` is missing"
    if written is not None and written != content_sha256(content):
        yield "its content does not match its `content_sha256`"


def _endless(value: Any) -> Iterator[float]:
    """Yield the numbers in JSON that are infinite or NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _endless(inner)


def _gaps_of_choice(entry: Content, content: Content) -> Iterator[str]:
    """Yield what the choice needs of a qualified candidate that has none."""
    steps = [step["by"] for step in content.get("choice", [])]
    if not (steps and entry.get("qualified")):
        return
    for name in {*steps, *_objectives(content)} - {WEIGHTS} - entry["measurements"].keys():
        yield f"`{entry['name']}` qualifies without `{name}`, which the choice needs"
    if WEIGHTS in steps and entry.get("score") is None:
        yield f"`{entry['name']}` qualifies without a weighted sum"


def _gaps_of_weights(content: Content) -> Iterator[str]:
    if any(step["by"] == WEIGHTS for step in content.get("choice", [])):
        measured = content["baseline"]["measurements"]
        for name in _objectives(content):
            if not measured.get(name):
                yield f"its baseline has no `{name}`, which the weighted sums need"


def _objectives(content: Content) -> list[str]:
    return [each.get("minimize") or each.get("maximize") or "" for each in content["choose"]]


def _unknown_rules(entry: Content) -> Iterator[str]:
    for verdict in entry.get("verdicts", []):
        if verdict["rule"] not in RULES:
            yield f"`{entry['name']}` has a limit with the unknown rule `{verdict['rule']}`"


def _contradictions_of(entry: Content, *, is_winner: bool) -> Iterator[str]:
    name, verdicts = entry["name"], entry.get("verdicts", [])
    for verdict in verdicts:
        is_met = verdict["margin"] is not None and verdict["margin"] >= 0
        right, wrong = _OUTCOMES if is_met else reversed(_OUTCOMES)
        outcome = verdict.get("outcome", right)
        if verdict["passed"] != (outcome == VerdictOutcome.PASS) or outcome == wrong:
            yield f"`{name}` has an outcome for `{verdict['name']}` that contradicts its margin"
    if entry.get("qualified") and not all(verdict["passed"] for verdict in verdicts):
        yield f"`{name}` is marked as qualified, and violates a limit"
    if is_winner and not entry.get("qualified"):
        yield f"its winner `{name}` does not qualify"
