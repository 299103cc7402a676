"""The rule about text that Kubernetes expands in arguments: `$$`, and `$(NAME)` of a variable.

Task, container and inputs are arguments of the driver's pod and of the task's pod. They are
expanded in both.
"""

import re
from collections.abc import Iterator, Set

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import (
    Executor,
    Message,
    Task,
    executors_of,
    part,
    parts,
    tasks_of,
    text,
    texts,
    texts_in,
)
from quantgate.pipelines.lint.code import literals_of, source_of
from quantgate.pipelines.lint.findings import Violation

#: Environment variables in the pods of KFP and Argo.
_OF_PODS = frozenset(
    {
        "ARGO_CONTAINER_NAME",
        "ARGO_DEADLINE",
        "ARGO_INCLUDE_SCRIPT_OUTPUT",
        "ARGO_NODE_ID",
        "ARGO_PROGRESS_FILE",
        "ARGO_PROGRESS_FILE_TICK_DURATION",
        "ARGO_PROGRESS_PATCH_TICK_DURATION",
        "ARGO_TEMPLATE",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "KFP_POD_NAME",
        "KFP_POD_UID",
        "KFP_RETRY_INDEX",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    }
)
#: Environment variables of services, which Kubernetes sets in every pod of the namespace.
_OF_SERVICES = re.compile(r"(KUBERNETES|METADATA_GRPC|ML_PIPELINE|MYSQL|MINIO)_(SERVICE|PORT)_?\w*")
#: One step of Kubernetes' expansion. It always consumes the character after a `$`.
_STEP = re.compile(r"\$(?:\$|\(([^)]*)\)|.)", re.DOTALL)
#: `$$(NAME)` in a command is the escape for `$(NAME)`.
_ESCAPED = re.compile(r"\$\$\((\w+)\)")


def argument_expansion(file: PipelineFile) -> Iterator[Violation]:
    """Yield texts that change on their way from the file to a container."""
    for place, line, names in _lines(file):
        changed = sorted(set(_changes(line, names)))
        if changed:
            yield Violation(
                place,
                f"Kubernetes expands {' and '.join(changed)} in it, as in every argument of a "
                "container",
                "pass the text as an artifact, or encode it, for example as base64, and decode it "
                "in the component",
            )


def _changes(line: str, names: Set[str]) -> Iterator[str]:
    for step in _STEP.finditer(line):
        name = step.group(1)
        known = name in names or name in _OF_PODS or _OF_SERVICES.fullmatch(name or "")
        if step.group() == "$$" or known:
            yield f"`{step.group()}`"


def _lines(file: PipelineFile) -> Iterator[tuple[str, str, Set[str]]]:
    """Yield each text with its place, and the variables that the user sets in its container."""
    executors = {executor.name: executor for executor in executors_of(file)}
    for executor in executors.values():
        yield from _of_executor(executor)
    names = {name: variables(executor) for name, executor in executors.items()}
    everywhere = frozenset[str]().union(*names.values())
    for task in tasks_of(file):
        known = names.get(text(task.component, "executorLabel"), everywhere)
        for place, line in _of_task(task):
            yield place, line, known
    for name, line in _defaults(part(file.document, "root")):
        yield f"the pipeline's parameter `{name}`", line, everywhere


def _of_executor(executor: Executor) -> Iterator[tuple[str, str, Set[str]]]:
    own, none = variables(executor), frozenset[str]()
    source = source_of(executor)
    for key in ("command", "args"):
        for index, line in enumerate(texts(executor.container, key)):
            place = f"{executor.place}, {key}[{index}]"
            if line == source:
                yield place, literals_of(source) if "$" in source else "", own
            else:
                # A command that uses a variable of its own container wants it expanded.
                yield place, _without_escapes(line, own), none
    for variable in parts(executor.container, "env"):
        place = f"{executor.place}, variable `{text(variable, 'name')}`"
        yield place, text(variable, "value"), none
    for line in texts_in(part(executor.message, "importer", "artifactUri").get("constant")):
        yield f"{executor.place}, URI", line, none
    for name, line in _defaults(executor.component):
        yield f"{executor.place}, default of `{name}`", line, own


def _without_escapes(line: str, names: Set[str]) -> str:
    """Remove each `$$(NAME)` that the program gets as `$(NAME)`, as intended."""
    return _ESCAPED.sub(
        lambda escaped: escaped.group() if escaped.group(1) in names | _OF_PODS else "", line
    )


def _of_task(task: Task) -> Iterator[tuple[str, str]]:
    for name, value in sorted(task.constants.items()):
        for line in texts_in(value):
            yield f"{task.place}, input `{name}`", line
    yield (
        f"{task.place}, items of the loop",
        text(part(task.message, "parameterIterator", "items"), "raw"),
    )


def _defaults(component: Message) -> Iterator[tuple[str, str]]:
    declared = part(component, "inputDefinitions", "parameters")
    for name in sorted(declared):
        for line in texts_in(part(declared, name).get("defaultValue")):
            yield name, line


def variables(executor: Executor) -> Set[str]:
    """Return the environment variables that the pipeline sets in a container."""
    settings = executor.kubernetes
    from_keys = [
        text(key, "envVar")
        for kind in ("secretAsEnv", "configMapAsEnv")
        for source in parts(settings, kind)
        for key in parts(source, "keyToEnv")
    ]
    named = [*parts(executor.container, "env"), *parts(settings, "fieldPathAsEnv")]
    return frozenset({*from_keys, *(text(variable, "name") for variable in named)} - {""})
