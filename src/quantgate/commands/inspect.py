"""`quantgate inspect MODEL.tflite`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.common.arguments import examples
from quantgate.errors import ExitCode, UsageError
from quantgate.foundation.extras import require
from quantgate.records.attestation import Inspection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Show the inputs and outputs of a .tflite model, its ops with the types they "
        "compute in, and its weights. Check whether it conforms to LiteRT's quantization "
        "specification, whether it runs on random samples, and whether LiteRT's default and "
        "reference kernels agree on them."
    )
    parser.epilog = examples(
        "quantgate inspect model.tflite",
        "quantgate inspect quantized.tflite --against float.tflite",
        "quantgate inspect quantized.tflite --against float.tflite --data samples.npz",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .tflite file")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FLOAT",
        help="the float .tflite model to compare the outputs with",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DATA",
        help="samples on which to rank the ops by the error that they add, with --against",
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Inspect and print."""
    inspection = _inspected(options.model, options.against, options.data)
    if options.json:
        sys.stdout.write(inspection.model_dump_json(indent=2) + "\n")
    else:
        show(inspection)
    return ExitCode.OK


def show(inspection: Inspection) -> None:
    """Print the tables and sentences."""
    from rich import box
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from quantgate.commands.common.console import VisibleConsole
    from quantgate.report.inspection import sentences, tables

    console = VisibleConsole()
    for table in tables(inspection):
        shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for index, column in enumerate(table.columns):
            is_number = index >= len(table.columns) - table.numbers
            shown.add_column(column, justify="right" if is_number else "left", overflow="fold")
        for row in table.rows:
            shown.add_row(*map(Text, row))
        console.print(shown)
    for label, sentence in sentences(inspection):
        line = Text(f"{label}: ", style="bold").append(sentence, style="not bold")
        console.print(Padding(line, (0, 0, 0, 1)))


def _inspected(model: Path, against: Path | None, data: Path | None) -> Inspection:
    require("inspecting a model", "ai_edge_litert")
    from quantgate.components.attestation.inspection import inspect_model

    if data and not against:
        raise UsageError("--data compares ops with a float model. Give one: --against FLOAT")
    inspection = inspect_model(model, against)
    if data is None or against is None:
        return inspection
    from quantgate.components.op_comparison.work import compare_ops

    return inspection.model_copy(update={"sensitivity": compare_ops(model, against, str(data))})
