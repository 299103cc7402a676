"""The details of a decision in words: classes, ops, ranges, inputs and outputs."""

from collections.abc import Sequence

from quantgate.records.attestation import TensorAttest
from quantgate.records.details import Attested, Classes, RangesShown
from quantgate.report.text import NOTHING, one_line

LONGEST_TENSOR = 72
MOST_TOLD = 3


def class_rows(found: Classes) -> list[tuple[str, str, str, str, str]]:
    """Class, samples, the shares that baseline and candidate got right, and by how many more."""
    return [
        (
            one_line(one.label),
            f"{one.samples:,}",
            _share(one.baseline, one.samples),
            _share(one.candidate, one.samples),
            _signed(one.candidate - one.baseline),
        )
        for one in found.changes
    ]


def confusion_rows(found: Classes) -> list[tuple[str, str, str, str]]:
    """Right and chosen class, how often the baseline and the candidate took one for the other."""
    return [
        (
            f"{one_line(one.right)} taken for {one_line(one.chosen)}",
            f"{one.baseline:,}",
            f"{one.candidate:,}",
            _signed(one.candidate - one.baseline),
        )
        for one in found.confused
    ]


def class_text(found: Classes) -> str:
    """What the tables of classes show, in a sentence."""
    shown = f"the {len(found.changes)} of {found.classes} classes that changed most"
    which = "every class" if found.classes == len(found.changes) else shown
    return (
        f"What {one_line(found.candidate)} gets right of {which}, beside float32, on "
        f"{found.samples:,} samples ({one_line(found.figure)}); and which classes are taken for "
        "another more or less often."
    )


def changes_text(found: Classes) -> str:
    """The classes that changed most, in a line; empty where none did."""
    told = [
        f"{one_line(one.label)}: {_signed(one.candidate - one.baseline)} of {one.samples:,}"
        for one in found.changes[:MOST_TOLD]
        if one.candidate != one.baseline
    ]
    return ", ".join(told)


def attested_row(found: Attested) -> tuple[str, str, str, str]:
    """What ops compute in, the share of ops and of multiply-accumulates in float, and by op."""
    return (
        _counts(found.arithmetics),
        percent(found.float_op_share),
        percent(found.float_mac_share),
        _float_ops(found),
    )


def range_rows(found: RangesShown) -> list[tuple[str, str, str, str]]:
    """Tensor, least and greatest value, and what is suspicious."""
    return [
        (tensor_name(one.tensor), f"{one.least:.4g}", f"{one.greatest:.4g}", one.suspicion or "")
        for one in found.shown
    ]


def range_text(found: RangesShown) -> str:
    """What the table of ranges shows, in a sentence."""
    some = (
        f"{found.suspicious:,} {_is(found)} suspicious"
        if found.suspicious
        else "none is suspicious"
    )
    shown = "" if len(found.shown) == found.tensors else f"; the widest {len(found.shown)} are here"
    return f"Calibration gave {found.tensors:,} tensors a range, of which {some}{shown}."


def suspicion_text(found: RangesShown | None) -> str:
    """How many ranges are suspicious, for where they are not listed; empty where none is."""
    if not found or not found.suspicious:
        return ""
    return (
        f"{found.suspicious:,} of {found.tensors:,} ranges {_is(found)} suspicious (in the report)"
    )


def _is(found: RangesShown) -> str:
    return "is" if found.suspicious == 1 else "are"


def tensor_rows(
    inputs: Sequence[TensorAttest], outputs: Sequence[TensorAttest]
) -> list[tuple[str, ...]]:
    """Role, name, shape, dtype, and scale and zero point where there are any."""
    return [
        (
            role,
            one_line(tensor.name),
            "x".join("?" if size < 0 else f"{size}" for size in tensor.shape) or "scalar",
            tensor.dtype,
            f"{tensor.scale:.6g}" if tensor.scale else NOTHING,
            f"{tensor.zero_point}" if tensor.scale else NOTHING,
        )
        for role, tensors in (("input", inputs), ("output", outputs))
        for tensor in tensors
    ]


def tensor_name(name: str) -> str:
    """A tensor's name without the others that the converter fused into it."""
    first = one_line(name).split(";")[0]
    return first if len(first) <= LONGEST_TENSOR else f"…{first[-LONGEST_TENSOR + 1 :]}"


def percent(share: float | None) -> str:
    """A share: `12.5 %`."""
    return NOTHING if share is None else f"{100 * share:.1f} %"


def _share(part: int, whole: int) -> str:
    return percent(part / whole)


def _signed(count: int) -> str:
    return f"{count:+,}" if count else "0"


def _counts(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda one: -one[1])
    return ", ".join(f"{one_line(name)} {count}" for name, count in ordered)


def _float_ops(found: Attested) -> str:
    return ", ".join(
        f"{one_line(name)} {count}{_of_macs(found, name)}"
        for name, count in found.float_ops.items()
    )


def _of_macs(found: Attested, name: str) -> str:
    macs = found.float_macs.get(name, 0)
    return f" ({100 * macs / found.macs:.1f} % of MACs)" if macs and found.macs else ""
