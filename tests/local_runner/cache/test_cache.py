"""The tasks that are taken from the cache, and those that run again."""

# Components are written as users write them.
# ruff: noqa: PTH103, PTH123, SIM115, T201, UP006, UP035

import os
from collections.abc import Callable
from pathlib import Path
from typing import List

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.local_runner import Event, dry_run, read_pipeline, run_pipeline
from quantgate.local_runner.records.events import TaskStarted, Warned

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def shout(text: str, data: Input[Dataset], made: Output[Model]) -> str:
    import os

    print(f"shouting {text}")
    os.makedirs(made.path + "/a b/empty")
    with open(made.path + "/a b/ünïcode", "w") as stream:
        stream.write(text.upper() + open(data.path).read())
    made.metadata["words"] = 1
    made.metadata["share"] = 0.5
    return text + "!"


@component
def read(model: Input[Model], words: List[str]) -> str:
    with open(model.path + "/a b/ünïcode") as stream:
        return stream.read() + str(model.metadata) + ",".join(words)


@component
def publish(text: str, to: str):
    with open(to, "a") as stream:
        stream.write(text)


@dsl.pipeline(name="chain")
def chain(source: str, text: str, to: str, words: List[str] = ["x"]) -> str:  # noqa: B006
    data = dsl.importer(artifact_uri=source, artifact_class=Dataset).output
    shouted = shout(text=text, data=data).set_display_name("Shout")
    done = read(model=shouted.outputs["made"], words=words).set_display_name("Read")
    publish(text=done.output, to=to).set_caching_options(False).set_display_name("Publish")
    return done.output


class Recorder:
    """An observer that records all events."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.warnings: list[str] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, TaskStarted):
            self.started.append(event.task.display_name)
        if isinstance(event, Warned):
            self.warnings.append(event.sentence)


class Bench:
    """A pipeline with its data and a cache, which can be run repeatedly."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder = folder
        self.cache = folder / "the cäche"
        self.pipeline = read_pipeline(source)
        self.data = folder / "data.txt"
        self.data.write_text("data")
        self.runs = 0

    def arguments(self, **changed):
        given = {"source": str(self.data), "text": "a", "to": str(self.folder / "published")}
        return {**given, **changed}

    def run(self, pipeline=None, **changed):
        self.runs += 1
        root = self.folder / f"run {self.runs}"
        self.recorder = Recorder()
        result = run_pipeline(
            pipeline or self.pipeline,
            self.arguments(**changed),
            root / "artifacts",
            root / "logs",
            observer=self.recorder,
            cache=self.cache,
        )
        assert result.succeeded, [task.error for task in result.tasks]
        return result

    def ran(self, **changed) -> set[str]:
        """Return the names of the tasks that ran, without importers."""
        result = self.run(**changed)
        return {task.display_name for task in result.tasks if not task.cached} - {"importer"}

    def fates(self, **changed) -> dict[str, str | None]:
        planned = dry_run(self.pipeline, self.arguments(**changed), self.cache)
        return {task.display_name: task.to_run for task in planned}


@pytest.fixture
def bench(compiled, tmp_path) -> Bench:
    return Bench(tmp_path, compiled(chain))


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_finished_tasks_do_not_run_again(bench):
    first = bench.run()
    assert {task.display_name for task in first.tasks if task.cached} == set()
    second = bench.run()
    assert {task.display_name for task in second.tasks if task.cached} == {"Shout", "Read"}
    assert second.outputs == first.outputs
    assert first.outputs["Output"] == "Adata{'share': 0.5, 'words': 1}x"
    assert bench.recorder.started == ["importer", "Publish"]
    assert (bench.folder / "published").read_text() == first.outputs["Output"] * 2
    made = [bench.folder / f"run {number}/artifacts/chain/shout/made" for number in (1, 2)]
    assert content(made[0]) == content(made[1]) == {"a b/ünïcode": b"Adata"}


def test_fully_cached_run_starts_no_process(compiled, bench):
    @dsl.pipeline(name="pure")
    def pure(source: str, text: str, to: str):
        data = dsl.importer(artifact_uri=source, artifact_class=Dataset).output
        shout(text=text, data=data)

    pipeline = read_pipeline(compiled(pure))
    bench.run(pipeline)
    assert (bench.folder / "run 1/logs/imports.log").is_file()
    bench.run(pipeline)
    assert not (bench.folder / "run 2/logs/imports.log").exists()


def test_log_is_restored_with_the_outputs(bench):
    bench.run()
    (task,) = (task for task in bench.run().tasks if task.name == "shout")
    note, printed = task.log.read_text("utf-8").splitlines()
    assert note.startswith("[local runner] from the cache, run at 20")
    assert printed == "shouting a"


