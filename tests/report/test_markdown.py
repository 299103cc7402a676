from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from quantgate.report.markdown import render
from quantgate.report.text import one_line

MARKUP = st.text(st.sampled_from("ab1 |*_`~<>&;[]()#\\\n\r\t!-$\x1b\"'{}:/"), min_size=1).map(
    lambda text: f"x{text}x"
)


def tokens(text):
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def plain_texts(text):
    """Return the text of each block, after checking that it has no other markup."""
    seen = []
    for token in tokens(text):
        if token.type == "inline":
            kinds = {child.type for child in token.children}
            assert kinds <= {"text", "text_special", "strong_open", "strong_close"}, kinds
            seen.append("".join(child.content for child in token.children))
    return seen


def test_the_report_of_a_winner(winner):
    lines = render(winner).splitlines()
    assert lines[:13] == [
        "# integer\\_only\\_int8",
        "",
        "**integer\\_only\\_int8 wins: 30,496 bytes (0.61 of the baseline), top1 0.8908 (+0.0016), "
        "p95 0.123 ms (0.53 of the baseline)**",
        "",
        "- spec: fashion",
        "- size: 1.64 times smaller: 29.8 KiB instead of 48.9 KiB",
        "- time: 1.88 times as fast: 0.0948 ms instead of 0.178 ms in the median",
        "- top1: no drop, but better by 0.0016. The drop is at most 0.0007 at 95 % confidence. The "
        "limit is 0.01",
        "- decided: 2 January 2026, 03:04 UTC",
        "",
        "## Candidates",
        "",
        "| candidate | size | top1 | p95 | verdict |",
    ]
    assert (
        "| integer\\_only\\_int8 | 30,496 bytes (29.8 KiB, 0.61x) | 0.8908 (+0.0016) "
        "| 0.123 ms (0.53x) | **winner** |"
    ) in lines
    assert "| float32 | 50,044 bytes (48.9 KiB) | 0.8892 | 0.231 ms | baseline |" in lines
    assert (
        "| candidate | top1 drop at most 0.01 at 95 % confidence | size\\_bytes ratio at most 0.65 "
        "| latency\\_p95\\_ms at most 10 ms |"
    ) in lines
    assert "| float16 | ✓ -0.0004, up to 0.0001 | ✗ 0.695 | ✓ 0.235 ms |" in lines
    assert (
        "Choice among the qualifying candidates: minimize size\\_bytes within 5%, then maximize "
        "top1."
    ) in lines
    assert "Pareto front of these objectives: integer\\_only\\_int8." in lines
    assert "| processor | AMD EPYC 9R14 |" in lines
    assert "## Advice" not in lines
    assert "## Reasons" not in lines


def test_the_report_names_failed_candidates_with_reasons(none_qualified):
    lines = render(none_qualified).splitlines()
    assert "| int16x8 | - | - | - | failed |" in lines
    assert "| int16x8 | ✗ - | ✗ - | ✗ - |" in lines
    assert (
        "- **int16x8**: failed: the converter raised: Quantization to 16x8-bit not yet supported "
        "for op: 'DIV'"
    ) in lines
    assert (
        "- **integer\\_only\\_uint8**: rejected: FLOOR\\_MOD and CUMSUM compute in float, which an "
        "integer-only target cannot run"
    ) in lines


def test_advice_is_a_section_of_its_own(none_qualified):
    text = render(none_qualified.model_copy(update={"advice": ["try int16x8", "train"]}))
    assert "\n## Advice\n\n- try int16x8\n- train\n\n## Candidates\n" in text


def test_a_decision_without_candidates_is_rendered(winner):
    assert "| float32 |" in render(winner.model_copy(update={"candidates": []}))


@settings(deadline=None, max_examples=200)
@given(MARKUP)
def test_markup_in_a_decision_is_escaped(hostile, text):
    shown = one_line(text)
    seen = plain_texts(render(hostile(text)))
    assert seen[:2] == ["No model to ship: no candidate qualifies", shown]
    assert f"do {shown}" in seen
    assert seen.count(f"{shown}: failed: {shown}") == 1
    assert seen[seen.index("processor") + 1] == shown
    names = [cell for cell in seen if cell == shown]
    assert len(names) == 1 + 3 * 7 + 1
