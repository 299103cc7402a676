"""Every rule of the linter, with a pipeline that kfp compiles and that breaks the rule."""

# Components are written as users write them.
# ruff: noqa: PTH103, PTH118, PTH120, PTH123

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, List  # noqa: UP035

import pytest
import yaml
from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Markdown, Metrics, Model, Output

from quantgate.foundation.pipeline_file import PipelineFile, read_pipeline_file
from quantgate.pipelines.lint.lint import RULES, Finding, lint

GOLDENS = sorted((Path(__file__).parents[1] / "goldens").glob("*.pipeline.yaml"))
PINNED = "registry.example/image@sha256:" + "0" * 64
component = dsl.component(base_image=PINNED, install_kfp_package=False)


@component
def make(number: int, out: Output[Artifact]):
    pass


@component
def read(text: str) -> str:
    return text


@component
def read_all(artifacts: Input[List[Artifact]]):  # noqa: UP006
    pass


@component
def write_page(page: Output[HTML], words: Output[Markdown]):
    import os

    os.makedirs(os.path.dirname(page.path), exist_ok=True)
    os.makedirs(page.path)
    with open(os.path.join(words.path, "index.md"), "w") as stream:
        stream.write("words")


@component
def write_file(page: Output[HTML]):
    from pathlib import Path

    place = Path(page.path)
    place.parent.mkdir(exist_ok=True)
    place.write_text("one file")


@component
def write_metadata(model: Output[Model]):
    model.metadata["version"] = None
    model.metadata["good"] = False
    model.metadata["stage"] = "test"


@component
def write_metrics(figures: Output[Metrics], logged: Output[Metrics]):
    with open(figures.path, "w") as stream:
        stream.write("top1: 0.9")
    logged.log_metric("top1", 0.9)


def edited(change: Callable[[dict[str, Any]], None]) -> list[Finding]:
    """Lint the golden of a model with two signatures, with pinned images and one change."""
    (golden,) = (path for path in GOLDENS if path.name.startswith("encoder-and-decoder"))
    text = golden.read_text().replace(":0.1.0", "@sha256:0")
    document = yaml.load(text, yaml.CSafeLoader)
    change(document)
    return lint(PipelineFile(document, len(text)))


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_examples_break_only_the_rule_about_images(golden: Path) -> None:
    assert {finding.rule for finding in lint(read_pipeline_file(golden))} == {"image-digest"}


def test_example_with_pinned_images_breaks_no_rule() -> None:
    assert edited(lambda document: None) == []


def test_pipeline_size() -> None:
    (finding,) = lint(PipelineFile({"pipelineInfo": {"name": "large"}}, 700_001))
    assert finding == Finding(
        "pipeline-size",
        "error",
        "the pipeline",
        "it is 700,001 bytes, and should stay under 700,000",
        "move long constants into artifacts, and parts into nested pipelines",
    )


def test_run_parameters(findings) -> None:
    @dsl.pipeline
    def pipeline(one: str = "x" * 5_000, other: str = "y" * 5_000):
        read(text=one)
        read(text=other)

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.place) == ("run-parameters", "the pipeline's parameters")
    assert (
        finding.message
        == "their defaults are 10,024 bytes together, but a run takes at most 10,000"
    )


def test_constants_of_a_task_are_one_argument(findings) -> None:
    @dsl.pipeline
    def pipeline():
        read(text="x" * 131_072)
        with dsl.ParallelFor(["y" * 70_000, "z" * 70_000]) as item:
            read(text=item)

    loop, task = sorted(findings(pipeline), key=lambda finding: finding.place)
    assert (loop.rule, task.rule) == ("argument-size", "argument-size")
    assert loop.place == "task `for-loop-2`, items of the loop"
    assert task.place == "task `read`"
    assert task.message == (
        "its constant inputs are 131,083 bytes as one argument, but Linux takes at most 131,071"
    )
    assert task.advice == "pass long values as artifacts"


def test_an_argument_of_a_command(findings) -> None:
    @dsl.container_component
    def long():
        return dsl.ContainerSpec(image=PINNED, command=["echo"], args=["x", "y" * 131_072])

    @dsl.pipeline
    def pipeline():
        long()

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.place) == ("argument-size", "executor `exec-long`, args[1]")


def test_placeholder(findings) -> None:
    @dsl.pipeline
    def pipeline(text: str = "x"):
        read(text=dsl.PIPELINE_JOB_NAME_PLACEHOLDER)
        read(text=f"{text} and text")
        read(text=f"run {dsl.PIPELINE_JOB_NAME_PLACEHOLDER}")

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.severity) == ("placeholder", "error")
    assert finding.place == "task `read-3`, input `text`"
    assert finding.message == (
        "{{$.pipeline_job_name}} is a part of the text, and stays as it is on a cluster"
    )


def test_reference() -> None:
    def damage(document: dict[str, Any]) -> None:
        del document["deploymentSpec"]["executors"]["exec-gate"]
        del document["components"]["comp-benchmark"]
        del document["root"]["dag"]["tasks"]["calibrate"]

    reported = {(finding.rule, finding.place, finding.message) for finding in edited(damage)}
    assert {
        ("reference", "task `benchmark`", "its component `comp-benchmark` is not in the file"),
        ("reference", "task `gate`", "its executor `exec-gate` is not in the file"),
        ("reference", "task `gate`", "the task `calibrate` that it waits for is not in the file"),
    } <= reported


