"""Rules about the graph: names, lists, branches and exit tasks in KFP's driver and compiler."""

from kfp import dsl
from kfp.dsl import Dataset, Model, PipelineTaskFinalStatus
from pinned_components import add, component, make, number, use_all, use_one

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.lint.lint import Finding, lint


@component
def clean_up(n: int):
    pass


@component
def report(status: PipelineTaskFinalStatus):
    pass


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
        "it waits for `number-2`, which ignores upstream failures and is a hook on a cluster, not "
        "a task: a cluster refuses the pipeline"
    )
    assert reported[2].message.endswith("not a task: it never starts")


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


def test_the_uri_of_an_importer_comes_from_a_task(findings) -> None:
    @component
    def locate() -> str:
        return "gs://b/m"

    @dsl.pipeline
    def pipeline():
        dsl.importer(artifact_uri=locate().output, artifact_class=Model)

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.place) == ("artifact-uri", "task `importer`")
    assert finding.message.startswith("its URI is the output of a task, and importers on a cluster")
