"""Run a model in the interpreter of TFLite Micro: its memory, and its outputs."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version

import numpy as np

from quantgate.components.conversion.failure import essence
from quantgate.components.litert.agreement import check_kernels
from quantgate.components.litert.flatbuffer import dtype_of
from quantgate.components.measure_targets.attempt import Attempt, attempt
from quantgate.components.measure_targets.difference import differences_of
from quantgate.components.measure_targets.micro import ARENA_BYTES
from quantgate.components.measure_targets.outcome import Outcome
from quantgate.components.measure_targets.subject import Array, Run, Subject
from quantgate.records.attestation import KernelCheck

_ALLOCATED = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")
#: The messages of TFLite Micro that give the op at which it stopped, and the reason.
_STOPPED = re.compile(r"^Node (\w+) \(number (\d+)\) failed to (\w+)", re.MULTILINE)
_UNKNOWN_OP = re.compile(r"Didn't find op for builtin opcode '?(\w+)'?")
_SOURCE = re.compile(r"^\S+\.(?:cc|h)(?::\d+)?\s+")
_FIGURES = {"total": "arena", "head": "arena_nonpersistent", "tail": "arena_persistent"}


def measure(subject: Subject, options: Mapping[str, str]) -> Outcome:
    """Run a model on the same samples as LiteRT's reference kernels, and compare the outputs.

    Without reference kernels, the outputs are compared with those of the default ones.
    """
    reference = subject.run(reference=True)
    beside = reference.result or subject.run(reference=False).result
    inputs = beside.inputs if beside else _zeros(subject)
    micro = attempt(_run_micro, subject.content, inputs, len(subject.signature.outputs))
    tool = f"tflite-micro {version('tflite-micro')}"
    figures = {"mcu_flash_bytes": float(len(subject.content))}
    if micro.result is None:
        reason = f"TFLite Micro does not run it: {_why(micro)}"
        return Outcome(tool, {**figures, "mcu_runs": 0.0}, [reason], [micro])
    figures |= {"mcu_runs": 1.0, **_arena(micro.printed)}
    if reference.result is None:
        notes = [
            "cannot be compared with LiteRT's reference kernels, which do not run it: "
            f"{essence(str(reference.failure))}"
        ]
    else:
        checks = _checks(micro.result, reference.result)
        notes = list(_differences(checks))
        if subject.is_on_real_samples:
            differing = max(check.differing for check in checks.values())
            figures["mcu_equal_share"] = round(1 - differing, 6)
    differences = _differences_from(beside, micro.result, reference) if beside else {}
    return Outcome(
        tool, figures, notes, [micro, reference], differences=differences, ops=subject.ops
    )


def _differences_from(
    run: Run, given: list[list[Array]], reference: Attempt[Run]
) -> dict[str, float]:
    ours = [{name: sample[place] for name, place in run.places.items()} for sample in given]
    # The default kernels round differently, so that single columns may differ much.
    return differences_of(ours, run, by_column=reference.result is not None)


def _run_micro(content: bytes, inputs: list[list[Array]], outputs: int) -> list[list[Array]]:
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(content, arena_size=ARENA_BYTES)
    given: list[list[Array]] = []
    for sample in inputs:
        interpreter.reset()
        for place, values in enumerate(sample):
            interpreter.set_input(values, place)
        interpreter.invoke()
        given.append([np.array(interpreter.get_output(place)) for place in range(outputs)])
    interpreter.print_allocations()
    return given


def _zeros(subject: Subject) -> list[list[Array]]:
    """Return one sample of zeros, in the shapes and dtypes of the model's inputs."""
    graph = subject.model.subgraphs[0]
    tensors = [graph.tensors[index] for index in graph.inputs]
    return [[np.zeros(np.maximum(tensor.shape, 1), dtype_of(tensor)) for tensor in tensors]]


def _arena(printed: str) -> dict[str, float]:
    return {f"mcu_{_FIGURES[key]}_bytes": float(size) for key, size in _ALLOCATED.findall(printed)}


def _why(micro: Attempt[list[list[Array]]]) -> str:
    """Return the op that stopped it, and the message of TFLite Micro."""
    if unknown := _UNKNOWN_OP.search(micro.printed):
        return f"it has no {unknown.group(1)}"
    stopped = _STOPPED.search(micro.printed)
    if stopped is None:
        return str(micro.failure)
    before = [line for line in micro.printed[: stopped.start()].splitlines() if line.strip()]
    said = f": {_SOURCE.sub('', before[-1]).strip()}" if before else ""
    return f"{stopped.group(1)} (op {stopped.group(2)}) fails to {stopped.group(3)}{said}"


def _checks(given: list[list[Array]], reference: Run) -> dict[str, KernelCheck]:
    return {
        name: _check([sample[place] for sample in given], [row[name] for row in reference.outputs])
        for name, place in reference.places.items()
    }


def _check(ours: list[Array], theirs: list[Array]) -> KernelCheck:
    shaped = [ours_.reshape(theirs_.shape) for ours_, theirs_ in zip(ours, theirs, strict=True)]
    is_integer = np.issubdtype(theirs[0].dtype, np.integer)
    return check_kernels(shaped, theirs, scale=1.0 if is_integer else 0.0)


def _differences(checks: Mapping[str, KernelCheck]) -> Iterator[str]:
    for name, check in checks.items():
        if check.differing:
            yield (
                f"output `{name}` differs from that of LiteRT's reference kernels in "
                f"{check.differing:.2%} of its values{_by_how_much(check)}"
            )


def _by_how_much(check: KernelCheck) -> str:
    if check.steps is not None:
        return f", by up to {check.steps} step{'s' if check.steps != 1 else ''}"
    return "" if check.snr_db is None else f", {check.snr_db:.1f} dB apart"
