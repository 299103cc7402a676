"""A task with a provisional result runs again in the next run."""

from pathlib import Path

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from quantgate.local_runner import read_pipeline, run_pipeline

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@dsl.component(base_image="image:1", install_kfp_package=False)
def attempt(provisional: str, made: Output[Artifact]):
    from pathlib import Path

    Path(made.path).write_text("made")
    made.metadata["provisional"] = provisional


@dsl.component(base_image="image:1", install_kfp_package=False)
def look(made: Input[Artifact]) -> str:
    from pathlib import Path

    return Path(made.path).read_text()


@dsl.pipeline(name="attempts")
def attempts(provisional: str):
    look(made=attempt(provisional=provisional).outputs["made"])


@pytest.mark.parametrize(
    ("provisional", "again"), [("true", {"attempt"}), ("false", set())], ids=["yes", "no"]
)
def test_a_provisional_result_is_not_kept(compiled, tmp_path: Path, provisional, again):
    pipeline = read_pipeline(compiled(attempts))
    places = [tmp_path / str(number) for number in (1, 2)]
    results = [
        run_pipeline(
            pipeline,
            {"provisional": provisional},
            place / "artifacts",
            place / "logs",
            cache=tmp_path / "cache",
        )
        for place in places
    ]
    ran = [{task.display_name for task in done.tasks if not task.cached} for done in results]
    assert ran == [{"attempt", "look"}, again]
    said = "not kept in the cache: the task says that its result is provisional"
    assert (said in (places[0] / "logs" / "attempt.log").read_text()) == bool(again)
