"""Rules about placeholders that backends do not resolve."""

import re
from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import (
    Executor,
    executors_of,
    parts,
    tasks_of,
    text,
    texts,
    texts_in,
)
from quantgate.pipelines.lint.code import source_of
from quantgate.pipelines.lint.findings import Violation

_OF_PIPELINE = re.compile(r"\{\{\$\.pipeline_\w+\}\}")
_ANY = re.compile(r"\{\{\$.*?\}\}")
_NAME = r"\['[^']+'\]"
#: The placeholders that the launcher resolves in commands and arguments.
_RESOLVED = re.compile(
    r"\{\{\$(\.inputs\.parameters"
    + _NAME
    + r"|\.(inputs|outputs)\.artifacts"
    + _NAME
    + r"\.(uri|path)|\.outputs\.parameters"
    + _NAME
    + r"\.output_file)?\}\}"
)
_ROOT = "{{$.pipeline_root}}"
_TIMES = ("{{$.pipeline_job_create_time_utc}}", "{{$.pipeline_job_schedule_time_utc}}")
_CONCAT, _IF_PRESENT = '{"Concat":', '{"IfPresent":'


def placeholder(file: PipelineFile) -> Iterator[Violation]:
    """Yield placeholders that no backend resolves."""
    for task in tasks_of(file):
        for name, value in sorted(task.constants.items()):
            yield from _in_constant(f"{task.place}, input `{name}`", value)
    for executor in executors_of(file):
        yield from _in_container(executor)


def time_placeholder(file: PipelineFile) -> Iterator[Violation]:
    """Yield placeholders of times, which backends before 2.17 do not resolve."""
    for task in tasks_of(file):
        for name, value in sorted(task.constants.items()):
            if value in _TIMES:
                yield Violation(
                    f"{task.place}, input `{name}`",
                    f"{value} stays as it is on KFP 2.14 and 2.15, and is empty on 2.16",
                    "take the time in the component, or run on KFP 2.17",
                )


def if_present(file: PipelineFile) -> Iterator[Violation]:
    """Yield `dsl.IfPresentPlaceholder`, which backends before 2.17 do not resolve."""
    for executor in executors_of(file):
        for place, line in _lines(executor):
            if line.lstrip().startswith(_IF_PRESENT):
                yield Violation(
                    place,
                    "it is a dsl.IfPresentPlaceholder, which stays as it is before KFP 2.17",
                    "always pass the input, and let the program ignore an empty one",
                )


def _in_constant(place: str, value: object) -> Iterator[Violation]:
    if value == _ROOT:
        yield Violation(
            place,
            f"no backend resolves {_ROOT}, and it stays as it is",
            "pass the root as a parameter of the pipeline",
        )
        return
    for line in texts_in(value):
        inside = _OF_PIPELINE.search(line)
        if inside and (line != inside.group() or line is not value):
            yield Violation(
                place,
                f"{inside.group()} is a part of the text, and stays as it is on a cluster",
                "pass the placeholder as a separate input, and join the texts in the component",
            )


def _in_container(executor: Executor) -> Iterator[Violation]:
    for place, line in _lines(executor):
        if line.startswith(_CONCAT):
            yield Violation(
                place,
                "it is a dsl.ConcatPlaceholder, which no backend resolves",
                'write it as one text, as in f"--name={name}"',
            )
        else:
            yield from _literal(place, [each for each in _tokens(line) if not _resolves(each)])
    for variable in parts(executor.container, "env"):
        place = f"{executor.place}, variable `{text(variable, 'name')}`"
        yield from _literal(place, _tokens(text(variable, "value")))


def _literal(place: str, tokens: list[str]) -> Iterator[Violation]:
    if tokens:
        yield Violation(
            place,
            f"no backend resolves {' and '.join(tokens)} in a container, where it stays as it is",
            "make it an input of the component, and use that",
        )


def _tokens(line: str) -> list[str]:
    return sorted(set(_ANY.findall(line)))


def _resolves(token: str) -> bool:
    return bool(_RESOLVED.fullmatch(token))


def _lines(executor: Executor) -> Iterator[tuple[str, str]]:
    """Yield the words of a command, without the source of a lightweight component."""
    source = source_of(executor)
    for key in ("command", "args"):
        for index, line in enumerate(texts(executor.container, key)):
            if line != source:
                yield f"{executor.place}, {key}[{index}]", line
