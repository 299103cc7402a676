"""`quantgate init`."""

import argparse
import json
import re
import sys
from pathlib import Path

from quantgate.commands.common.arguments import examples
from quantgate.domain.figures import METRICS, MSE, PSNR, ROC_AUC, TOP1
from quantgate.errors import ExitCode, UsageError

DEFAULT = "quantgate.yaml"
_METRICS = [figure.name for figure in (TOP1, ROC_AUC, MSE, PSNR)]
_TEMPLATE = """\
# The quantgate spec of one trained model. Paths are relative to this file.
# `quantgate plan {file}` shows the planned modes and tasks, `quantgate run {file}` runs them.
version: 1
name: {name}

model:
  saved_model: {model}            # folder of a TensorFlow SavedModel
  signatures: [serving_default]

data:
  calibration:                    # representative samples, for the integer modes
    source: {calibration}         # .npz, or a folder of .npy. Keys are the model's input names
    samples: 200                  # LiteRT's guide recommends 100 to 500
    select: random                # first | random | stratified
    seed: 7
  evaluation:                     # labelled samples, none of them used for calibration
    source: {evaluation}
    label: {label}                # key of the labels

quantize:
  target: cpu                     # cpu | gpu | edge_tpu | microcontroller
  modes: auto                     # or a list such as [dynamic_range, integer_only_int8]

measure:
  metrics: [{metric}]             # docs/metrics.md lists all metrics
  latency: {{threads: 1, warmup: 5, runs: 50}}

gate:                             # a candidate must meet every limit
  {metric}: {limit}
  size_bytes: {{max_ratio: 0.5}}    # at most half of the float model

choose:                           # picks among qualifying candidates. Each line breaks ties
  - {{minimize: size_bytes, within: 5%}}
  - {{{direction}: {metric}}}

promote:
  to: promoted/{name}             # folder to publish the winner in, one for each model
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Write a commented spec to start from. An existing file is not overwritten."
    )
    parser.epilog = examples(
        "quantgate init",
        "quantgate init digits.yaml --model saved_model --metric roc_auc",
    )
    add = parser.add_argument
    add("file", nargs="?", type=Path, default=Path(DEFAULT), metavar="FILE",
        help="the file to write (default: %(default)s)")  # fmt: skip
    add(
        "--name",
        help="name of the model (default: the file's name, or the folder's for quantgate.yaml)",
    )
    add("--model", default="saved_model", help="folder of the SavedModel")
    add("--calibration", default="calibration.npz", help="representative samples")
    add("--evaluation", default="evaluation.npz", help="labelled samples")
    add("--label", default="labels", help="key of the labels (default: %(default)s)")
    add("--metric", choices=_METRICS, default=TOP1.name,
        help="the accuracy metric (default: %(default)s)")  # fmt: skip
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Write the spec."""
    text = _TEMPLATE.format(
        file=options.file.name,
        name=options.name or _name_from(options.file),
        model=_quoted(options.model),
        calibration=_quoted(options.calibration),
        evaluation=_quoted(options.evaluation),
        label=_quoted(options.label),
        metric=options.metric,
        **_limit(options.metric),
    )
    try:
        with options.file.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{options.file} exists already. Choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {options.file}: {error.strerror}") from error
    sys.stdout.write(
        f"wrote {options.file}. Edit it, then run: quantgate validate {options.file}\n"
    )
    return ExitCode.OK


def _limit(metric: str) -> dict[str, str]:
    """Return a sensible limit for the metric, and whether to minimize or maximize it."""
    figure = METRICS[metric]
    if not figure.higher_is_better:
        return {"limit": "{max_ratio: 1.1}        # at most a tenth worse", "direction": "minimize"}
    if figure.unit == "dB":
        return {"limit": "{max_drop: 0.5}         # decibels", "direction": "maximize"}
    return {"limit": "{max_drop: 0.01}        # at most one point worse", "direction": "maximize"}


def _name_from(file: Path) -> str:
    named = file.resolve().parent.name if file.name == DEFAULT else file.stem
    return re.sub(r"[^a-z0-9]+", "-", named.lower()).strip("-")[:63].strip("-") or "model"


def _quoted(value: str) -> str:
    """Return the value as a YAML scalar, quoted only if necessary."""
    return value if re.fullmatch(r"[A-Za-z_./][\w./-]*", value) else json.dumps(value)
