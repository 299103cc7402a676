"""A clock that jumps back between two runs."""

import time
from pathlib import Path

import pytest
from tests.runs.test_folder import DECISION

from quantgate.runs.folder import RunFolder, create_run, keep_results


def decide(run: RunFolder) -> None:
    written = {name: run.path / f"made.{name}" for name in ("decision", "report", "page", "winner")}
    for path in written.values():
        path.write_text("x")
    written["winner"].write_text("")
    written["decision"].write_text(DECISION)
    keep_results(run, **written, compiled=run.path)


def test_runs_do_not_collide_and_latest_is_the_last_one_with_a_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = time.gmtime(1_800_000_000)
    earlier = time.gmtime(1_800_000_000 - 86_400)
    made = []
    for moment in (noon, noon, earlier, earlier, noon):
        monkeypatch.setattr(time, "gmtime", lambda moment=moment: moment)
        run = create_run(tmp_path, "model")
        decide(run)
        made.append(run.path.name)
        assert (tmp_path / "model" / "latest").resolve() == run.path
    assert made == [
        "20270115T080000Z",
        "20270115T080000Z-2",
        "20270114T080000Z",
        "20270114T080000Z-2",
        "20270115T080000Z-3",
    ]
