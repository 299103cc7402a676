"""`quantgate init [MODEL] [DATA]`."""

import argparse
import re
import sys
from pathlib import Path

from quantgate.commands.common.arguments import examples
from quantgate.commands.common.messages import write_message
from quantgate.domain.figures import METRICS
from quantgate.domain.hardware import CPU, HARDWARE
from quantgate.errors import ExitCode, UsageError
from quantgate.runs.decided import SPEC_SUFFIXES, USUAL_SPEC

DEFAULT = Path(USUAL_SPEC)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Write a commented spec to start from. With a model, it has the model's signature. With "
        "data too, it has a label and a metric that fit both, and comments say what is a guess. "
        "TensorFlow is not needed, and an existing file is not overwritten."
    )
    parser.epilog = examples(
        "quantgate init saved_model evaluation.npz",
        "quantgate init model.keras images/ -o flowers.yaml --target microcontroller",
        "quantgate init",
    )
    add = parser.add_argument
    add(
        "model",
        nargs="?",
        type=Path,
        metavar="MODEL",
        help="a SavedModel's folder, a Keras file or a float .tflite. A path that ends in .yaml is "
        "the file to write",
    )
    add(
        "data",
        nargs="?",
        type=Path,
        metavar="DATA",
        help="labelled samples, or a folder with parts such as `train` and `test`",
    )
    add("-o", "--output", type=Path, metavar="FILE", help=f"the file to write (default: {DEFAULT})")
    add(
        "--name",
        help="name of the spec (default: the file's name, or the folder's for the default)",
    )
    add("--target", choices=HARDWARE, default=CPU.name, help="hardware (default: %(default)s)")
    add("--metric", choices=METRICS, metavar="METRIC", help="the accuracy metric")
    add("--label", metavar="KEY", help="key of the labels in the data")
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Write the spec.

    Raises:
        UsageError: the file exists, or model or data cannot be read.
    """
    from quantgate.components.drafting.draft import Wishes, drafted
    from quantgate.components.drafting.text import render

    file, model = _file_and_model(options)
    if file.exists():
        raise UsageError(f"{file} exists already. Choose another name with -o")
    wishes = Wishes(options.name or _name_from(file), options.target, options.label, options.metric)
    draft = drafted(file.absolute().parent, model, options.data, wishes)
    _write(file, render(draft))
    for problem in draft.guess.problems:
        write_message(f"the data does not fit the model: {problem}", kind="warning")
    sys.stdout.write(f"wrote {file}. Edit it, then run: quantgate validate {file}\n")
    return ExitCode.OK


def _file_and_model(options: argparse.Namespace) -> tuple[Path, Path | None]:
    if options.model is None or options.model.suffix not in SPEC_SUFFIXES:
        return options.output or DEFAULT, options.model
    if options.data or options.output:
        raise UsageError(
            f"{options.model} ends as a spec does, so it is the file to write. Write "
            f"`quantgate init MODEL DATA -o {options.model}`"
        )
    return options.model, None


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error


def _name_from(file: Path) -> str:
    named = file.resolve().parent.name if file.name == DEFAULT.name else file.stem
    return re.sub(r"[^a-z0-9]+", "-", named.lower()).strip("-")[:63].strip("-") or "model"
