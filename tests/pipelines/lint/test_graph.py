"""Rules about the graph: names, lists, branches and exit tasks in KFP's driver and compiler."""

from typing import List  # noqa: UP035

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output, PipelineTaskFinalStatus

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.lint.lint import Finding, lint

PINNED = "registry.example/image@sha256:" + "0" * 64
component = dsl.component(base_image=PINNED, install_kfp_package=False)


@component
def make(n: int, out: Output[Artifact]):
    pass


@component
def constant(out: Output[Artifact]):
    pass


@component
def number(n: int = 1) -> int:
    return n


@component
def use(a: Input[Artifact], b: Input[Artifact]):
    pass


@component
def use_one(a: Input[Artifact]):
    pass


@component
def use_all(artifacts: Input[List[Artifact]]):  # noqa: UP006
    pass


@component
def add(numbers: List[int]):  # noqa: UP006
    pass


@component
def clean_up(n: int):
    pass


@component
def report(status: PipelineTaskFinalStatus):
    pass


@dsl.pipeline
def nested(artifacts: Input[List[Artifact]]):  # noqa: UP006
    use_all(artifacts=artifacts)


def named(reported: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.place) for finding in reported]


def test_importer_name(findings) -> None:
    @dsl.pipeline
    def pipeline(uri: str):
        renamed = dsl.importer(artifact_uri=uri, artifact_class=Model)
        renamed.set_display_name("Import model")
        use_one(a=renamed.output).set_display_name("Use it")
        use_one(a=dsl.importer(artifact_uri=uri, artifact_class=Dataset).output)
        dsl.importer(artifact_uri="gs://b/m", artifact_class=Model).set_display_name("Unused")

    (finding,) = findings(pipeline)
    assert finding == Finding(
        "importer-name",
        "error",
        "task `importer`",
        "it is an importer named `Import model`, and its consumers fail with `cannot find producer "
        'task "importer"`',
        "leave out its set_display_name",
    )


def test_importer_name_behind_the_output_of_a_nested_pipeline(findings) -> None:
    @dsl.pipeline
    def inner() -> Model:
        task = dsl.importer(artifact_uri="gs://b/m", artifact_class=Model)
        return task.set_display_name("Import model").output

    @dsl.pipeline
    def pipeline():
        use_one(a=inner().output)

    assert named(findings(pipeline)) == [("importer-name", "task `inner.importer`")]


def test_loop_name(findings) -> None:
    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor([1, 2], name="collected") as item:
            made = number(n=item)
        with dsl.ParallelFor([1, 2], name="not collected") as item:
            number(n=item)
        with dsl.ParallelFor([1, 2]) as item:
            other = number(n=item)
        add(numbers=dsl.Collected(made.output))
        add(numbers=dsl.Collected(other.output))

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.severity, finding.fixed_in) == ("loop-name", "warning", "2.16")
    assert finding.place == "task `for-loop-2`"
    assert finding.message == (
        "the loop is named `collected`, and KFP 2.14 and 2.15 do not find what is collected from it"
    )


def test_loop_name_of_an_inner_loop(findings) -> None:
    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor([1, 2]) as item, dsl.ParallelFor([3, 4], name="inner") as other:
            made = make(n=other)
            number(n=item)
        use_all(artifacts=dsl.Collected(made.outputs["out"]))

    assert named(findings(pipeline)) == [("loop-name", "task `for-loop-2.for-loop-4`")]


def test_pipeline_name() -> None:
    for name, message in (("", "it has no name"), ("ÄÖ", "its name is `ÄÖ`, and a cluster ")):
        (finding,) = lint(PipelineFile({"pipelineInfo": {"name": name}}, 1))
        assert (finding.rule, finding.place) == ("pipeline-name", "the pipeline")
        assert finding.message.startswith(message)
    assert lint(PipelineFile({"pipelineInfo": {"name": "digits"}}, 1)) == []


def test_same_artifact(findings) -> None:
    @dsl.pipeline
    def pipeline():
        made = make(n=1).outputs["out"]
        use(a=made, b=made)
        use(a=made, b=make(n=2).outputs["out"])

    (finding,) = findings(pipeline)
    assert finding == Finding(
        "same-artifact",
        "error",
        "task `use`",
        "its inputs `a` and `b` are one artifact: the metadata store takes an artifact once as "
        "input of a task, and the task fails",
        "pass it once, and let the component use it for both",
    )


