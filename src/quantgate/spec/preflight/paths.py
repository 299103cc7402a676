"""Checks of a spec's paths before a run, without TensorFlow."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from quantgate.errors import KeyPath
from quantgate.foundation.files import named_pipe_in
from quantgate.records.published import OTHER_TARGET, belongs_to, owner
from quantgate.spec.model.data import CalibrationSamples, DataSource, EvaluationSamples
from quantgate.spec.model.formats import PYTHON, declared_format, has_location
from quantgate.spec.model.functions import may_be_in_an_image, travels
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.spec import Spec
from quantgate.spec.preflight.data_source import callable_findings, label_findings, source_findings
from quantgate.spec.preflight.saved_model import keras_findings, saved_model_findings
from quantgate.spec.preflight.signatures import graph_findings
from quantgate.spec.preflight.tflite_file import tflite_findings
from quantgate.spec.problems.findings import Finding, Missing
from quantgate.spec.problems.wording import did_you_mean, dotted, few, shortened
from quantgate.spec.reading.load import LoadedSpec

Check = Callable[[Path], Iterator[Finding]]
Contents = Callable[[Sequence[Finding]], Iterable[Finding]]
#: The check of a model in a single file, by its key.
_FILE_CHECKS = {"keras": keras_findings, "tflite": tflite_findings}


def preflight(
    loaded: LoadedSpec, contents: Contents = lambda known: (), *, runs_here: bool = True
) -> None:
    """Check that the local paths of a spec exist and have the right content.

    URIs are not checked, as this machine may not have access to them.

    Args:
        loaded: the spec.
        contents: a further check of the files, which takes the problems so far.
        runs_here: whether the spec will run on this machine. If not, paths may be missing here,
            and nothing is published here.

    Raises:
        SpecError: a path is missing or wrong. The error lists all problems.
    """
    findings = [
        *_model_findings(loaded),
        *_calibration_findings(loaded),
        *_evaluation_findings(loaded),
        *_search_data_findings(loaded),
        *_metric_findings(loaded),
        *_field_findings(loaded),
        *(_promotion_findings(loaded) if runs_here else ()),
    ]
    if not runs_here:
        findings = [finding for finding in findings if not isinstance(finding, Missing)]
    findings += contents(findings)
    if findings:
        raise loaded.source.error(findings)


def _model_findings(loaded: LoadedSpec) -> Iterator[Finding]:
    model, path = loaded.spec.model, ("model", loaded.spec.model.key)

    def check(target: Path) -> Iterator[Finding]:
        if model.key == "saved_model":
            findings = list(saved_model_findings(target, path))
            yield from findings or graph_findings(target, loaded.spec)
        else:
            yield from _FILE_CHECKS[model.key](target, path)

    return _checked(loaded, model.location, path, check)


def _calibration_findings(loaded: LoadedSpec) -> Iterator[Finding]:
    calibration, evaluation = loaded.spec.data.calibration, loaded.spec.data.evaluation
    if not calibration:
        return
    path: KeyPath = ("data", "calibration")
    yield from _samples_findings(loaded, calibration, path, evaluation.label)
    for key, samples in calibration.signatures.items():
        own = (*path, "signatures", key)
        yield from _samples_findings(loaded, samples, own, evaluation.of(key).label)


def _samples_findings(
    loaded: LoadedSpec, samples: CalibrationSamples, path: KeyPath, evaluation_label: str | None
) -> Iterator[Finding]:
    label_path, label = (*path, "label"), samples.label
    if label is None and samples.select == "stratified":
        label_path, label = (*path, "select"), evaluation_label
    return _source_findings(loaded, samples, path, {label_path: label})


def _evaluation_findings(loaded: LoadedSpec) -> Iterator[Finding]:
    evaluation, path = loaded.spec.data.evaluation, ("data", "evaluation")
    yield from _source_findings(loaded, evaluation, path, _keys_of(evaluation, path))
    for key, samples in evaluation.signatures.items():
        own = (*path, "signatures", key)
        yield from _source_findings(loaded, samples, own, _keys_of(samples, own))


def _search_data_findings(loaded: LoadedSpec) -> Iterator[Finding]:
    samples, path = loaded.spec.data.search, ("data", "search")
    if samples:
        yield from _source_findings(loaded, samples, path, {(*path, "label"): samples.label})


def _keys_of(samples: EvaluationSamples, path: KeyPath) -> dict[KeyPath, str | None]:
    """Return the keys that the spec names in the samples, by the path that names each."""
    return {(*path, "label"): samples.label, (*path, "group"): samples.group}


def _metric_findings(loaded: LoadedSpec) -> Iterator[Finding]:
    for number, metric in enumerate(loaded.spec.measure.metrics):
        if metric.is_own and _must_be_local(loaded.spec, metric.metric):
            path = ("measure", "metrics", number, "metric")
            yield from callable_findings(metric.metric, loaded.folder, path)


def _field_findings(loaded: LoadedSpec) -> Iterator[Finding]:
    """Check that the evaluation data has the arrays that metrics name."""
    evaluation, converted = loaded.spec.data.evaluation, loaded.spec.model.signatures
    for number, metric in enumerate(loaded.spec.measure.metrics):
        data = evaluation.of(metric.signature or converted[0])
        target = Path(loaded.locate(data.source))
        if not has_location(data) or scheme_of(data.source) or not _exists(target):
            continue
        for option, key in metric.fields.items():
            path = ("measure", "metrics", number, *option)
            yield from label_findings(target, data, key, path)


def _exists(target: Path) -> bool:
    try:
        return target.exists()
    except OSError:
        return False


def _must_be_local(spec: Spec, function: str) -> bool:
    return not (travels(spec, function) or may_be_in_an_image(spec))


def _source_findings(
    loaded: LoadedSpec, data: DataSource, around: KeyPath, keys: Mapping[KeyPath, str | None]
) -> Iterator[Finding]:
    path = (*around, "source")

    def check(target: Path) -> Iterator[Finding]:
        findings = list(source_findings(target, data, path))
        yield from findings or (
            finding
            for key_path, key in keys.items()
            for finding in label_findings(target, data, key, key_path)
        )

    if declared_format(data) == PYTHON:
        if not _must_be_local(loaded.spec, data.source):
            return iter(())
        return callable_findings(data.source, loaded.folder, path)
    return _checked(loaded, data.source, path, check) if has_location(data) else iter(())


def _promotion_findings(loaded: LoadedSpec) -> Iterator[Finding]:
    path = ("promote", "to")

    def check(target: Path) -> Iterator[Finding]:
        if target.is_file():
            message = f"`promote.to` is a file: {target}"
            yield Finding(path, message, "Name a folder. It is created if it does not exist.")
        publisher = owner(lambda name: _content(target / name))
        if publisher not in (None, loaded.spec.name):
            message = f"`promote.to` is in use, {target}: {belongs_to(publisher)}"
            yield Finding(path, message, OTHER_TARGET)

    if not loaded.spec.promote:
        return iter(())
    return _checked(loaded, loaded.spec.promote.to, path, check, must_exist=False)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _checked(
    loaded: LoadedSpec, location: str, path: KeyPath, check: Check, must_exist: bool = True
) -> Iterator[Finding]:
    if scheme_of(location):
        return
    target = Path(loaded.locate(location))
    try:
        if pipe := named_pipe_in(target):
            yield _named_pipe(pipe, target, path)
        elif target.exists() or not must_exist:
            yield from check(target)
        else:
            yield _missing(target, path, loaded.folder)
    except OSError as error:
        message = f"{dotted(path)} cannot be read: {shortened(str(target))}"
        yield Finding(path, message, f"The error is: {error.strerror}.")


def _named_pipe(pipe: Path, target: Path, path: KeyPath) -> Finding:
    if pipe == target:
        message = f"{dotted(path)} is a named pipe: {target}"
        return Finding(path, message, "Name a file or folder.")
    return Finding(path, f"{dotted(path)} has a named pipe in it: {pipe}", "Remove it.")


def _missing(target: Path, path: KeyPath, folder: Path) -> Missing:
    message = f"{dotted(path)} does not exist: {target}"
    siblings = [entry.name for entry in target.parent.iterdir()] if target.parent.is_dir() else []
    near = did_you_mean(target.name, siblings) or _present(target.parent, siblings)
    hint = _known_notation(target, folder) or near or f"Paths are relative to {folder}."
    return Missing(path, message, hint)


def _present(folder: Path, siblings: Sequence[str]) -> str | None:
    visible = sorted(name for name in siblings if not name.startswith("."))
    return f"{folder} has {few(visible, most=8)}." if visible else None


def _known_notation(target: Path, folder: Path) -> str | None:
    """Return the hint for `~` and backslashes, which a spec does not translate."""
    if target.is_relative_to(folder / "~"):
        home = Path.home() / target.relative_to(folder / "~")
        return f"`~` is not replaced in a spec. Write {home}."
    if "\\" in str(target):
        return "Write `/` in place of backslashes."
    return None
