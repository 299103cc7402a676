"""Small components that print their outputs."""

# KFP wants the old spellings, and components are written the way their users write them.
# ruff: noqa: PTH123, SIM115, T201, UP006, UP035

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output, OutputPath, PipelineTaskFinalStatus

component = dsl.component(base_image="none", install_kfp_package=False)
_SAY = 'mkdir -p "$(dirname "$0")"; printf "%s" "$1" | tee "$0"'
_ADD = 'mkdir -p "$(dirname "$0")"; echo "$(($1 + $2))" | tee "$0"'
_READ = 'mkdir -p "$(dirname "$0")"; cat "$1" "$2" | tee "$0"'
_LOOK = 'mkdir -p "$(dirname "$0")"; printenv "$1" | tee "$0"'


def shell(script: str, *arguments: object) -> dsl.ContainerSpec:
    return dsl.ContainerSpec(image="none", command=["sh", "-c", script, *arguments])


@dsl.container_component
def say(text: str, out: OutputPath(str)):
    return shell(_SAY, out, text)


@dsl.container_component
def number(value: int, out: OutputPath(int)):
    return shell(_SAY, out, value)


@dsl.container_component
def add(a: int, b: int, out: OutputPath(int)):
    return shell(_ADD, out, a, b)


@dsl.container_component
def show(values: list, out: OutputPath(str)):
    return shell(_SAY, out, values)


@dsl.container_component
def fail(out: OutputPath(str)):
    return shell("exit 3", out)


@dsl.container_component
def look(name: str, out: OutputPath(str)):
    """Return an environment variable."""
    return shell(_LOOK, out, name)


@dsl.container_component
def write(text: str, out: Output[Dataset]):
    return shell(_SAY, out.path, text)


@dsl.container_component
def save(value: int, out: Output[Dataset]):
    return shell(_SAY, out.path, value)


@dsl.container_component
def read(file: Input[Dataset], out: OutputPath(str)):
    return shell(_READ, out, file.path, "/dev/null")


@dsl.container_component
def read_both(one: Input[Dataset], two: Input[Dataset], out: OutputPath(str)):
    return shell(_READ, out, one.path, two.path)


@component
def read_all(files: Input[List[Dataset]]) -> str:
    contents = ",".join(open(file.path).read() for file in files)
    print(contents)
    return contents


@component
def report(final: PipelineTaskFinalStatus):
    print(final.state, final.pipeline_task_name, final.error_code, final.error_message)