def test_same_artifact_of_two_importers(findings) -> None:
    @dsl.pipeline
    def pipeline(uri: str, other: str):
        def imported(place, artifact_class=Model, **options):
            return dsl.importer(artifact_uri=place, artifact_class=artifact_class, **options).output

        use(a=imported(uri), b=imported(uri))
        use(a=imported("gs://b/m"), b=imported("gs://b/m"))
        use(a=imported(uri), b=imported(other))
        use(a=imported(uri), b=imported(uri, Dataset))
        use(a=imported(uri), b=imported(uri, reimport=True))
        use(a=imported(uri), b=imported(uri, metadata={"of": "other"}))

    assert named(findings(pipeline)) == [
        ("same-artifact", "task `use`"),
        ("same-artifact", "task `use-2`"),
    ]


def test_same_artifact_through_a_nested_pipeline_and_into_one(findings) -> None:
    @dsl.pipeline
    def makes() -> Artifact:
        return make(n=1).outputs["out"]

    @dsl.pipeline
    def uses(a: Input[Artifact], b: Input[Artifact]):
        use(a=a, b=b)
        use(a=a, b=a)

    @dsl.pipeline
    def pipeline():
        made = makes()
        uses(a=made.output, b=made.output)

    assert named(findings(pipeline)) == [
        ("same-artifact", "task `uses`"),
        ("same-artifact", "task `uses.use-2`"),
    ]


def test_same_artifact_in_each_iteration(findings) -> None:
    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor([1, 2]):
            same = constant()
        with dsl.ParallelFor([1, 1]) as item:
            twice = make(n=item)
        with dsl.ParallelFor([1, 2]) as item:
            differs = make(n=item)
            uncached = constant().set_caching_options(False)
        for task in (same, twice, differs, uncached):
            use_all(artifacts=dsl.Collected(task.outputs["out"]))

    reported = findings(pipeline)
    assert named(reported) == [
        ("same-artifact", "task `use-all`, input `artifacts`"),
        ("same-artifact", "task `use-all-2`, input `artifacts`"),
    ]
    assert reported[0].message.startswith("`constant` gets the same inputs in each iteration, and ")
    assert reported[1].message.startswith("`for-loop-4` has an item more than once, and the cache ")


def test_nested_list(findings) -> None:
    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor([1, 2]) as item:
            made = make(n=item)
        nested(artifacts=dsl.Collected(made.outputs["out"]))
        use_all(artifacts=dsl.Collected(made.outputs["out"]))

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.severity) == ("nested-list", "error")
    assert finding.place == "task `nested`, input `artifacts`"
    assert finding.message == (
        "a list of artifacts goes into a nested pipeline, and only one of them arrives"
    )


def test_collected_nested(findings) -> None:
    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor([1, 2]), dsl.ParallelFor([3, 4]) as inner:
            made = number(n=inner)
        with dsl.ParallelFor([1, 2]):
            with dsl.ParallelFor([3, 4]) as inner:
                other = number(n=inner)
            add(numbers=dsl.Collected(other.output))
        add(numbers=dsl.Collected(made.output))

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.severity) == ("collected-nested", "warning")
    assert finding.place == "task `add-2`, input `numbers`"
    assert finding.message == (
        "it is collected over `for-loop-2` and `for-loop-4`, and arrives as one flat list instead "
        "of a list of lists"
    )


def test_collected_if(findings) -> None:
    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor([1, 2]) as item:
            with dsl.If(item == 1):
                made, skipped = make(n=item), number(n=item)
            with dsl.If(item == 1):
                one = number(n=item)
            with dsl.Else():
                other = number(n=item)
            either = number(n=dsl.OneOf(one.output, other.output))
        use_all(artifacts=dsl.Collected(made.outputs["out"]))
        add(numbers=dsl.Collected(skipped.output))
        add(numbers=dsl.Collected(either.output))

    reported = findings(pipeline)
    assert named(reported) == [
        ("collected-if", "task `add`, input `numbers`"),
        ("collected-if", "task `use-all`, input `artifacts`"),
    ]
    assert reported[0].severity == "error"
    assert reported[0].message == (
        "it is collected from `condition-3`, and the driver crashes if an iteration skips that task"
    )