def test_artifact_type() -> None:
    def damage(document: dict[str, Any]) -> None:
        taken = document["components"]["comp-calibrate"]["inputDefinitions"]["artifacts"]
        taken["prepared"]["artifactType"]["schemaTitle"] = "system.Dataset"

    assert edited(damage) == [
        Finding(
            "artifact-type",
            "error",
            "task `calibrate`, input `prepared`",
            "it takes system.Dataset and gets system.Model",
            "declare the same type for both, or system.Artifact for the input",
        )
    ]


def test_collected_artifacts_have_the_type_of_their_items(findings) -> None:
    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor([1, 2]) as item:
            made = make(number=item)
        read_all(artifacts=dsl.Collected(made.outputs["out"]))
        read_all(artifacts=dsl.Collected(made.outputs["out"]))

    assert findings(pipeline) == []


def test_unknown_type() -> None:
    def damage(document: dict[str, Any]) -> None:
        made = document["components"]["comp-gate"]["outputDefinitions"]["artifacts"]
        made["decision"]["artifactType"]["schemaTitle"] = "acme.Decision"

    (finding,) = edited(damage)
    assert (finding.rule, finding.severity) == ("unknown-type", "warning")
    assert finding.message == "its artifact type `acme.Decision` is not one of KFP's"


def test_artifact_uri(findings) -> None:
    @dsl.pipeline
    def pipeline(uri: str):
        for place in ("/home/me/data", "gs://bucket/data", uri):
            dsl.importer(artifact_uri=place, artifact_class=Dataset)

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.place) == ("artifact-uri", "task `importer`")
    assert finding.message == "it imports /home/me/data, a path of one machine"


def test_metadata(findings) -> None:
    @dsl.pipeline
    def pipeline():
        metadata = {"absent": None, "good": True, "count": 3, "name": "x"}
        dsl.importer(artifact_uri="gs://b/m", artifact_class=Model, metadata=metadata)

    absent, good = findings(pipeline)
    assert (absent.rule, absent.severity) == ("metadata-null", "error")
    assert absent.place == "executor `exec-importer`, metadata `absent`"
    assert (good.rule, good.severity) == ("metadata-type", "warning")
    assert good.message == "it is true, and comes back as 1"


def test_metadata_in_the_source_of_a_component(findings) -> None:
    @dsl.pipeline
    def pipeline():
        write_metadata()

    version, good = findings(pipeline)
    place = "executor `exec-write-metadata`, output `model`, metadata"
    assert (version.rule, version.place) == ("metadata-null", f"{place} `version`")
    assert (good.rule, good.place) == ("metadata-type", f"{place} `good`")
    assert good.message == "it is false, and comes back as 0"


def test_pages_written_as_folders(findings) -> None:
    @dsl.pipeline
    def pipeline():
        write_page()
        write_file()

    page, words = findings(pipeline)
    assert (page.rule, page.place) == ("single-file", "executor `exec-write-page`, output `page`")
    assert (words.rule, words.place) == (
        "single-file",
        "executor `exec-write-page`, output `words`",
    )
    assert page.advice == "write everything into the file page.path"


def test_metrics_written_as_files(findings) -> None:
    @dsl.pipeline
    def pipeline():
        write_metrics()

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.severity) == ("metrics-metadata", "warning")
    assert finding.place == "executor `exec-write-metrics`, output `figures`"


def test_every_rule_has_a_test_that_breaks_it() -> None:
    sources = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    assert [rule for rule in RULES if not any(f'"{rule}"' in source for source in sources)] == []


def test_the_docs_list_every_rule() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "cluster.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")][:3]
        for line in docs.partition("| rule | severity | fixed in |")[2].splitlines()[2:]
        if line.startswith("|")
    ]
    assert rows == [
        [f"`{name}`", rule.severity, rule.fixed_in or ""] for name, rule in RULES.items()
    ]


def _damaged(value: Any, draw: random.Random) -> Any:
    """Return IR in which random parts are replaced or missing."""
    if draw.random() < 0.01:
        return draw.choice([None, 1, "text", [], {}, ["text"], {"name": None}])
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if draw.random() > 0.005}
        return {key: _damaged(item, draw) for key, item in kept.items()}
    return [_damaged(item, draw) for item in value] if isinstance(value, list) else value


def _files() -> Iterator[PipelineFile]:
    draw = random.Random(5)
    for golden in GOLDENS:
        whole = list(yaml.load_all(golden.read_text(), yaml.CSafeLoader))
        for _ in range(8):
            document, platforms = (_damaged(part, draw) for part in [*whole, {}][:2])
            mappings = (part if isinstance(part, dict) else {} for part in (document, platforms))
            yield PipelineFile(next(mappings), 1, next(mappings))


def test_damaged_pipelines_do_not_crash_the_linter() -> None:
    for file in _files():
        assert all(isinstance(finding, Finding) for finding in lint(file))
