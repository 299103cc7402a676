"""Escape sequences and controls of direction in a decision never reach a reader."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from quantgate.cli import main
from quantgate.commands.common.console import VisibleConsole
from quantgate.foundation.terminal import visible
from quantgate.records.decision import Decision
from quantgate.report import card, html, markdown, terminal

DECISIONS = Path(__file__).parent / "decisions"
HOSTILE = "\x1b]0;x\x07\x9b31m\u202e\u2066<b>`|"


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a JSON document, except for names of its fields."""
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, str | dict | list):
            yield from [part] if isinstance(part, str) else texts_in(part)


def replaced(value: Any, text: str, by: str) -> Any:
    """Return a JSON document with another text in all places and keys."""
    if isinstance(value, dict):
        return {replaced(key, text, by): replaced(part, text, by) for key, part in value.items()}
    if isinstance(value, list):
        return [replaced(part, text, by) for part in value]
    return by if value == text else value


def is_sound(document: Any) -> bool:
    """Return whether a document is a decision whose names fit together."""
    try:
        decision = Decision.model_validate(document)
        for render in RENDERERS.values():
            render(decision)
    except (ValidationError, KeyError):
        return False
    return True


def hostile(document: Any) -> Any:
    """Return a decision with hostile text in every place that takes any text."""
    for text in sorted(set(texts_in(document))):
        changed = replaced(document, text, text + HOSTILE)
        if is_sound(changed):
            document = changed
    return document


def card_of(decision: Decision) -> str:
    return card.render(decision) if decision.promoted else ""


def table(decision: Decision) -> str:
    with redirect_stdout(io.StringIO()) as written:
        terminal.render(decision, VisibleConsole(width=120))
    return written.getvalue()


RENDERERS = {
    "card": card_of,
    "HTML": html.render,
    "Markdown": markdown.render,
    "table": table,
}


@pytest.fixture(scope="module", params=sorted(DECISIONS.glob("*.json")), ids=lambda p: p.stem)
def decision(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    document = hostile(json.loads(request.param.read_text("utf-8")))
    path = tmp_path_factory.mktemp("hostile") / "decision.json"
    Decision.model_validate(document).write(path)
    return path


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_a_report_has_no_controls(decision: Path, render: Callable[[Decision], str]):
    report = render(Decision.read(decision))
    assert visible(report) == report


@pytest.mark.parametrize("form", [[], ["--md"], ["--html"], ["--json"]], ids=str)
def test_a_command_prints_no_controls(
    decision: Path, form: list[str], capsys: pytest.CaptureFixture[str]
):
    assert main(["show", str(decision), *form]) == 0
    shown = capsys.readouterr().out
    assert visible(shown) == shown
    assert form != ["--json"] or json.loads(shown) == json.loads(decision.read_text("utf-8"))


def test_an_explanation_prints_no_controls(decision: Path, capsys: pytest.CaptureFixture[str]):
    for entry in Decision.read(decision).candidates:
        assert main(["explain", str(decision), entry.name]) == 0
    assert main(["compare", str(decision), str(DECISIONS / "winner.json")]) == 0
    shown = capsys.readouterr().out
    assert visible(shown) == shown
