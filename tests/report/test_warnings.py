"""Warnings in every report, with their ids."""

import io

import pytest
from rich.console import Console

from quantgate.errors import InputError
from quantgate.records.outcomes import DecisionOutcome
from quantgate.report import card, html, markdown, terminal


def on_terminal(decision):
    console = Console(file=io.StringIO(), width=120)
    terminal.render(decision, console)
    return console.file.getvalue()


@pytest.fixture
def doubtful(none_qualified):
    """A decision with a doubt and another warning."""
    return none_qualified.model_copy(
        update={
            "outcome": DecisionOutcome.DOUBTFUL,
            "doubts": ["it guesses"],
            "warnings": ["mind 3 runs", "it guesses"],
            "warning_ids": ["few_runs", "baseline_guesses"],
        }
    )


RENDERERS = {
    on_terminal: ("Warning (few_runs): mind 3 runs", "Warning: mind 3 runs"),
    markdown.render: ("\n- **few\\_runs**: mind 3 runs", "\n- mind 3 runs"),
    html.render: (
        "<li><strong>few_runs</strong>: mind 3 runs</li>",
        "<li>mind 3 runs</li>",
    ),
}


def test_doubts_come_first(doubtful):
    text, page = on_terminal(doubtful), html.render(doubtful)
    assert text.splitlines()[0].strip() == "Doubtful (baseline_guesses): it guesses"
    assert "Warning (few_runs): mind 3 runs" in text and "Warning (baseline" not in text
    lines = markdown.render(doubtful).splitlines()
    assert lines[4:7] == ["## Doubts", "", "- **baseline\\_guesses**: it guesses"]
    start = lines.index("## Warnings")
    assert lines[start : start + 3] == ["## Warnings", "", "- **few\\_runs**: mind 3 runs"]
    assert '<header class="doubtful"><p class="badge">fashion: doubtful</p>' in page
    assert page.index("<h2>Doubts</h2>") < page.index("<h2>Warnings</h2>")


def test_the_card_of_a_winner_begins_with_the_doubts_that_the_spec_allows(doubtful, winner):
    allowed = winner.model_copy(update={"doubts": ["it guesses"]})
    assert "# fashion\n\n**Doubtful**: it guesses\n\nA LiteRT model, " in card.render(allowed)
    with pytest.raises(InputError, match="there is no model card"):
        card.render(doubtful)


@pytest.mark.parametrize("render", RENDERERS)
def test_a_warning_has_its_id(render, winner):
    with_id, without = RENDERERS[render]
    warned = winner.model_copy(update={"warnings": ["mind 3 runs"]})
    assert with_id in render(warned.model_copy(update={"warning_ids": ["few_runs"]}))
    # quantgate 0.1 wrote no ids.
    assert without in render(warned)


@pytest.mark.parametrize(
    ("limits", "is_weighty"),
    [({"latency_p95_ms": {"max": 10}}, True), ({"top1": {"min": 0}}, False)],
)
def test_warnings_that_no_limit_rests_on_stand_below_the_others(winner, limits, is_weighty):
    warned = {"warnings": ["it is noisy"], "warning_ids": ["noisy_machine"]}
    decision = winner.model_copy(update={**warned, "limits": limits, "choose": []})
    lines = markdown.render(decision).splitlines()
    assert ("## Warnings" in lines) is is_weighty
    assert ("## Further warnings" in lines) is not is_weighty
    page = html.render(decision)
    assert ("<h2>Further warnings</h2>" in page) is not is_weighty
    place = page.index("it is noisy")
    assert (place < page.index("<h2>Candidates</h2>")) is is_weighty


def test_a_missing_tool_matters_only_to_limits_on_its_target(winner):
    warned = {"warnings": ["no GPU"], "warning_ids": ["target_unavailable"]}
    decision = winner.model_copy(update=warned)
    assert "## Further warnings" in markdown.render(decision)
    limited = decision.model_copy(update={"limits": {"gpu_runs": {"min": 1}}})
    assert "## Further warnings" not in markdown.render(limited)
