"""The report of `quantgate inspect`: tables and sentences about a model."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quantgate.records.attestation import (
    ColumnCheck,
    Inspection,
    KernelCheck,
    SignatureAttest,
    TensorAttest,
    Trial,
    WeightAttest,
)
from quantgate.report import op_errors
from quantgate.report.text import one_line

SPECIFICATION = "LiteRT's quantization specification"


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        columns: titles of the columns.
        rows: the cells of each row.
        numbers: number of columns with numbers, which are the last ones.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: int


def tables(inspection: Inspection) -> list[Table]:
    """Return the tables of inputs and outputs, ops, weights and errors, without empty ones."""
    candidates = [
        _ends(inspection),
        _ops(inspection),
        _weights(inspection),
        _op_errors(inspection),
    ]
    return [table for table in candidates if table.rows]


def sentences(inspection: Inspection) -> list[tuple[str, str]]:
    """Return all other results as labels and sentences."""
    return [
        ("size", f"{inspection.size_bytes or 0:,} bytes, SHA-256 {inspection.model_sha256}"),
        ("signature", ", ".join(map(one_line, filter(None, inspection.signatures))) or "none"),
        ("multiply-accumulates", _macs(inspection)),
        ("biases", _counts(inspection.biases) or "none"),
        ("left in float", _left_in_float(inspection)),
        *[("shortfall", one_line(shortfall)) for shortfall in inspection.shortfalls],
        ("specification", _conformity(inspection)),
        *(_tried(inspection.trial) if inspection.trial else []),
        *_compared(inspection),
    ]


def _compared(inspection: Inspection) -> Iterator[tuple[str, str]]:
    if inspection.sensitivity:
        yield "errors", op_errors.note("the model", inspection.sensitivity)


def _ends(inspection: Inspection) -> Table:
    several = len(inspection.signatures) > 1
    rows = [
        row
        for key, ends in inspection.signatures.items()
        for row in _ends_of_signature(f"{one_line(key)}: " if several else "", ends)
    ]
    return Table(("", "name", "shape", "dtype", "scale", "zero point"), rows, 2)


def _ends_of_signature(prefix: str, ends: SignatureAttest) -> list[tuple[str, ...]]:
    return [
        (f"{prefix}{role}", *_tensor(tensor))
        for role, tensors in (("input", ends.inputs), ("output", ends.outputs))
        for tensor in tensors
    ]


def _tensor(tensor: TensorAttest) -> tuple[str, ...]:
    shape = "x".join("?" if size < 0 else str(size) for size in tensor.shape) or "scalar"
    quantized = (f"{tensor.scale:.6g}", str(tensor.zero_point)) if tensor.scale else ("", "")
    return (one_line(tensor.name), shape, tensor.dtype, *quantized)


def _ops(inspection: Inspection) -> Table:
    rows = [
        (one_line(name), arithmetic, str(count))
        for name, types in inspection.op_types.items()
        for arithmetic, count in types.items()
    ]
    return Table(("op", "computes in", "count"), rows, 1)


def _weights(inspection: Inspection) -> Table:
    kinds = Counter(
        (weight.op, weight.dtype, weight.granularity, _conforming(weight))
        for weight in inspection.weights
    )
    rows = [(*kind, str(count)) for kind, count in kinds.items()]
    return Table(("weights of", "dtype", "granularity", "conforming", "count"), rows, 1)


def _op_errors(inspection: Inspection) -> Table:
    sensitivity = inspection.sensitivity
    return Table(op_errors.COLUMNS, op_errors.rows(sensitivity) if sensitivity else [], 3)


def _conforming(weight: WeightAttest) -> str:
    if weight.shortfall:
        return "no"
    return "" if weight.granularity == "not quantized" else "yes"


def _macs(inspection: Inspection) -> str:
    total = sum(inspection.macs.values())
    if not total:
        return "none in the counted ops"
    shares = ", ".join(f"{count / total:.1%} {name}" for name, count in inspection.macs.items())
    return f"{total:,} per sample, {shares}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{one_line(name)} ({count})" for name, count in counts.items())


def _left_in_float(inspection: Inspection) -> str:
    if not inspection.float_ops:
        return "nothing"
    ops = f"{_counts(inspection.float_ops)}: {inspection.float_op_share or 0:.1%} of the ops"
    if inspection.float_mac_share is None:
        return ops
    return f"{ops}, {inspection.float_mac_share:.1%} of the multiply-accumulates"


def _conformity(inspection: Inspection) -> str:
    quantized = any(weight.granularity != "not quantized" for weight in inspection.weights)
    if inspection.shortfalls:
        return f"does not conform to {SPECIFICATION}"
    if not quantized and {"int8", "int16"}.isdisjoint(_arithmetics(inspection)):
        return "nothing is quantized to integers"
    return f"conforms to {SPECIFICATION}"


def _arithmetics(inspection: Inspection) -> set[str]:
    return {arithmetic for types in inspection.op_types.values() for arithmetic in types}


def _tried(trial: Trial) -> list[tuple[str, str]]:
    if trial.problem:
        return [("runs", f"no: {one_line(trial.problem)}")]
    kernels = [("kernels", _kernels(name, check)) for name, check in trial.kernels.items()]
    if trial.kernels_problem:
        kernels = [("kernels", f"not compared: {one_line(trial.kernels_problem)}")]
    ratios = [
        ("agreement", f"output `{one_line(name)}`: {ratio:.1f} dB compared with the other model")
        for name, ratio in trial.snr_db.items()
    ]
    columns = [("columns", _columns(name, check)) for name, check in trial.columns.items()]
    return [("runs", _runs(trial)), *ratios, *columns, *kernels]


def _runs(trial: Trial) -> str:
    kind = "random " if trial.made_up else ""
    problems = [
        f"{problem}: {', '.join(f'`{one_line(name)}`' for name in names)}"
        for problem, names in (
            ("Not finite", trial.not_finite),
            ("Not finite for an input of zeros", trial.not_finite_on_zeros),
            ("Constant", trial.constant),
        )
        if names
    ]
    outputs = ". ".join(problems) or "Its outputs are finite and not constant"
    refused = f"XNNPACK refuses it ({one_line(trial.refusal)})" if trial.refusal else ""
    where = f" and on built-in kernels, as {refused}" if refused else ""
    late = ". Some shapes are known only at run time" if trial.dynamic else ""
    return f"yes, on {trial.samples} {kind}samples{where}. {outputs}{late}"


def _columns(name: str, check: ColumnCheck) -> str:
    return (
        f"output `{one_line(name)}`: of {check.varying} columns that vary in the other model, "
        f"{check.constant} are constant and {check.poor} agree poorly"
    )


def _kernels(name: str, check: KernelCheck) -> str:
    named = f"output `{one_line(name)}`"
    if not check.differing:
        return f"{named}: default and reference kernels give the same values"
    steps = f" by up to {check.steps} steps" if check.steps is not None else ""
    ratio = "" if check.snr_db is None else f", {check.snr_db:.1f} dB"
    differing = f"{check.differing:.1%} of values{steps}{ratio}"
    return f"{named}: default and reference kernels differ in {differing}"
