"""Tasks that run a command, and the pip commands that they need not run."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH123, UP006, UP035, UP045

from typing import List, Optional

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Input, Output, OutputPath

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


def test_a_container_component_runs_its_command(run):
    @dsl.container_component
    def shell(
        text: str, count: int, out: Output[Artifact], words: OutputPath(str),
        extra: Optional[str] = None,
    ):  # fmt: skip
        return dsl.ContainerSpec(
            image="alpine",
            command=["sh", "-ec", 'echo "$1" > "$2"; shift 2; printf "%s|" "$@" > "$0"'],
            args=[
                words,
                dsl.ConcatPlaceholder(["<", text, ">"]),
                out.path,
                count,
                dsl.IfPresentPlaceholder("extra", ["--extra", extra], else_=["--none"]),
            ],
        )

    @component
    def read(data: Input[Artifact], words: str) -> List[str]:
        return [open(data.path).read(), words]

    @dsl.pipeline(name="shells")
    def pipeline(extra: Optional[str] = None) -> List[str]:
        done = shell(text="a b $HOME", count=2, extra=extra)
        return read(data=done.outputs["out"], words=done.outputs["words"]).output

    assert run(pipeline).outputs == {"Output": ["<a b $HOME>\n", "2|--none|"]}
    assert run(pipeline, extra="x y").outputs["Output"][1] == "2|--extra|x y|"


def test_a_failed_command_reports_its_exit_code(run):
    @dsl.container_component
    def fail():
        return dsl.ContainerSpec(image="alpine", command=["sh", "-c", "echo oh >&2; exit 3"])

    @dsl.pipeline(name="shell-fails")
    def pipeline():
        fail()

    task = run(pipeline).tasks[0]
    assert (task.error, task.log_tail) == ("ended with exit code 3", "oh")


def test_pip_is_not_called_and_the_log_says_so(run):
    @dsl.component(base_image="image:1", packages_to_install=["no-such-package"])
    def install() -> int:
        return 1

    @dsl.pipeline(name="installing")
    def pipeline() -> int:
        return install().output

    result = run(pipeline)
    assert result.outputs == {"Output": 1}
    assert result.tasks[0].log_tail == (
        "[local runner] pip is not called. The task uses the packages of this environment"
    )
