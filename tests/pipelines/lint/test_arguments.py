"""Rules about arguments of containers: their length, and the expansion of their text."""

from pathlib import Path
from typing import Any, List  # noqa: UP035

import pytest
import yaml
from kfp import compiler, dsl, kubernetes
from kfp.dsl import Artifact, Input, Model, Output

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.lint.lint import Finding, lint

PINNED = "registry.example/image@sha256:" + "0" * 64


component = dsl.component(base_image=PINNED, install_kfp_package=False)


@component
def read(text: str) -> str:
    return text


@component
def read_struct(values: dict) -> str:
    return str(values)


@component
def make(n: int, out: Output[Model], other: Output[Artifact]):
    pass


@component
def use_all(models: Input[List[Model]], others: Input[List[Artifact]]):  # noqa: UP006
    pass


@component
def expand() -> str:
    """Return what costs $$."""
    # $$ in a comment
    return "kill $$; echo $(HOME) $(LEVEL) $(date)"


def collecting(items: list[int], inner: list[int] | None = None) -> Any:
    """Return a pipeline that collects two artifacts of each iteration."""

    @dsl.pipeline(name="collecting")
    def pipeline():
        with dsl.ParallelFor(items) as item:
            if inner:
                with dsl.ParallelFor(inner) as other:
                    made = make(n=other)
            else:
                made = make(n=item)
        use_all(
            models=dsl.Collected(made.outputs["out"]), others=dsl.Collected(made.outputs["other"])
        )

    return pipeline


def stored_at(pipeline: Any, root: str, path: Path) -> list[Finding]:
    compiler.Compiler().compile(pipeline, str(path))
    document = yaml.load(path.read_text(), yaml.CSafeLoader)
    return lint(PipelineFile({**document, "defaultPipelineRoot": root}, 1))


def rules(reported: list[Finding]) -> list[str]:
    return [finding.rule for finding in reported]


@pytest.mark.parametrize(
    ("root", "most"),
    [("", 124), ("gs://bucket/root", 227), ("s3://bucket/root?region=eu-west-1", 120)],
)
def test_lists_of_artifacts(root: str, most: int, tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    (finding,) = stored_at(collecting(list(range(most + 1))), root, path)
    assert (finding.rule, finding.severity, finding.place) == (
        "argument-size",
        "error",
        "task `use-all`",
    )
    assert finding.message.startswith(
        f"what it collects from {most + 1} iterations of `for-loop-2` makes its inputs about 131,"
    )
    assert finding.message.endswith(f"enough for {most} iterations at most")
    assert stored_at(collecting(list(range(most))), root, path) == []


def test_lists_of_artifacts_from_loops_in_loops(findings) -> None:
    reported = findings(collecting([1, 2, 3], list(range(100))))
    assert rules(reported) == ["argument-size"]
    assert "300 iterations of `for-loop-2` and `for-loop-4`" in reported[0].message


def test_the_container_of_an_executor_is_one_argument_of_the_driver(findings) -> None:
    @dsl.container_component
    def long():
        return dsl.ContainerSpec(image=PINNED, command=["echo"], args=["x" * 70_000, "y" * 70_000])

    @dsl.pipeline
    def pipeline():
        long()

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.place) == ("argument-size", "executor `exec-long`")
    assert finding.message.startswith("its command, arguments and variables are 140,")


def test_the_tasks_of_a_pipeline_are_one_argument_of_the_driver(findings) -> None:
    @dsl.pipeline
    def pipeline():
        with dsl.ParallelFor([1, 2]):
            for _ in range(20):
                read(text="x" * 7_000)

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.place) == ("argument-size", "component `comp-for-loop-2`")
    assert finding.message.startswith("its tasks are 14")
    assert finding.advice == "move parts of it into nested pipelines"


def test_argument_expansion_of_inputs(findings) -> None:
    @dsl.pipeline
    def pipeline(default: str = "default $$", plain: str = "$x $( $(unknown) a$"):
        read(text="costs $$5")
        read_struct(values={"nested": ["$(KFP_POD_NAME)", "$(KUBERNETES_SERVICE_HOST)"], "$$": 1})
        read(text="$(LEVEL)")
        read(text="$(LEVEL)").set_env_variable("LEVEL", "3")
        read(text="$(date) $HOME ${HOME} $(PATH)")
        read(text=default)
        read(text=plain)
        with dsl.ParallelFor(["a", "b$$c"]) as item:
            read(text=item)
        dsl.importer(artifact_uri="gs://b/$$/m", artifact_class=Model)

    reported = [finding for finding in findings(pipeline) if finding.rule == "argument-expansion"]
    assert {(finding.place, finding.message.partition(" in it")[0]) for finding in reported} == {
        ("executor `exec-importer`, URI", "Kubernetes expands `$$`"),
        ("task `importer`, input `uri`", "Kubernetes expands `$$`"),
        ("task `read`, input `text`", "Kubernetes expands `$$`"),
        ("task `read-struct`, input `values`", "Kubernetes expands `$$`"),
        ("task `read-struct`, input `values`", "Kubernetes expands `$(KFP_POD_NAME)`"),
        ("task `read-struct`, input `values`", "Kubernetes expands `$(KUBERNETES_SERVICE_HOST)`"),
        ("task `read-3`, input `text`", "Kubernetes expands `$(LEVEL)`"),
        ("task `for-loop-2`, items of the loop", "Kubernetes expands `$$`"),
        ("the pipeline's parameter `default`", "Kubernetes expands `$$`"),
    }
    assert {finding.severity for finding in reported} == {"error"}


@component
def document() -> str:
    """Return what costs $$, or $(LEVEL)."""
    return "\\x24$"  # $$


def test_argument_expansion_of_source(findings) -> None:
    @dsl.pipeline
    def pipeline():
        document().set_env_variable("LEVEL", "3").set_caching_options(False)
        task = expand().set_env_variable("LEVEL", "3")
        kubernetes.use_secret_as_env(task, "login", {"home": "HOME"})
        kubernetes.use_config_map_as_env(task, "settings", {"date": "DATE"})
        task.set_caching_options(False)

    finding, *_ = findings(pipeline)
    assert finding.rule == "argument-expansion"
    assert finding.message == (
        "Kubernetes expands `$$` and `$(HOME)` and `$(LEVEL)` in it, as in every argument of a "
        "container"
    )


def test_argument_expansion_of_commands(findings) -> None:
    @dsl.container_component
    def meant():
        return dsl.ContainerSpec(
            image=PINNED, command=["sh", "-c"], args=["echo $(date) $$(id)", "--token=$(TOKEN)"]
        )

    @dsl.container_component
    def changed():
        return dsl.ContainerSpec(
            image=PINNED, command=["sh", "-c"], args=["echo $$", "$$(TOKEN)", "$(KFP_POD_UID)"]
        )

    @dsl.pipeline
    def pipeline():
        meant().set_env_variable("TOKEN", "x").set_caching_options(False)
        changed().set_env_variable("TOKEN", "a$$b").set_caching_options(False)

    reported = findings(pipeline)
    assert rules(reported) == ["argument-expansion"] * 4
    assert [finding.place.removeprefix("executor `exec-changed`, ") for finding in reported] == [
        "args[0]",
        "args[1]",
        "args[2]",
        "variable `TOKEN`",
    ]