@pytest.mark.parametrize(
    ("changed", "ran", "why"),
    [
        (
            {"text": "b"},
            {"Shout", "Read", "Publish"},
            ["parameter text changed", "waits for `Shout`", "waits for `Shout`"],
        ),
        (
            {"words": ["y"]},
            {"Read", "Publish"},
            [None, "parameter words changed", "waits for `Read`"],
        ),
        ({"to": os.devnull}, {"Publish"}, [None, None, "it runs every time"]),
    ],
)
def test_only_tasks_that_depend_on_a_change_run_again(bench, changed, ran, why):
    bench.run()
    fates = bench.fates(**changed)
    assert [fates[name] for name in ("Shout", "Read", "Publish")] == why
    assert bench.ran(**changed) == ran
    assert bench.ran() == {"Publish"}


def test_inputs_are_identified_by_content(bench):
    bench.run()
    copy = bench.folder / "elsewhere" / "data.txt"
    copy.parent.mkdir()
    copy.write_text("data")
    assert bench.ran(source=str(copy)) == {"Publish"}
    bench.data.write_text("dat2")
    assert bench.fates()["Shout"] == "input data changed"
    assert bench.ran() == {"Shout", "Read", "Publish"}


def test_changed_file_name_runs_the_task_again(bench):
    bench.run()
    renamed = bench.data.rename(bench.folder / "data.csv")
    assert bench.fates(source=str(renamed))["Shout"] == "input data changed"


def test_dry_run_explains_hits_and_misses(bench):
    before = sorted(bench.folder.rglob("*"))
    assert bench.fates() == {
        "importer": None,
        "Shout": "no entry yet",
        "Read": "waits for `Shout`",
        "Publish": "waits for `Shout`",
    }
    assert sorted(bench.folder.rglob("*")) == before
    bench.run()
    assert bench.fates() == {
        "importer": None,
        "Shout": None,
        "Read": None,
        "Publish": "it runs every time",
    }


def test_failed_task_runs_again(compiled, bench):
    @component
    def fragile(to: str) -> int:
        import os

        if os.path.exists(to):  # noqa: PTH110
            return 1
        open(to, "w").close()
        raise ValueError("the first time")

    @dsl.pipeline(name="fragile")
    def pipeline(source: str, text: str, to: str) -> int:
        return fragile(to=to).output

    pipeline = read_pipeline(compiled(pipeline))
    folder = bench.folder
    given = bench.arguments()
    failed = run_pipeline(pipeline, given, folder / "a", folder / "b", cache=bench.cache)
    assert [task.error for task in failed.tasks] == ["ValueError: the first time"]
    assert bench.run(pipeline).outputs == {"Output": 1}


def test_passes_of_a_loop_start_in_its_order(bench: Bench, compiled: Callable[..., Path]):
    @dsl.pipeline(name="ordered")
    def ordered(source: str):
        data = dsl.importer(artifact_uri=source, artifact_class=Dataset).output
        with dsl.ParallelFor(list("abcdefghijkl")) as item:
            shout(text=item, data=data)

    started: list[int | None] = []

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task.iteration is not None:
            started.append(event.task.iteration)

    folder = bench.folder / "ordered"
    places = (folder / "artifacts", folder / "logs")
    arguments = {"source": str(bench.data)}
    pipeline = read_pipeline(compiled(ordered))
    run_pipeline(pipeline, arguments, *places, jobs=1, observer=note, cache=bench.cache)
    assert started == [*range(12)]


def test_equal_tasks_of_one_run_run_once(compiled, bench):
    @component
    def count(same: str, to: str, made: Output[Artifact]) -> str:
        import time

        with open(to, "a") as stream:
            stream.write("I")
        time.sleep(0.2)
        with open(made.path, "w") as stream:
            stream.write("made")
        return same

    @component
    def glue(texts: List[str]) -> str:
        return "".join(texts)

    @dsl.pipeline(name="twins")
    def twins(source: str, text: str, to: str) -> str:
        with dsl.ParallelFor(["a", "a", "b"]) as item:
            counted = count(same=item, to=to).set_cpu_request("0.1")
        return glue(texts=dsl.Collected(counted.outputs["Output"])).output

    result = bench.run(read_pipeline(compiled(twins)))
    assert result.outputs == {"Output": "aab"}
    assert (bench.folder / "published").read_text() == "II"
    assert sum(task.cached for task in result.tasks) == 1
    assert len(list((bench.folder / "run 1").rglob("made"))) == 3


