"""Checks of `measure.metrics`: options that fit the metric, and unique names."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from quantgate.domain.figures import FIGURES, MAP, METRICS, RANGE
from quantgate.errors import KeyPath
from quantgate.spec.checks.names import metric_findings
from quantgate.spec.model.gate import RESERVED
from quantgate.spec.model.metric import Metric, Part, Step
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed

#: The metrics that take an option, by option.
_TAKERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        option: tuple(name for name, figure in METRICS.items() if option in figure.options)
        for option in dict.fromkeys(chain.from_iterable(one.options for one in METRICS.values()))
    }
)
#: An example of an option that some metric needs.
_EXAMPLES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "k": lambda metric: f"`{{metric: {metric}, k: 3}}`",
        "detection": lambda metric: (
            "`detection: {boxes: OUTPUT, scores: OUTPUT, classes: OUTPUT, format: yxyx}`"
        ),
        "truth": lambda metric: "`truth: {boxes: KEY, classes: KEY}`",
    }
)


def metrics_findings(metrics: Mapping[KeyPath, Metric]) -> Iterator[Finding]:
    """Check the well-formed entries."""
    seen: set[str] = set()
    for path, entry in metrics.items():
        yield from metric_findings(entry, (*path, "metric"))
        yield from _name_findings(entry, path, seen)
        yield from _option_findings(entry, path)
        yield from _range_findings(entry, path)
        yield from _needed_findings(entry, path)
        for number, step in enumerate(entry.postprocess or ()):
            yield from _step_findings(step, (*path, "postprocess", number))
        seen.add(entry.title)


def _name_findings(entry: Metric, path: KeyPath, seen: set[str]) -> Iterator[Finding]:
    key_path = (*path, "name" if entry.name else "metric")
    if entry.title in seen:
        message = f"`{entry.title}` is measured already"
        yield Finding(key_path, message, "List it once, or give this one another `name`.")
    elif entry.title in RESERVED:
        message = f"`{entry.title}` is a key of `gate`, so no metric can have this name"
        yield Finding(key_path, message, "Give this one another `name`.")
    elif entry.title in FIGURES and entry.title != entry.metric:
        message = f"`{entry.title}` is the name of another metric"
        yield Finding(key_path, message, "Give this one another `name`.")


def _option_findings(entry: Metric, path: KeyPath) -> Iterator[Finding]:
    for option, metrics in _TAKERS.items():
        is_taken = entry.metric in metrics or (option == RANGE and entry.is_own)
        if getattr(entry, option) is not None and not is_taken:
            verb = "do" if len(metrics) > 1 else "does"
            message = f"`{entry.metric}` takes no `{option}`"
            hint = f"Only {listed(metrics, 'and')} {verb}. Remove it."
            yield Finding((*path, option), message, hint, at_key=True)
    if entry.label is not None and not entry.takes_label:
        message = f"`{entry.metric}` takes no `label`"
        hint = "It is not computed from labels. Remove it."
        yield Finding((*path, "label"), message, hint, at_key=True)
    if entry.better is not None and not entry.is_own:
        message = f"`{entry.metric}` takes no `better`"
        hint = "Only Python functions do. Remove it."
        yield Finding((*path, "better"), message, hint, at_key=True)


def _range_findings(entry: Metric, path: KeyPath) -> Iterator[Finding]:
    if entry.range and not entry.range[0] < entry.range[1]:
        message = f"{dotted((*path, RANGE))} cannot be {entry.range}"
        yield Finding((*path, RANGE), message, "Write the least value first, as in `[0, 1]`.")


def _needed_findings(entry: Metric, path: KeyPath) -> Iterator[Finding]:
    needed = METRICS[entry.metric].needs if entry.metric in METRICS else ()
    for key in needed:
        if getattr(entry, key) is None:
            message = f"{dotted(path)} needs the key `{key}`"
            yield Finding(path, message, f"Write for example {_EXAMPLES[key](entry.metric)}.")
    if entry.metric == MAP.name:
        yield from _detection_findings(entry, path)
    if entry.is_own and entry.better is None:
        message = f"{dotted(path)} needs the key `better`"
        hint = f"Write `{{metric: {entry.metric}, better: higher}}`, or `better: lower`."
        yield Finding(path, message, hint)


def _detection_findings(entry: Metric, path: KeyPath) -> Iterator[Finding]:
    for key in ("output", "postprocess"):
        if getattr(entry, key) is not None:
            message = f"`{MAP.name}` takes no `{key}`"
            yield Finding((*path, key), message, "`detection` names its outputs.", at_key=True)


def _step_findings(step: Step, path: KeyPath) -> Iterator[Finding]:
    if len(step.model_dump()) != 1:
        message = f"{dotted(path)} must have one of {listed(Step.model_fields, 'and')}"
        yield Finding(path, message, "Write each step as a separate entry.")
    if step.reshape and (step.reshape.count(-1) > 1 or min(step.reshape) < -1 or 0 in step.reshape):
        message = f"{dotted(path)} cannot be {step.reshape}"
        yield Finding(path, message, "Sizes are at least 1, and one of them may be -1.")
    if step.slice and _is_empty(step.slice):
        message = f"{dotted(path)} keeps no value"
        yield Finding(path, message, "Write a `stop` above `start`, or leave one of them out.")


def _is_empty(part: Part) -> bool:
    """Return whether a part has no values, whatever the size of the dimension."""
    start, stop = part.start or 0, part.stop
    return stop is not None and (start < 0) == (stop < 0) and stop <= start
