"""Checks of `measure.evaluation`: settings that fit each other."""

from collections.abc import Iterator

from quantgate.spec.checks.draft import Draft
from quantgate.spec.problems.findings import Finding


def evaluation_findings(draft: Draft) -> Iterator[Finding]:
    """Check the section `measure.evaluation`."""
    evaluation = draft.evaluation
    if evaluation and evaluation.shards != 1 and evaluation.stop_early:
        message = (
            "`shards` and `stop_early` exclude each other, because shards run side by side on all "
            "samples"
        )
        yield Finding(("measure", "evaluation", "shards"), message, "Remove one of them.")
