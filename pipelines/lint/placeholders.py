"""Rules about placeholders that no backend resolves, or only newer ones."""

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
from quantgate.pipelines.lint.findings import Found

_OF_PIPELINE = re.compile(r"\{\{\$\.pipeline_\w+\}\}")
_ANY = re.compile(r"\{\{\$.*?\}\}")
_NAME = r"\['[^']+'\]"
#: Those that the launcher replaces in commands and arguments.
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


def placeholder(file: PipelineFile) -> Iterator[Found]:
    """Yield placeholders that stay as they are."""
    for task in tasks_of(file):
        for name, value in sorted(task.constants.items()):
            yield from _in_constant(f"{task.place}, input `{name}`", value)
    for executor in executors_of(file):
        yield from _in_container(executor)


def time_placeholder(file: PipelineFile) -> Iterator[Found]:
    """Yield placeholders of times, which are text or empty before 2.17."""
    for task in tasks_of(file):
        for name, value in sorted(task.constants.items()):
            if value in _TIMES:
                yield Found(
                    f"{task.place}, input `{name}`",
                    f"{value} stays as it is on KFP 2.14 and 2.15, and is empty on 2.16",
                    "take the time in the component, or run on KFP 2.17",
                )


def if_present(file: PipelineFile) -> Iterator[Found]:
    """Yield `dsl.IfPresentPlaceholder`, which backends before 2.17 leave as it is."""
    for executor in executors_of(file):
        for place, line in _lines(executor):
            if line.lstrip().startswith(_IF_PRESENT):
                yield Found(
                    place,
                    "it is a dsl.IfPresentPlaceholder, which stays as it is before KFP 2.17",
                    "pass the input always, and let the program ignore an empty one",
                )


def _in_constant(place: str, value: object) -> Iterator[Found]:
    if value == _ROOT:
        yield Found(
            place,
            f"no backend resolves {_ROOT}, and it stays as it is",
            "pass the root as a parameter of the pipeline",
        )
        return
    for line in texts_in(value):
        inside = _OF_PIPELINE.search(line)
        if inside and (line != inside.group() or line is not value):
            yield Found(
                place,
                f"{inside.group()} is a part of the text, and stays as it is on a cluster",
                "hand the placeholder in as an input of its own and join the texts in "
                "the component",
            )


def _in_container(executor: Executor) -> Iterator[Found]:
    for place, line in _lines(executor):
        if line.startswith(_CONCAT):
            yield Found(
                place,
                "it is a dsl.ConcatPlaceholder, which no backend resolves",
                'write it as one text, as in f"--name={name}"',
            )
        else:
            yield from _literal(place, [each for each in _tokens(line) if not _resolves(each)])
    for variable in parts(executor.container, "env"):
        place = f"{executor.place}, variable `{text(variable, 'name')}`"
        yield from _literal(place, _tokens(text(variable, "value")))


def _literal(place: str, tokens: list[str]) -> Iterator[Found]:
    if tokens:
        yield Found(
            place,
            f"no backend resolves {' and '.join(tokens)} in a container, where it stays as it is",
            "make it an input of the component, and use that",
        )


def _tokens(line: str) -> list[str]:
    return sorted(set(_ANY.findall(line)))


def _resolves(token: str) -> bool:
    return bool(_RESOLVED.fullmatch(token))


def _lines(executor: Executor) -> Iterator[tuple[str, str]]:
    """Yield the words of a command but for a component's source."""
    source = source_of(executor)
    for key in ("command", "args"):
        for index, line in enumerate(texts(executor.container, key)):
            if line != source:
                yield f"{executor.place}, {key}[{index}]", line
