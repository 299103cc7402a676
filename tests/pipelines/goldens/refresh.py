"""Compile the examples into this folder. Review the difference before committing it."""

import runpy
from pathlib import Path

from kfp.compiler import Compiler

from quantgate.pipelines import compile_pipeline
from quantgate.planning.planner import make_plan
from quantgate.spec import load

HERE = Path(__file__).resolve().parent
SPECS = HERE.parents[2] / "specs"
#: A spec each, or a folder with a pipeline that has a spec inside.
STORIES = tuple(
    sorted(path.stem for path in SPECS.iterdir() if path.suffix == ".yaml" or path.is_dir())
)


def compile_story(story: str, path: Path) -> None:
    """Compile one example to a file."""
    if (SPECS / story).is_dir():
        made = runpy.run_path(str(SPECS / story / "pipeline.py"))
        Compiler().compile(made["pipeline"], str(path))
        return
    loaded = load(SPECS / f"{story}.yaml")
    compile_pipeline(make_plan(loaded.spec), loaded.sha256, path)


if __name__ == "__main__":
    for story in STORIES:
        compile_story(story, HERE / f"{story}.pipeline.yaml")
