"""Compile the example specs anew into this folder; read the difference before you commit it."""

from pathlib import Path

from quantgate.pipelines import compile_pipeline
from quantgate.plan import make_plan
from quantgate.spec import load

HERE = Path(__file__).resolve().parent
SPECS = HERE.parents[2] / "specs"
STORIES = (
    "smallest-on-cpu",
    "integer-only-microcontroller",
    "float16-gpu",
    "int8-variants",
    "encoder-and-decoder",
)


def compile_story(story: str, path: Path) -> None:
    """Compile one example spec to a file."""
    loaded = load(SPECS / f"{story}.yaml")
    compile_pipeline(make_plan(loaded.spec), loaded.sha256, path)


if __name__ == "__main__":
    for story in STORIES:
        compile_story(story, HERE / f"{story}.pipeline.yaml")
