"""Warnings in every report, with their ids."""

import io

import pytest
from rich.console import Console

from quantgate.report import html, markdown, terminal


def on_terminal(decision):
    console = Console(file=io.StringIO(), width=120)
    terminal.render(decision, console)
    return console.file.getvalue()


RENDERERS = {
    on_terminal: ("Warning (few_runs): mind 3 runs", "Warning: mind 3 runs"),
    markdown.render: ("\n- **few\\_runs**: mind 3 runs", "\n- mind 3 runs"),
    html.render: (
        "<li><strong>few_runs</strong>: mind 3 runs</li>",
        "<li>mind 3 runs</li>",
    ),
}


@pytest.mark.parametrize("render", RENDERERS)
def test_a_warning_has_its_id(render, winner):
    with_id, without = RENDERERS[render]
    warned = winner.model_copy(update={"warnings": ["mind 3 runs"]})
    assert with_id in render(warned.model_copy(update={"warning_ids": ["few_runs"]}))
    # quantgate 0.1 wrote no ids.
    assert without in render(warned)
