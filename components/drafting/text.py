"""The text of a drafted spec, with a comment on each guess."""

import json
import math
import re
from pathlib import Path

from quantgate.components.drafting.draft import Draft
from quantgate.components.drafting.subject import SERVING
from quantgate.domain.figure import Figure
from quantgate.domain.figures import METRICS, SNR
from quantgate.domain.hardware import HARDWARE
from quantgate.spec.model.formats import IMAGES, SELF_LABELLED
from quantgate.statistics.sample_counts import LEAST_SAMPLES, least_samples

CONFIDENCE = 0.95
_DROPS = (0.01, 0.02, 0.05)
_WIDTH = 36
_IMAGE_LINES = (
    "    format: images",
    "    # images: {scale: 0.00392}    # for a model of values from 0 to 1, instead of to 255",
)


def render(draft: Draft) -> str:
    """Return the spec as YAML."""
    parts = (_header, _model, _data, _quantize, _measure, _gate, _choose, _promote)
    return "\n".join(f"{part(draft)}\n" for part in parts)


def quoted(value: str) -> str:
    """Return the value as a YAML scalar, quoted only if necessary."""
    return value if re.fullmatch(r"[A-Za-z_./][\w./-]*", value) else json.dumps(value)


def _path(draft: Draft, path: Path) -> str:
    """Return a path relative to the spec's folder if it is below it, else absolute."""
    absolute = path.absolute()
    inside = absolute.is_relative_to(draft.folder)
    return quoted(str(absolute.relative_to(draft.folder) if inside else absolute))


def _line(text: str, comment: str = "") -> str:
    return f"{text:<{_WIDTH - 2}}  # {comment}" if comment else text


def _header(draft: Draft) -> str:
    return (
        "# Paths are relative to this file. `quantgate plan` shows what would run, and "
        "`quantgate run` runs it.\n"
        f"version: 1\nname: {draft.wishes.name}"
    )


def _model(draft: Draft) -> str:
    subject, key = draft.subject, draft.guess.signature.key
    lines = ["model:", f"  {subject.kind}: {_path(draft, subject.path)}"]
    unused = [each for each in (*subject.signatures, *subject.others) if each != key]
    if key != SERVING or unused:
        comment = f"also there: {', '.join(unused)}" if unused else ""
        lines.append(_line(f"  signatures: [{quoted(key)}]", comment))
    if subject.tags != ("serve",):
        lines.append(f"  tags: [{', '.join(map(quoted, subject.tags))}]")
    return "\n".join(lines)


def _data(draft: Draft) -> str:
    material, guess = draft.material, draft.guess
    columns = _columns(draft)
    form = _IMAGE_LINES if material.format == IMAGES else ()
    shared = "better: samples that evaluation does not use" if material.is_shared else ""
    stratified = guess.classed and _calibration_is_labelled(draft)
    lines = [
        "data:",
        _line("  calibration:", "representative samples, for the integer modes"),
        _line(f"    source: {_path(draft, material.calibration)}", shared),
        *form,
        *columns,
        _line("    samples: 200", "LiteRT's guide recommends 100 to 500"),
        f"    select: {'stratified' if stratified else 'random'}",
        "    seed: 7",
        _line("  evaluation:", _count(draft)),
        f"    source: {_path(draft, material.evaluation)}",
        *form,
        *columns,
        *_label(draft),
    ]
    return "\n".join(lines)


def _calibration_is_labelled(draft: Draft) -> bool:
    material = draft.material
    return material.format in SELF_LABELLED or draft.guess.label in material.calibration_keys


def _columns(draft: Draft) -> list[str]:
    if not draft.guess.columns:
        return []
    names = ", ".join(map(quoted, draft.guess.columns))
    (key,) = draft.guess.signature.inputs
    guessed = "a guess: all columns but the label"
    return [_line(f"    columns: {{{quoted(key)}: [{names}]}}", guessed)]


