"""Rules about lists of artifacts, and about outputs collected from branches."""

from typing import List  # noqa: UP035

from kfp import dsl
from kfp.dsl import Artifact, Input
from pinned_components import add, make, number, use_all, use_one

from quantgate.pipelines.lint.lint import Finding


@dsl.pipeline
def nested(artifacts: Input[List[Artifact]]):  # noqa: UP006
    use_all(artifacts=artifacts)


def named(reported: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.place) for finding in reported]


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
