"""Texts and table rows for the details of a decision: classes, ops, ranges and tensors."""

from collections.abc import Sequence

from quantgate.records.attestation import TensorAttest
from quantgate.records.decision import Decision
from quantgate.records.details import Attested, ChangedSamples, Classes, Details, RangesShown
from quantgate.report.identical import shared_names
from quantgate.report.text import NOTHING, one_line

LONGEST_TENSOR = 72
MOST_CHANGES = 3
SAMPLE_TITLES = ("sample", "true", "predicted")


def class_rows(classes: Classes) -> list[tuple[str, str, str, str, str]]:
    """Return rows of class, samples, baseline's and candidate's accuracy, and the change.

    The change is the number of samples that the candidate predicts correctly and the baseline
    does not, minus the opposite.
    """
    return [
        (
            one_line(change.label),
            f"{change.samples:,}",
            _share(change.baseline, change.samples),
            _share(change.candidate, change.samples),
            _signed(change.candidate - change.baseline),
        )
        for change in classes.changes
    ]


def confusion_rows(classes: Classes) -> list[tuple[str, str, str, str]]:
    """Return rows of a pair of classes, baseline's and candidate's count, and the change."""
    return [
        (
            f"{one_line(confused.right)} predicted as {one_line(confused.chosen)}",
            f"{confused.baseline:,}",
            f"{confused.candidate:,}",
            _signed(confused.candidate - confused.baseline),
        )
        for confused in classes.confused
    ]


def class_text(classes: Classes) -> str:
    """Return a sentence about the tables of classes."""
    changed = f"the {len(classes.changes)} of {classes.classes} classes that changed most"
    shown = "all classes" if classes.classes == len(classes.changes) else changed
    return (
        f"Correct predictions of {one_line(classes.candidate)} and float32 for {shown}, on "
        f"{classes.samples:,} samples ({one_line(classes.figure)})"
        f"{', and the confusions that changed most' if classes.confused else ''}."
    )


def changes_text(classes: Classes) -> str:
    """Return the classes that changed most in one line, empty if none changed."""
    texts = [
        f"{one_line(change.label)}: {_signed(change.candidate - change.baseline)} of "
        f"{change.samples:,}"
        for change in classes.changes[:MOST_CHANGES]
        if change.candidate != change.baseline
    ]
    return ", ".join(texts)


def changed_title(changed: ChangedSamples, details: Details) -> str:
    """Return the heading of the samples that changed, with the signature if there are several."""
    of = f" ({one_line(changed.signature)})" if len(details.signatures) > 1 else ""
    return f"Samples that changed{of}"


def changed_text(changed: ChangedSamples) -> str:
    """Return a sentence about the samples that changed."""
    name, count = one_line(changed.candidate), len(changed.shown)
    samples = "sample" if changed.lost == 1 else "samples"
    part = "" if count == changed.lost else f" {count} of them are shown, evenly chosen."
    return (
        f"{changed.lost:,} {samples} that float32 gets right and {name} gets wrong "
        f"({one_line(changed.figure)}), and {changed.gained:,} the other way round.{part}"
    )


def sample_rows(changed: ChangedSamples) -> list[tuple[str, str, str]]:
    """Return rows of a sample's file or row number, true class and predicted class."""
    return [
        (
            f"row {sample.row:,}" if sample.name is None else one_line(sample.name),
            NOTHING if sample.right is None else one_line(sample.right),
            NOTHING if sample.chosen is None else one_line(sample.chosen),
        )
        for sample in changed.shown
    ]


def attested_by_names(decision: Decision) -> list[tuple[str, Attested]]:
    """Return the names and the ops of candidates, once for identical ones."""
    shared = shared_names(decision)
    return [
        (shared[attested.candidate], attested)
        for attested in decision.details.attested
        if attested.candidate in shared
    ]


def attested_row(attested: Attested) -> tuple[str, str, str, str]:
    """Return ops by type of computation, the float shares of ops and MACs, and the float ops."""
    return (
        _counts(attested.arithmetics),
        percent(attested.float_op_share),
        percent(attested.float_mac_share),
        _float_ops(attested),
    )


def range_rows(ranges: RangesShown) -> list[tuple[str, str, str, str]]:
    """Return rows of tensor, minimum, maximum and suspicion."""
    return [
        (
            tensor_name(shown.tensor),
            f"{shown.least:.4g}",
            f"{shown.greatest:.4g}",
            shown.suspicion or "",
        )
        for shown in ranges.shown
    ]


def range_text(ranges: RangesShown) -> str:
    """Return a sentence about the table of ranges."""
    suspicious = (
        f"{ranges.suspicious:,} {_is(ranges)} suspicious"
        if ranges.suspicious
        else "none is suspicious"
    )
    count = len(ranges.shown)
    shown = "" if count == ranges.tensors else f" The {count} widest are shown."
    return f"Calibration found ranges of {ranges.tensors:,} tensors, of which {suspicious}.{shown}"


def suspicion_text(ranges: RangesShown | None) -> str:
    """Return the number of suspicious ranges in words, empty if there are none."""
    if not ranges or not ranges.suspicious:
        return ""
    return (
        f"{ranges.suspicious:,} of {ranges.tensors:,} ranges {_is(ranges)} suspicious "
        "(in the report)"
    )


def _is(ranges: RangesShown) -> str:
    return "is" if ranges.suspicious == 1 else "are"


def tensor_rows(
    inputs: Sequence[TensorAttest], outputs: Sequence[TensorAttest]
) -> list[tuple[str, ...]]:
    """Return rows of role, name, shape, dtype, scale and zero point."""
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
    """Return the first of the names that the converter merged into a tensor's name."""
    first = one_line(name).split(";")[0]
    return first if len(first) <= LONGEST_TENSOR else f"…{first[-LONGEST_TENSOR + 1 :]}"


def percent(share: float | None) -> str:
    """Return a share as text: `12.5 %`."""
    return NOTHING if share is None else f"{100 * share:.1f} %"


def _share(part: int, total: int) -> str:
    return percent(part / total)


def _signed(count: int) -> str:
    return f"{count:+,}" if count else "0"


def _counts(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{one_line(name)} {count}" for name, count in ordered)


def _float_ops(attested: Attested) -> str:
    return ", ".join(
        f"{one_line(name)} {count}{_of_macs(attested, name)}"
        for name, count in attested.float_ops.items()
    )


def _of_macs(attested: Attested, name: str) -> str:
    macs = attested.float_macs.get(name, 0)
    return f" ({100 * macs / attested.macs:.1f} % of MACs)" if macs and attested.macs else ""
