"""Reduce error texts of TensorFlow and LiteRT to one readable line."""

import re
from collections.abc import Collection

from quantgate.components.processes.isolation import FailedInChild, IsolatedFailure, OutOfMemory
from quantgate.domain.flex_ops import cannot_run
from quantgate.domain.modes import QUANTIZED_MODES

LONGEST = 300
MORE = "Convert on a machine with more memory, and raise `quantize.memory_limit`"
_MISSING_OPS = re.compile(
    r"'tf\.(\w+)' op is neither a custom op nor a flex op"
    r"|failed to legalize operation 'tf\.(\w+)'"
)
_OPS_WITH_TYPES = re.compile(r"^\s*tf\.\w+\(.*$", re.MULTILINE)
_NARROW_FLOATS = {"bf16": "bfloat16", "f16": "float16"}
_LISTED_OPS = re.compile(r"^(?:TF Select|Custom) ops: (.+)$", re.MULTILINE)
_CUSTOM_OPS = re.compile(r"^Custom ops: (.+)$", re.MULTILINE)
_NOT_IN_16X8 = re.compile(r"Quantization to 16x8-bit not yet supported for op: '(\w+)'")
_NO_RANGE = re.compile(r"Empty min/max for tensor (\S+)")
_NO_DELEGATE = re.compile(r"Select TensorFlow op.+\((Flex\w+)\) failed to prepare", re.DOTALL)
_CLASS_NAME = re.compile(
    r"^(?:RuntimeError|ValueError|ConverterError|ModelFailure|NotQuantizable): "
)
_LOCATION = re.compile(r"^(?:<unknown>:0: )?(?:error: |note: )?(?:loc\(.*\): )?(?:error: )?")
_NOISE = re.compile(
    r"^(?:<unknown>:0: )?note: |^\s*(?:%|\^bb|\"func|\}\)|$)|: called from$|^Registration failed"
)


def sentence(step: str, failure: IsolatedFailure) -> str:
    """Return how a step in a child process failed, in one line."""
    if isinstance(failure, FailedInChild):
        return f"{step} failed: {essence(str(failure))}"
    if isinstance(failure, OutOfMemory):
        return f"{step} {failure}. {MORE}"
    return f"{step} {failure}"


def way_out_of_loops(failure: IsolatedFailure, ops: Collection[str]) -> str:
    """Return advice if calibration crashed on a model with loops, and "" otherwise."""
    if type(failure) is not IsolatedFailure or "WHILE" not in ops:
        return ""
    uncalibrated = [f"`{mode.name}`" for mode in QUANTIZED_MODES.values() if not mode.calibrated]
    return (
        ", as TensorFlow's calibrator does on some loops. Give Keras's recurrent layers "
        f"unroll=True and export the model again, or use {' and '.join(uncalibrated)}, which need "
        "no calibration"
    )


def essence(text: str) -> str:
    """Return the reason in an error text, in one line of at most 300 characters."""
    refused = _unique(_NOT_IN_16X8.findall(text))
    if refused:
        return f"TensorFlow cannot quantize {', '.join(refused)} to 16x8"
    without_range = _NO_RANGE.search(text)
    if without_range:
        return (
            f"16x8 needs a range for every tensor, and `{without_range[1]}` has none, as integers "
            "and the states of loops have none"
        )
    undelegated = _unique(_NO_DELEGATE.findall(text))
    if undelegated:
        return cannot_run(undelegated)
    missing = ops_without_builtin(text)
    if missing:
        return f"LiteRT has no builtin for {', '.join(missing)}{_in(narrow_floats(text))}"
    return _last_meaningful_line(text)


def ops_without_builtin(text: str) -> list[str]:
    """Return the TensorFlow ops without a builtin that an error text names, in its order."""
    singly = [name for match in _MISSING_OPS.findall(text) for name in match if name]
    listed = [name for line in _LISTED_OPS.findall(text) for name in line.split(", ")]
    return _unique([*singly, *listed])


def ops_without_kernel(text: str) -> list[str]:
    """Return the ops that the Flex delegate lacks, too. The converter calls them custom ops."""
    return _unique([name for line in _CUSTOM_OPS.findall(text) for name in line.split(", ")])


def narrow_floats(text: str) -> list[str]:
    """Return which of bfloat16 and float16 the ops in an error text compute in."""
    ops = " ".join(_OPS_WITH_TYPES.findall(text))
    return [name for short, name in _NARROW_FLOATS.items() if re.search(rf"[x<]{short}>", ops)]


def _in(dtypes: list[str]) -> str:
    return f" in {' and '.join(dtypes)}" if dtypes else ""


def _last_meaningful_line(text: str) -> str:
    stripped = _CLASS_NAME.sub("", text)
    lines = [line for line in stripped.splitlines() if not _NOISE.search(line)]
    line = _LOCATION.sub("", lines[-1]) if lines else text
    line = re.sub(r"\s+", " ", re.sub(r"\.(?=Node number)", ": ", line)).strip(" .")
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _unique(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))
