import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from quantgate.report.terminal import render

A_DOZEN = [f"metric_number_{number}" for number in range(12)]


def shown(decision, width=80, **options):
    console = Console(file=io.StringIO(), width=width, **options)
    render(decision, console)
    return console.file.getvalue()


def squeezed(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_table_of_a_winner_on_80_columns(winner):
    lines = squeezed(shown(winner))
    assert lines[1] == "candidate size top1 p95 verdict"
    assert lines[3:6] == [
        "float32 48.9 KiB 0.8892 0.231 ms baseline",
        "dynamic_range 29.8 KiB 0.8891 0.157 ms qualifies",
        "0.61x -0.0001 0.68x",
    ]
    assert "integer_only_int8 29.8 KiB 0.8908 0.123 ms winner" in lines
    identical = lines.index("int16x8, 34.9 KiB 0.8890 1.61 ms misses size by 0.064x")
    assert lines[identical + 1] == "int16x8_float_fallback 0.71x -0.0002 6.98x"
    assert lines[-2:] == [
        "fashion: integer_only_int8 wins: 30,496 bytes (0.61 of the baseline), top1",
        "0.8908 (+0.0016), p95 0.123 ms (0.53 of the baseline)",
    ]
    assert "Pareto front: integer_only_int8" in lines


def test_a_wide_terminal_has_one_line_for_each_candidate(winner):
    lines = squeezed(shown(winner, width=120))
    assert lines[3:5] == [
        "float32 48.9 KiB 0.8892 0.231 ms baseline",
        "dynamic_range 29.8 KiB 0.61x 0.8891 -0.0001 0.157 ms 0.68x qualifies",
    ]


def test_failures_are_in_the_table_and_their_reasons_below_it(none_qualified):
    text = shown(none_qualified.model_copy(update={"advice": ["try int16x8"]}))
    lines = squeezed(text)
    assert "int16x8 - - - failed" in lines
    assert (
        "int16x8: failed: the converter raised: Quantization to 16x8-bit not yet supported for op: "
        "'DIV'"
    ) in " ".join(lines)
    assert "Advice: try int16x8" in lines


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("fixture", ["winner", "none_qualified"])
def test_nothing_is_wider_than_the_terminal_or_cut_off(fixture, width, request):
    decision = request.getfixturevalue(fixture)
    text = shown(decision, width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert "…" not in text
    together = "".join(text.split())
    assert decision.summary.replace(" ", "") in together


def test_colour_does_not_change_the_text(winner):
    plain = shown(winner)
    assert "\x1b" not in plain
    coloured = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    render(winner, coloured)
    assert "\x1b[1;32mwinner" in coloured.file.getvalue()
    assert shown(winner, no_color=True) == plain


def test_a_very_long_name_wraps(winner):
    named = winner.candidates[0].model_copy(update={"name": "n" * 63})
    text = shown(winner.model_copy(update={"candidates": [named]}))
    assert sum(line.count("n" * 5) > 0 for line in text.splitlines()) > 1
    assert text.count("n") >= 63


def test_a_decision_without_a_pareto_front_shows_none(none_qualified):
    candidates = [entry.model_copy(update={"pareto": False}) for entry in none_qualified.candidates]
    assert "Pareto" not in shown(none_qualified.model_copy(update={"candidates": candidates}))


def test_markup_and_control_characters_are_shown_as_text(hostile):
    text = shown(hostile("[red]a[/red]\x1b[31m\nb :smile:"))
    assert "\x1b" not in text
    assert "[red]a[/red] [31m b :smile:" in text


@pytest.mark.parametrize("fixture", ["winner", "none_qualified"])
@pytest.mark.parametrize("width", [30, 40])
def test_a_narrow_terminal_has_a_list_in_which_no_word_is_folded(fixture, width, request):
    decision = request.getfixturevalue(fixture)
    lines = shown(decision, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert " float32" in [line.rstrip() for line in lines]
    words = set(shown(decision, 300).split())
    names = {entry.name for entry in decision.entries}
    printed = {word.rstrip(",") for line in lines for word in line.split()}
    assert {name for name in names if len(name) < width} <= printed
    whole = {word for word in words if len(word) < width - 4 and set(word) != {"\u2500"}}
    assert whole - set(" ".join(lines).split()) <= {"candidate", "verdict"}


def with_a_dozen_metrics(decision):
    def measured(entry):
        more = dict.fromkeys(A_DOZEN, 0.5)
        return entry.model_copy(update={"measurements": {**entry.measurements, **more}})

    return decision.model_copy(
        update={
            "metrics": {**decision.metrics, **dict.fromkeys(A_DOZEN, "top1")},
            "baseline": measured(decision.baseline),
            "candidates": [measured(entry) for entry in decision.candidates],
        }
    )


@pytest.mark.parametrize("width", [40, 80])
def test_with_a_dozen_metrics_the_table_shows_only_the_limited_ones(winner, width):
    text = shown(with_a_dozen_metrics(winner), width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    together = " ".join(text.split())
    before, _, after = together.partition("Also measured: ")
    assert "metric_number" not in before
    assert ", ".join(A_DOZEN) in after


@pytest.mark.parametrize("width", [40, 80])
def test_a_dozen_limited_metrics_make_a_list_in_which_no_word_is_folded(winner, width):
    limits = {**winner.limits, **{name: {"min": 0.1} for name in A_DOZEN}}
    decision = with_a_dozen_metrics(winner).model_copy(update={"limits": limits})
    lines = shown(decision, width).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert [line.split() for line in lines].count(["metric_number_3", "0.5000", "+0.0000"]) == 6


def test_each_detail_has_one_line(rich):
    lines = squeezed(shown(rich, 120))
    assert any(line.startswith("Correct by class (top1): ") for line in lines)
    assert "Calibration: 1 of 30 ranges is suspicious (in the report)" in lines
