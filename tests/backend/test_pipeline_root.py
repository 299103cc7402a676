"""The place of results: set by the run or else by the installation, never by the pipeline."""

import pytest
from kfp import dsl

pytestmark = pytest.mark.backend
WANTED = "s3://mlpipeline/wanted"


@dsl.component(base_image="none", install_kfp_package=False)
def write(text: dsl.Output[dsl.Artifact]) -> None:
    """Write a line."""
    from pathlib import Path

    Path(text.path).write_text("a line")


@dsl.pipeline(name="rooted", pipeline_root="s3://mlpipeline/of-the-pipeline")
def rooted() -> None:
    """Write a line, without the cache. A cached result would stay at its old place."""
    write().set_caching_options(False)


@pytest.mark.parametrize(
    ("root", "place"), [(WANTED, WANTED), (None, "s3://mlpipeline/v2/artifacts")]
)
def test_results_go_where_the_run_says(backend, compiled, root, place) -> None:
    text = compiled(rooted)
    assert "defaultPipelineRoot: s3://mlpipeline/of-the-pipeline" in text
    run = backend.run(text, {}, root)
    assert run.phase == "Succeeded"
    (artifact,) = run.tasks["/write"].output_artifacts["text"]
    assert artifact.uri.startswith(f"{place}/rooted/{run.id}/write/")
