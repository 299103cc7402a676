"""The changes since the previous run in a page: complete, harmless and not too many."""

from tests.report.test_html import Page

from quantgate.records.decision import Decision
from quantgate.report.html import render
from quantgate.report.previous import MOST_CHANGES, as_markdown, changes_of, on_page

RUN = "20260102T030405Z"


def test_the_section_stands_before_the_provenance_and_in_the_contents(
    winner: Decision, none_qualified: Decision
) -> None:
    page = Page(on_page(render(winner), none_qualified, winner, RUN))
    assert page.texts.count("Since the previous run") == 2
    headings = [text for text in page.texts if text in ("Since the previous run", "Provenance")]
    assert headings[-2:] == ["Since the previous run", "Provenance"]
    assert ("href", f"../{RUN}/report.html") in page.attributes
    assert "none qualified -> winner integer_only_int8" in page.texts


def test_a_changed_spec_is_reported(winner: Decision) -> None:
    other = winner.provenance.model_copy(update={"spec_sha256": "0" * 64})
    before = winner.model_copy(update={"provenance": other})
    after = f"{winner.provenance.spec_sha256[:12]}"
    assert changes_of(before, winner) == [("spec", f"000000000000 -> {after}")]


def test_runs_without_a_difference_say_so(winner: Decision) -> None:
    assert changes_of(winner, winner) == [("all", "nothing changed")]
    assert "| all | nothing changed |" in as_markdown(winner, winner, RUN)


def test_many_changes_are_cut_off(winner: Decision) -> None:
    names = [f"candidate-{number}" for number in range(50)]
    entry = winner.candidates[0]
    candidates = [entry.model_copy(update={"name": name}) for name in names]
    changes = changes_of(winner, winner.model_copy(update={"candidates": candidates}))
    assert len(changes) == MOST_CHANGES + 1
    # Each of the 50 is new, and each of the 7 is gone.
    assert changes[-1] == ("more", "27 further changes, see quantgate compare")


def test_names_with_markup_are_text(winner: Decision) -> None:
    named = winner.candidates[0].model_copy(update={"name": "<b>bold</b>"})
    other = winner.model_copy(update={"candidates": [named]})
    page = Page(on_page(render(winner), winner, other, RUN))
    assert "b" not in page.tags
    assert any("<b>bold</b>" in text for text in page.texts)
