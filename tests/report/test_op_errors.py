"""The table and the plot of the errors of ops."""

from quantgate.components.gate.plots import plots_of
from quantgate.records.decision import Closest, Decision
from quantgate.records.sensitivity import OpError, Sensitivity
from quantgate.report import html, markdown
from quantgate.report.op_errors import shown


def with_errors(decision: Decision, *places: int) -> Decision:
    """Return a decision in which some candidates have errors of 30 ops, each of its own layer."""
    ops = [
        OpError(op="CONV_2D", layer=f"conv_{n}<b>;more", error=n / 100, added=n / 100)
        for n in range(30)
    ]
    errors = Sensitivity(data="calibration", samples=16, ops=ops)
    entries = [
        each.model_copy(update={"sensitivity": errors}) if place in places else each
        for place, each in enumerate(decision.candidates)
    ]
    return decision.model_copy(update={"candidates": entries})


def test_the_reports_name_the_ten_worst_ops(winner: Decision) -> None:
    decision = with_errors(winner, 2, 3)
    name = winner.candidates[2].name
    text, page = markdown.render(decision), html.render(decision, plots_of(decision))
    assert text.count("CONV\\_2D") == 10
    assert f"{name.replace('_', chr(92) + '_')} compared with float32" in text
    assert "The table shows the 10 worst of 30 ops." in text
    assert "29 %" in text
    assert f"The error that each op of {name} adds" in page
    assert "conv_29&lt;b&gt;" in page


def test_without_errors_there_is_no_section(winner: Decision) -> None:
    assert shown(winner) is None
    assert "Errors by op" not in markdown.render(winner)
    assert "op errors" not in plots_of(winner)


def test_the_closest_candidate_is_shown(winner: Decision) -> None:
    decision = with_errors(winner, 1, 2)
    closest = winner.candidates[2].name
    nearest = Closest(name=closest, missed=["top1"])
    entry = shown(decision.model_copy(update={"closest": nearest}))
    assert entry is not None
    assert entry.name == closest