def test_a_loop_inside_a_branch_is_collected_from(findings) -> None:
    @dsl.pipeline
    def pipeline(go: bool):
        with dsl.If(go == True):  # noqa: E712
            with dsl.ParallelFor([1, 2]) as item:
                made = number(n=item)
            add(numbers=dsl.Collected(made.output))

    assert findings(pipeline) == []


def test_oneof_artifact(findings) -> None:
    @dsl.pipeline
    def pipeline(n: int):
        with dsl.If(n == 1):
            one, first = make(n=1), number(n=1)
        with dsl.Else():
            other, second = make(n=2), number(n=2)
        use_one(a=dsl.OneOf(one.outputs["out"], other.outputs["out"]))
        number(n=dsl.OneOf(first.output, second.output))

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.severity, finding.fixed_in) == (
        "oneof-artifact",
        "warning",
        "2.17",
    )
    assert finding.place == (
        "task `condition-branches-1`, output `pipelinechannel--condition-branches-1-oneof-1`"
    )


def test_after_ignored(findings) -> None:
    @dsl.pipeline
    def pipeline():
        ignoring = number(n=number().output).ignore_upstream_failure()
        clean_up(n=ignoring.output)
        clean_up(n=1).after(ignoring)
        clean_up(n=2).after(ignoring).ignore_upstream_failure()

    reported = [finding for finding in findings(pipeline) if finding.rule == "after-ignored"]
    assert [finding.place for finding in reported] == [
        "task `clean-up`",
        "task `clean-up-2`",
        "task `clean-up-3`",
    ]
    assert reported[0].message == (
        "it waits for `number-2`, which ignores upstream failures and is a hook on a cluster, no "
        "task: a cluster refuses the pipeline"
    )
    assert reported[2].message.endswith("no task: it never starts")


def test_exit_task(findings) -> None:
    @dsl.pipeline
    def pipeline():
        one, other = number(), number(n=2)
        with dsl.ParallelFor([1, 2]) as item:
            in_loop = number(n=item)
        clean_up(n=1).ignore_upstream_failure()
        clean_up(n=2).after(in_loop).ignore_upstream_failure()
        clean_up(n=3).after(one).ignore_upstream_failure()
        clean_up(n=4).after(one).ignore_upstream_failure()
        clean_up(n=5).after(number(n=6), other).ignore_upstream_failure()

    reported = findings(pipeline)
    before = "it ignores upstream failures, and "
    assert [(finding.rule, finding.place, finding.message) for finding in reported] == [
        ("exit-task", f"task `{place}`", before + problem)
        for place, problem in (
            ("clean-up", "waits for no task: a cluster never starts it"),
            (
                "clean-up-2",
                "a cluster starts nothing after `for-loop-2`, a loop, importer or volume",
            ),
            ("clean-up-3", "after `number` a cluster starts `clean-up-4` instead"),
            ("clean-up-5", "a cluster starts it once after each of `number-2` and `number-4`"),
        )
    ]


def test_exit_tasks_that_a_cluster_runs(findings) -> None:
    @dsl.pipeline
    def pipeline():
        number(n=number().output).ignore_upstream_failure()
        with dsl.ExitHandler(report()), dsl.ParallelFor([1, 2]) as item:
            number(n=item)

    assert findings(pipeline) == []


def test_artifact_iterator(findings) -> None:
    @dsl.pipeline
    def makes(items: List[int]) -> List[Artifact]:  # noqa: UP006
        with dsl.ParallelFor(items) as item:
            made = make(n=item)
        return dsl.Collected(made.outputs["out"])

    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor(makes(items=[1, 2]).output) as artifact:
            use_one(a=artifact)

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.severity) == ("artifact-iterator", "error")
    assert finding.message == "it loops over artifacts, and a cluster refuses the pipeline"


def test_the_uri_of_an_importer_comes_from_a_task(findings) -> None:
    @component
    def locate() -> str:
        return "gs://b/m"

    @dsl.pipeline
    def pipeline():
        dsl.importer(artifact_uri=locate().output, artifact_class=Model)

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.place) == ("artifact-uri", "task `importer`")
    assert finding.message.startswith("its URI is the output of a task, and importers of a cluster")
