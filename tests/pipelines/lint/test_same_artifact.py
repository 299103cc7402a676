"""Rule `same_artifact`: two inputs of a task that hold the same artifact."""

from typing import List  # noqa: UP035

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.pipelines.lint.lint import Finding

PINNED = "registry.example/image@sha256:" + "0" * 64


component = dsl.component(base_image=PINNED, install_kfp_package=False)


@component
def make(n: int, out: Output[Artifact]):
    pass


@component
def constant(out: Output[Artifact]):
    pass


@component
def use(a: Input[Artifact], b: Input[Artifact]):
    pass


@component
def use_all(artifacts: Input[List[Artifact]]):  # noqa: UP006
    pass


def named(reported: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.place) for finding in reported]


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
        "its inputs `a` and `b` are one artifact: the metadata store takes an artifact only once "
        "as an input of a task, so the task fails",
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
