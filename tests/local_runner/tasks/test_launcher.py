"""The contract of KFP's launcher, one rule for each test: a violation fails as on a cluster."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH101, PTH103, PTH118, PTH120, PTH123, PTH211, UP006, UP035

from typing import List

import pytest
from kfp import dsl
from kfp.dsl import Artifact, ClassificationMetrics, Dataset, Input, Metrics, Model, Output

from quantgate.errors import UsageError
from quantgate.local_runner.records.events import Warned

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)


def only_task(result):
    (task,) = result.tasks
    return task


def log_of(result, task: str) -> str:
    return next(one.log.read_text("utf-8") for one in result.tasks if one.name == task)


def test_outputs_are_in_the_folder_of_their_pipeline_and_task(run, tmp_path):
    @component
    def write(out: Output[Dataset]) -> str:
        open(out.path, "w").close()
        return out.path

    @dsl.pipeline(name="placed")
    def pipeline() -> List[str]:
        with dsl.ParallelFor(["a", "b"], name="letters"):
            task = write()
        return dsl.Collected(task.outputs["Output"])

    root = tmp_path / "out püt"
    assert run(pipeline).outputs["Output"] == [
        str(root / "placed" / "for-loop-2" / str(index) / "write" / "out") for index in range(2)
    ]


def test_empty_folders_do_not_reach_the_next_task(run):
    @component
    def save(model: Output[Model]):
        import os

        os.makedirs(os.path.join(model.path, "assets"))
        os.makedirs(os.path.join(model.path, "deep", "er"))
        os.makedirs(os.path.join(model.path, "variables"))
        open(os.path.join(model.path, "variables", "data"), "w").close()

    @component
    def look(model: Input[Model]) -> List[str]:
        import os

        return sorted(name for _, folders, files in os.walk(model.path) for name in folders + files)

    @dsl.pipeline(name="emptied")
    def pipeline() -> List[str]:
        return look(model=save().output).output

    assert run(pipeline).outputs == {"Output": ["data", "variables"]}


def test_a_folder_without_a_file_was_not_written(run):
    @component
    def save(model: Output[Model]):
        import os

        os.makedirs(os.path.join(model.path, "assets"))

    @dsl.pipeline(name="hollow")
    def pipeline():
        save()

    result = run(pipeline)
    assert result.succeeded
    assert log_of(result, "save") == (
        "[local runner] warning: the output artifact `model` was not written\n"
    )


def test_metrics_are_metadata_and_need_no_file(run):
    @component
    def score(figures: Output[Metrics], classes: Output[ClassificationMetrics]):
        figures.log_metric("top1", 0.5)

    @dsl.pipeline(name="scored")
    def pipeline():
        score()

    assert log_of(run(pipeline), "score") == ""


def test_modes_of_output_files_are_reset(run, tmp_path):
    @component
    def save(tool: Output[Artifact], more: Output[Artifact]):
        import os

        for path in (tool.path, os.path.join(more.path, "tool")):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
            os.chmod(path, 0o755)

    @dsl.pipeline(name="modes")
    def pipeline():
        save()

    assert run(pipeline).succeeded
    folder = tmp_path / "out püt" / "modes" / "save"
    for path in (folder / "tool", folder / "more" / "tool"):
        assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("inside", [False, True])
def test_a_link_in_an_output_fails_the_task(run, tmp_path, inside):
    @component
    def link(inside: bool, out: Output[Artifact]):
        import os

        if inside:
            os.makedirs(out.path)
        os.symlink("/", os.path.join(out.path, "root") if inside else out.path)

    @dsl.pipeline(name="linked")
    def pipeline(inside: bool):
        link(inside=inside)

    path = tmp_path / "out püt" / "linked" / "link" / "out"
    assert only_task(run(pipeline, inside=inside)).error == (
        f"output artifact `out`: {path / 'root' if inside else path} is a link, but an object "
        "store only has files. Copy the file or folder that it points to"
    )


def test_metadata_is_returned_as_a_cluster_stores_it(run):
    @component
    def annotate(out: Output[Artifact], scores: Output[ClassificationMetrics]):
        out.metadata.update(text="é", whole=3, share=0.5, yes=True, rows=[1, 2], table={"a": "b"})
        scores.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])
        for one in (out, scores):
            open(one.path, "w").close()

    @component
    def look(out: Input[Artifact]) -> str:
        return repr([out.metadata[key] for key in sorted(out.metadata)])

    @dsl.pipeline(name="annotated")
    def pipeline() -> str:
        return look(out=annotate().outputs["out"]).output

    result = run(pipeline)
    assert result.outputs == {"Output": "[[1, 2], 0.5, {'a': 'b'}, 'é', 3, 1]"}
    assert log_of(result, "annotate") == (
        "[local runner] warning: output artifact `out`: its metadata `yes` is True, which a "
        "cluster passes on as 1\n"
    )


def test_nan_in_the_executor_output_fails(run):
    @component
    def score(out: Output[Artifact]):
        open(out.path, "w").close()
        out.metadata["loss"] = float("nan")

    @dsl.pipeline(name="nan")
    def pipeline():
        score()

    assert only_task(run(pipeline)).error == (
        "executor_output.json is not JSON (it contains NaN, which is not valid JSON)"
    )


@component
def measure(text: str) -> int:
    return len(text)


def test_the_arguments_of_a_run_have_a_size_limit(run):
    @dsl.pipeline(name="wordy")
    def pipeline(text: str, more: str = "") -> int:
        return measure(text=text).output

    assert run(pipeline, text="x" * 9_980).succeeded
    with pytest.raises(UsageError) as caught:
        run(pipeline, text="x" * 6_000, more="é" * 2_000)
    assert str(caught.value) == (
        "pipeline `wordy`: its arguments have 10,024 bytes together, but a cluster takes 10,000. "
        "Put a long argument into a file and pass its URI"
    )


def test_the_inputs_of_a_task_have_a_size_limit(run):
    @component
    def repeat(count: int) -> str:
        return "x" * count

    @dsl.pipeline(name="long")
    def pipeline(count: int) -> int:
        return measure(text=repeat(count=count).output).output

    assert run(pipeline, count=120_000).outputs == {"Output": 120_000}
    failed = next(task for task in run(pipeline, count=131_072).tasks if task.name == "measure")
    assert failed.error.startswith("its inputs have 131,")
    assert failed.error.endswith(
        " bytes as one argument, but Linux takes 131,071 on a cluster. Pass long values as an "
        "artifact"
    )


def test_an_import_with_reimport_is_repeated(run, tmp_path):
    @component
    def read(data: Input[Dataset]) -> str:
        return open(data.path).read()

    @dsl.pipeline(name="reimports")
    def pipeline(uri: str) -> str:
        data = dsl.importer(artifact_uri=uri, artifact_class=Dataset, reimport=True)
        return read(data=data.output).output

    source = tmp_path / "data.txt"
    for text in ("first", "second"):
        source.write_text(text)
        assert run(pipeline, uri=str(source)).outputs == {"Output": text}


def test_a_task_that_asks_for_an_accelerator_runs_with_a_warning(run):
    @component
    def train() -> str:
        return "trained"

    @dsl.pipeline(name="accelerated")
    def pipeline() -> str:
        train().set_display_name("Tune").set_accelerator_type("nvidia.com/gpu")
        task = train().set_accelerator_type("TPU_V3").set_accelerator_limit(8)
        return task.set_display_name("Train").output

    seen = []
    result = run(pipeline, observer=seen.append)
    assert result.outputs == {"Output": "trained"}
    assert [event.sentence for event in seen if isinstance(event, Warned)] == [
        "task `Tune` asks for 1 nvidia.com/gpu, but the local runner assigns none. The task may "
        "use what this machine has",
        "task `Train` asks for 8 TPU_V3, but the local runner assigns none. The task may use what "
        "this machine has",
    ]
