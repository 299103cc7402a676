"""Measure a model for the Edge TPU, by the published requirements or by the compiler.

The compiler and its options: https://coral.ai/docs/edgetpu/compiler/
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from quantgate.components.litert.flatbuffer import counted, read_contents
from quantgate.components.litert.operations import Operation, Tensor
from quantgate.components.measure_targets.attempt import Attempt, attempt
from quantgate.components.measure_targets.edge_tpu_rules import RUNTIMES, UNCERTAIN, why_not
from quantgate.components.measure_targets.outcome import Outcome, counted_text, shares
from quantgate.components.measure_targets.subject import Subject

COMPILER = "edgetpu_compiler"
#: The op that contains everything that runs on the TPU.
TPU = "edgetpu-custom-op"
TIMEOUT_S = 600.0
PAGE = "coral.ai, TensorFlow models on the Edge TPU"
NO_COMPILER = (
    f"{COMPILER} is not installed: the ops on the Edge TPU are derived from its published rules"
)


def measure(subject: Subject, options: Mapping[str, str]) -> Outcome:
    """Check a model against the requirements, and compile it if `edgetpu_compiler` is installed."""
    by_requirements = _by_requirements(subject)
    program = shutil.which(COMPILER)
    if program is None:
        return by_requirements
    compiled = attempt(_compile, program, subject.path)
    return _by_compiler(subject, by_requirements, compiled)


def _by_requirements(subject: Subject) -> Outcome:
    """Find the ops from the start of the model that need nothing from the CPU."""
    first, *others = subject.graphs
    mapped, reasons = _mapped(first)
    left = [operation for operation in first if operation not in mapped]
    left += [operation for graph in others for operation in graph]
    elsewhere = counted(operation.name for operation in left)
    return Outcome(
        PAGE,
        shares("edge_tpu", elsewhere, subject.ops),
        [*_reasons(reasons), *_needs(mapped)],
        elsewhere=elsewhere,
        warnings=[NO_COMPILER],
    )


def _mapped(graph: list[Operation]) -> tuple[list[Operation], list[tuple[str, str]]]:
    """Return the ops on the TPU, and the ops that end this part, each with the reason.

    A QUANTIZE of a float input runs on the CPU and does not end this part.
    """
    computed_elsewhere: set[Tensor] = set()
    mapped: list[Operation] = []
    reasons: list[tuple[str, str]] = []
    for operation in graph:
        reason = why_not(operation)
        if any(tensor in computed_elsewhere for tensor in operation.inputs if tensor):
            computed_elsewhere.update(operation.outputs)
        elif reason is None:
            mapped.append(operation)
        elif not _is_entrance(operation, graph):
            reasons.append((operation.name, reason))
            computed_elsewhere.update(operation.outputs)
    return mapped, reasons


def _is_entrance(operation: Operation, graph: list[Operation]) -> bool:
    computed = {tensor for other in graph for tensor in other.outputs}
    return operation.name == "QUANTIZE" and operation.inputs[0] not in computed


def _reasons(reasons: list[tuple[str, str]]) -> Iterator[str]:
    for name, reason in dict.fromkeys(reasons):
        yield f"the part on the Edge TPU ends at {name}: {reason}"


def _needs(mapped: list[Operation]) -> Iterator[str]:
    names = {operation.name for operation in mapped}
    newest = max((RUNTIMES.get(name, 0) for name in names), default=0)
    if newest:
        needing = sorted(name for name in names if RUNTIMES.get(name) == newest)
        yield f"{', '.join(needing)} needs version {newest} of the Edge TPU runtime"
    if uncertain := sorted(names & UNCERTAIN):
        yield f"{', '.join(uncertain)} may stay on the CPU, depending on sizes: see the compiler"


def _compile(program: str, path: str) -> tuple[bytes, str]:
    """Return the compiled model and the version of the compiler."""
    with tempfile.TemporaryDirectory(prefix="quantgate-") as folder:
        model = Path(shutil.copy(path, Path(folder, "model.tflite")))
        command = [program, "--show_operations", "--out_dir", folder, str(model)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S, text=True
        )
        print(done.stdout, flush=True)  # noqa: T201
        compiled = model.with_name("model_edgetpu.tflite")
        if done.returncode or not compiled.is_file():
            raise RuntimeError(_last_line(done.stdout) or f"exit code {done.returncode}")
        return compiled.read_bytes(), _version(done.stdout)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def _version(text: str) -> str:
    match = re.search(r"Edge TPU Compiler version (\S+)", text)
    return f"{COMPILER} {match.group(1)}" if match else COMPILER


def _by_compiler(
    subject: Subject, required: Outcome, compiled: Attempt[tuple[bytes, str]]
) -> Outcome:
    if compiled.result is None:
        elsewhere = subject.ops
        notes = [f"{COMPILER} does not compile it: {compiled.failure}", *required.notes]
        return Outcome(COMPILER, shares("edge_tpu", elsewhere, elsewhere), notes, [compiled])
    content, tool = compiled.result
    ops = read_contents(content).ops
    elsewhere = {name: count for name, count in ops.items() if name != TPU}
    figures = shares("edge_tpu", elsewhere, subject.ops)
    notes = [f"{counted_text(elsewhere)} stay on the CPU"] if elsewhere else []
    return Outcome(tool, figures, notes, [compiled], elsewhere, content if TPU in ops else None)