def _count(draft: Draft) -> str:
    samples = draft.guess.samples
    return f"{samples:,} samples" if samples else ""


def _label(draft: Draft) -> list[str]:
    if draft.guess.label is None:
        of_folders = draft.material.format in SELF_LABELLED
        return [] if of_folders else [_line("    # label: KEY", "no array looks like the labels")]
    is_guess = draft.material.keys and not draft.wishes.label
    comment = "a guess by its name" if is_guess else ""
    return [_line(f"    label: {quoted(draft.guess.label)}", comment)]


def _quantize(draft: Draft) -> str:
    target = _line(f"  target: {draft.wishes.target}", " | ".join(HARDWARE))
    return f"quantize:\n{target}\n  modes: auto"


def _measure(draft: Draft) -> str:
    guess, several = draft.guess, len(draft.guess.signature.outputs) > 1
    output = f", output: {quoted(guess.output)}" if several and guess.output else ""
    entry = f"{{metric: {_metric(draft).name}{output}}}" if output else _metric(draft).name
    comment = "" if draft.wishes.metric else "a guess. docs/metrics.md lists all metrics"
    embedded = HARDWARE[draft.wishes.target].embedded
    latency = "null" if embedded else "{threads: 1, warmup: 5, runs: 50}"
    return f"measure:\n{_line(f'  metrics: [{entry}]', comment)}\n  latency: {latency}"


def _metric(draft: Draft) -> Figure:
    return METRICS[draft.guess.metric or SNR.name]


def _gate(draft: Draft) -> str:
    figure = _metric(draft)
    limit, comment = _limit(figure, draft.guess.samples)
    return "\n".join(
        (
            _line("gate:", "a candidate must meet every limit"),
            _line(f"  {figure.name}: {limit}", comment),
            _line("  size_bytes: {max_ratio: 0.9}", "at most 0.9 of the float model"),
        )
    )


def _limit(figure: Figure, samples: int | None) -> tuple[str, str]:
    """Return a limit of a metric, and what it says."""
    rule, comment = _rule(figure, samples)
    if samples is None or samples >= LEAST_SAMPLES or figure.is_binary:
        return f"{{{rule}, confidence: {CONFIDENCE:g}}}", comment
    return f"{{{rule}}}", f"{comment}. A confidence takes {LEAST_SAMPLES} samples"


def _rule(figure: Figure, samples: int | None) -> tuple[str, str]:
    if not figure.labelled and figure.unit == "dB":
        return "min: 20", "decibels, compared with the float model"
    if not figure.labelled:
        return "min: 0.95", "share of samples with the float model's prediction"
    if figure.unit == "dB":
        return "max_drop: 0.5", "at most half a decibel worse"
    if not figure.higher_is_better:
        return "max_ratio: 1.1", "at most a tenth worse"
    if not figure.is_binary:
        return "max_drop: 0.01", "at most one point worse"
    drop = next((each for each in _DROPS if _decides(samples, each)), _DROPS[-1])
    needed = f"{math.ceil(least_samples(CONFIDENCE, drop)):,}"
    return f"max_drop: {drop:g}", f"takes {needed} samples or more to decide"


def _decides(samples: int | None, drop: float) -> bool:
    """Return whether samples decide a drop for a single candidate, with some to spare."""
    return samples is None or samples >= 2 * least_samples(CONFIDENCE, drop)


def _choose(draft: Draft) -> str:
    figure = _metric(draft)
    direction = "maximize" if figure.higher_is_better else "minimize"
    return "\n".join(
        (
            _line("choose:", "among the qualifying candidates"),
            _line("  - {minimize: size_bytes, within: 5%}", "sizes within 5 % are ties"),
            f"  - {{{direction}: {figure.name}, within: {{confidence: {CONFIDENCE:g}}}}}",
            "  - {minimize: size_bytes}",
        )
    )


def _promote(draft: Draft) -> str:
    return f"# promote:\n#   to: promoted/{draft.wishes.name}  # folder to publish the winner in"
