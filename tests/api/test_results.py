"""The Python API on a decision file: tables, HTML, and a light import."""

import subprocess
import sys
from pathlib import Path

import pytest

import quantgate
from quantgate.errors import SpecError, UsageError

DECISIONS = Path(__file__).parents[1] / "report" / "decisions"


@pytest.fixture
def result(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "decision.json").write_bytes((DECISIONS / "winner.json").read_bytes())
    return quantgate.load_decision(run)


def test_the_import_is_light() -> None:
    command = (
        "import sys, quantgate; print(*sorted({'numpy', 'pydantic', 'yaml'} & {*sys.modules}))"
    )
    done = subprocess.check_output([sys.executable, "-c", command], text=True)
    assert done == "\n"


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module `quantgate` has no attribute `nothing`"):
        quantgate.nothing  # noqa: B018


def test_candidates_are_a_data_frame_with_the_measurements(result) -> None:
    table = result.candidates().set_index("candidate")
    assert list(table.index) == [entry.name for entry in result.decision.entries]
    assert table.standing.value_counts()["baseline"] == 1
    for entry in result.decision.entries:
        assert table.size_bytes[entry.name] == entry.measurements["size_bytes"]


def test_limits_are_a_data_frame_with_the_verdicts(result) -> None:
    table = result.limits()
    verdicts = [verdict for entry in result.decision.entries for verdict in entry.verdicts]
    assert list(table.figure) == [verdict.name for verdict in verdicts]
    assert list(table.outcome) == [str(verdict.outcome) for verdict in verdicts]


def test_without_pandas_tables_are_lists(result, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    first = result.candidates()[0]
    assert first["candidate"] == result.decision.baseline.name
    assert first["size_bytes"] == result.decision.baseline.measurements["size_bytes"]


def test_a_notebook_shows_each_candidate_without_markup_of_theirs(result) -> None:
    entry = result.decision.entries[-1].model_copy(update={"name": "<script>"})
    entries = [*result.decision.entries[:-1], entry]
    hostile = result.decision.model_copy(update={"candidates": entries[1:]})
    html = quantgate.Result(hostile, result.path)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert all(entry.name in html.replace("<wbr>", "") for entry in entries[:-1])


def test_the_representation_is_one_line(result) -> None:
    assert repr(result) == f"<Result {result.decision.name}: {result.decision.summary}>"


def test_a_run_without_a_winner_has_no_model() -> None:
    undecided = quantgate.load_decision(DECISIONS / "none_qualified.json")
    assert (undecided.winner, undecided.model) == (None, None)


def test_a_missing_run_is_a_usage_error(tmp_path) -> None:
    with pytest.raises(UsageError, match="there is no run with a decision"):
        quantgate.load_decision(runs_dir=tmp_path)


def test_an_override_is_checked_as_with_set(tmp_path) -> None:
    spec = tmp_path / "quantgate.yaml"
    spec.write_text("version: 1\nname: x\n")
    with pytest.raises(SpecError, match="max_dropp"):
        quantgate.run(spec, overrides={"gate.top1.max_dropp": 0.1})
