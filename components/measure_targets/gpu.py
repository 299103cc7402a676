"""Measure a model for a GPU, by the delegate's documented ops and on the GPU of this machine.

The ops: https://ai.google.dev/edge/litert/performance/gpu. Float16 weights need no DEQUANTIZE on
a GPU: https://ai.google.dev/edge/litert/models/post_training_float16_quant
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from quantgate.components.litert.agreement import snr_db
from quantgate.components.litert.flatbuffer import counted
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.litert.operations import Operation
from quantgate.components.measure_targets.attempt import attempt
from quantgate.components.measure_targets.difference import differences_of
from quantgate.components.measure_targets.outcome import Outcome, counted_text, shares
from quantgate.components.measure_targets.subject import Array, Run, Subject

#: The newest version of each op that the delegate supports.
VERSIONS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(
        (
            "ADD",
            "AVERAGE_POOL_2D",
            "CONCATENATION",
            "CONV_2D",
            "EXP",
            "FULLY_CONNECTED",
            "LOGICAL_AND",
            "LOGISTIC",
            "MAXIMUM",
            "MAX_POOL_2D",
            "MINIMUM",
            "MUL",
            "PAD",
            "PRELU",
            "RELU",
            "RELU6",
            "RESHAPE",
            "SOFTMAX",
            "STRIDED_SLICE",
            "SUB",
            "TRANSPOSE_CONV",
        ),
        1,
    )
    | {"DEPTHWISE_CONV_2D": 2, "LSTM": 2, "RESIZE_BILINEAR": 3}
)
NO_GPU = (
    "LiteRT finds no GPU on this machine: the ops on the GPU are derived from the documented ones, "
    "and no candidate was run on one"
)
_FLOATS = frozenset({"float16", "float32"})
_ADAPTER = re.compile(r"Selected adapter: ([^,\n]+)")


def measure(subject: Subject, options: Mapping[str, str]) -> Outcome:
    """Count the ops that the delegate supports, and run the model if this machine has a GPU."""
    left = [op for graph in subject.graphs for op in graph if not _is_taken(op)]
    elsewhere = counted(operation.name for operation in left)
    tool, figures = f"LiteRT {litert_version()}", shares("gpu", elsewhere, subject.ops)
    notes = [f"{counted_text(elsewhere)}: not in the GPU delegate's list"] if elsewhere else []
    default = subject.run(reference=False)
    if default.result is None:
        notes.append(f"not run on a GPU, because it does not run on a CPU: {default.failure}")
        return Outcome(tool, figures, notes, [default], elsewhere)
    ran = attempt(_run_on_gpu, subject, default.result)
    adapter = _ADAPTER.search(ran.printed)
    if adapter is None:
        return Outcome(tool, figures, notes, [ran], elsewhere, warnings=[NO_GPU])
    tool = f"{tool} on {adapter.group(1)}"
    if ran.result is None:
        notes.append(f"LiteRT's GPU accelerator does not run it: {_last_line(str(ran.failure))}")
        return Outcome(tool, {**figures, "gpu_runs": 0.0}, notes, [ran], elsewhere)
    outputs, is_whole = ran.result
    figures |= {"gpu_runs": 1.0, **_likeness(outputs, default.result)}
    if is_whole and elsewhere:
        notes = [f"{notes[0]}, but LiteRT's GPU accelerator runs all of it"]
        figures |= shares("gpu", {}, subject.ops)
        elsewhere = {}
    differences = differences_of(outputs, default.result, by_column=True)
    return Outcome(tool, figures, notes, [ran, default], elsewhere, differences=differences)


def _last_line(text: str) -> str:
    return text.splitlines()[-1].lstrip("└ ")


def _is_taken(operation: Operation) -> bool:
    if operation.name == "DEQUANTIZE":
        source = operation.inputs[0]
        return source is not None and source.constant is not None and source.dtype == "float16"
    newest = VERSIONS.get(operation.name, 0)
    return operation.version <= newest and _computes_in_float(operation)


def _computes_in_float(operation: Operation) -> bool:
    computed = [tensor for tensor in operation.inputs if tensor and tensor.constant is None]
    weights = [tensor for tensor in operation.stored if tensor and tensor.scales]
    return not weights and all(
        tensor.dtype in _FLOATS for tensor in (*computed, *operation.outputs)
    )


def _run_on_gpu(subject: Subject, fed: Run) -> tuple[list[dict[str, Array]], bool]:
    """Return the outputs by sample and name, and whether all ops ran on the GPU."""
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator

    model = CompiledModel.from_file(
        subject.path, hardware_accel=HardwareAccelerator.GPU | HardwareAccelerator.CPU
    )
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    given = []
    for sample, expected in zip(fed.inputs, fed.outputs, strict=True):
        for buffer, values in zip(inputs, sample, strict=True):
            buffer.write(np.ascontiguousarray(values))
        model.run_by_index(0, inputs, outputs)
        given.append(
            {
                name: np.array(outputs[place].read(expected[name].size, expected[name].dtype))
                for name, place in fed.places.items()
            }
        )
    return given, model.is_fully_accelerated()


def _likeness(ours: list[dict[str, Array]], cpu: Run) -> dict[str, float]:
    """Return the lowest signal-to-noise ratio of an output, compared with LiteRT on the CPU."""
    ratios = [
        snr_db(
            [_real(sample[name]) for sample in ours],
            [_real(sample[name]).ravel() for sample in cpu.outputs],
        )
        for name in cpu.places
    ]
    known = [ratio for ratio in ratios if ratio is not None]
    return {"gpu_snr_db": min(known)} if known else {}


def _real(values: Array) -> Array:
    return values.ravel().astype(np.float64)
