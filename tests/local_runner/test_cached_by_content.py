"""A task that KFP must not cache may declare that it depends only on the content of its inputs."""

from pathlib import Path

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Input

from quantgate.local_runner import dry_run, read_pipeline, run_pipeline
from quantgate.local_runner.cache.eligibility import BY_CONTENT
from quantgate.pipelines.graph.inputs import CACHE_BY_CONTENT

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@dsl.component(base_image="image:1", install_kfp_package=False)
def read(text: Input[Artifact]) -> str:
    from pathlib import Path

    return Path(text.path).read_text()


def reading(says: str | None):
    @dsl.pipeline(name="reading")
    def pipeline(uri: str) -> str:
        text = dsl.importer(artifact_uri=uri, artifact_class=Artifact).output
        task = read(text=text)
        task.set_caching_options(False)
        if says is not None:
            task.set_env_variable(BY_CONTENT, says)
        return task.output

    return pipeline


@pytest.fixture
def ran(compiled, tmp_path: Path):
    """Run the pipeline on a text, and return whether its task was cached, and its output."""

    def run(says: str | None, text: str) -> tuple[bool, str]:
        (tmp_path / "text").write_text(text)
        result = run_pipeline(
            read_pipeline(compiled(reading(says))),
            {"uri": str(tmp_path / "text")},
            tmp_path / "artifacts",
            tmp_path / "logs",
            cache=tmp_path / "cache",
        )
        (task,) = [task for task in result.tasks if task.display_name == "read"]
        return task.cached, result.outputs["Output"]

    return run


def test_a_task_runs_again_only_for_other_content(ran) -> None:
    assert ran("true", "one") == (False, "one")
    assert ran("true", "one") == (True, "one")
    assert ran("true", "two") == (False, "two")
    assert ran("true", "one") == (True, "one")


@pytest.mark.parametrize("says", [None, "false"])
def test_a_task_without_the_variable_runs_every_time(ran, says: str | None) -> None:
    assert [ran(says, "one") for _ in range(2)] == [(False, "one")] * 2


def test_a_dry_run_finds_the_task_in_the_cache(ran, compiled, tmp_path: Path) -> None:
    ran("true", "one")
    pipeline = read_pipeline(compiled(reading("true")))
    tasks = dry_run(pipeline, {"uri": str(tmp_path / "text")}, tmp_path / "cache")
    assert [task.to_run for task in tasks] == [None, None]


def test_pipelines_and_runner_use_the_same_variable() -> None:
    assert CACHE_BY_CONTENT == BY_CONTENT


def test_uri_with_credentials_is_refused_and_kept_nowhere(compiled, tmp_path: Path):
    pipeline = read_pipeline(compiled(reading(None)))
    arguments = {"uri": "s3://AKIA7:s3cret@bucket/x"}
    kept = tmp_path / "kept"
    result = run_pipeline(pipeline, arguments, kept / "out", kept / "logs", cache=kept / "cache")
    failed = next(task for task in result.tasks if task.state.value == "FAILED")
    assert failed.error == (
        "cannot import s3://*****:******@bucket/x: it has credentials in it. Remove them from the "
        "URI, and put them into the environment, such as AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY"
    )
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert not [path for path in files if b"s3cret" in path.read_bytes()]