def test_additional_loop_item_runs_only_that_item(compiled, bench):
    @dsl.pipeline(name="items")
    def items(source: str, text: str, to: str, words: List[str]):
        data = dsl.importer(artifact_uri=source, artifact_class=Dataset).output
        with dsl.ParallelFor(words) as word:
            shout(text=word, data=data)

    bench.pipeline = read_pipeline(compiled(items))
    bench.run(words=["b", "c"])
    planned = dry_run(bench.pipeline, bench.arguments(words=["a", "b", "c"]), bench.cache)
    assert [(task.iteration, task.to_run) for task in planned if task.name == "shout"] == [
        (0, "no entry yet"), (1, None), (2, None),
    ]  # fmt: skip
    result = bench.run(words=["a", "b", "c"])
    assert {task.iteration for task in result.tasks if not task.cached} == {None, 0}


def test_later_task_cannot_change_the_cache(compiled, bench):
    @component
    def spoil(model: Input[Model]):
        with open(model.path + "/a b/ünïcode", "w") as stream:
            stream.write("spoiled")

    @dsl.pipeline(name="spoiling")
    def spoiling(source: str, text: str, to: str):
        data = dsl.importer(artifact_uri=source, artifact_class=Dataset).output
        made = shout(text=text, data=data).outputs["made"]
        spoil(model=made).set_caching_options(False)

    pipeline = read_pipeline(compiled(spoiling))
    for _ in range(3):
        result = bench.run(pipeline)
        assert bench.recorder.warnings == []
    assert [task.cached for task in result.tasks if task.name == "shout"] == [True]


def test_large_output_is_stored_once_and_a_change_to_it_is_noticed(compiled, bench):
    @component
    def make(large: Output[Model]):
        import os

        with open(large.path, "w"):
            os.truncate(large.path, 16 << 20)

    @component
    def size(large: Input[Model]) -> int:
        from pathlib import Path

        return Path(large.path).stat().st_size

    @dsl.pipeline(name="large")
    def pipeline(source: str, text: str, to: str):
        size(large=make().outputs["large"])

    read_once = read_pipeline(compiled(pipeline))
    bench.run(read_once)
    bench.run(read_once)
    first, second = (bench.folder / f"run {run}/artifacts/large/make/large" for run in (1, 2))
    assert first.samefile(second)
    assert (first.stat().st_nlink, first.stat().st_mode & 0o777) == (3, 0o444)
    first.chmod(0o644)
    first.write_bytes(b"changed")
    result = bench.run(read_once)
    assert not any(task.cached for task in result.tasks if task.name == "make")
    assert any("was changed" in warning for warning in bench.recorder.warnings)
    assert (bench.folder / "run 3/artifacts/large/make/large").stat().st_size == 16 << 20


def test_changed_code_of_imports_runs_the_task_again(compiled, bench, tmp_path, monkeypatch):
    package = tmp_path / "helping_hand"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "work.py").write_text("def answer():\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    @component
    def ask() -> int:
        from helping_hand.work import answer

        return answer()

    @dsl.pipeline(name="asking")
    def asking(source: str, text: str, to: str) -> int:
        return ask().output

    bench.pipeline = read_pipeline(compiled(asking))
    assert bench.run().outputs == {"Output": 1}
    assert bench.fates() == {"ask": None}
    (package / "work.py").write_text("def answer():\n    return 22\n")
    assert bench.fates() == {"ask": "the code of helping_hand changed"}
    assert bench.run().outputs == {"Output": 22}


def test_tasks_with_facts_of_the_run_are_not_cached(compiled, bench):
    @dsl.container_component
    def who(name: dsl.OutputPath(str), job: str):
        return dsl.ContainerSpec(
            image="alpine",
            command=["sh", "-c", 'mkdir -p "$(dirname "$0")"; printf %s "$1" > "$0"', name, job],
        )

    @dsl.pipeline(name="named")
    def named(source: str, text: str, to: str) -> str:
        return who(job=dsl.PIPELINE_JOB_NAME_PLACEHOLDER).outputs["name"]

    pipeline = read_pipeline(compiled(named))
    names = {bench.run(pipeline).outputs["Output"] for _ in range(2)}
    assert len(names) == 2


def test_links_count_as_their_targets(bench):
    bench.run()
    real = bench.folder / "real.txt"
    bench.data.rename(real)
    bench.data.symlink_to(real)
    assert bench.ran() == {"Publish"}
    real.write_text("changed")
    assert bench.ran() == {"Shout", "Read", "Publish"}
