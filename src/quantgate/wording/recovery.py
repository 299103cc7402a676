"""Sentences about recovered candidates."""

from quantgate.records.recovery import Edit, Recovery


def edits_text(recovery: Recovery) -> str:
    """Return the edits that were kept, with what they gained on which samples."""
    kept = ", ".join(_edit_text(edit) for edit in recovery.kept)
    gained = f"{recovery.before_db or 0.0:.1f} to {recovery.after_db or 0.0:.1f} dB"
    return (
        f"the float model of `{recovery.recovers}` was edited before it was quantized: {kept}. "
        f"The agreement with the float model rose from {gained} on {recovery.held_back:,} "
        f"held-back calibration samples{_difference(recovery)}"
    )


def not_ranked_text(plain: str) -> str:
    """Return why a recovered candidate that meets all limits is not ranked."""
    return (
        f"not ranked, because `{plain}` qualifies without recovery, and `quantize.recover.when` "
        "is none_qualifies"
    )


def _edit_text(edit: Edit) -> str:
    return f"{edit.edit} (+{edit.gain_db or 0.0:.1f} dB)"


def _difference(recovery: Recovery) -> str:
    if recovery.float_difference is None:
        return ""
    return (
        f". Rescaling changed the float model's outputs by at most {recovery.float_difference:.2g} "
        "of the largest"
    )
