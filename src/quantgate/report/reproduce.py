"""Shell commands to reproduce a decision."""

import shlex

from quantgate.records.decision import Decision


def commands(decision: Decision) -> list[str]:
    """Return commands that install the run's versions, and run its resolved spec again."""
    provenance = decision.provenance
    return [
        shlex.join(
            [
                "pip",
                "install",
                f"quantgate[all]=={provenance.quantgate}",
                f"tensorflow=={provenance.tensorflow}",
                f"ai-edge-litert=={provenance.litert}",
            ]
        ),
        "quantgate run spec.yaml",
    ]


REPRODUCE = (
    "The run's folder has the resolved spec with all defaults. These versions produce the same "
    "models and metrics, given the same SavedModel and data (hashes above) and the same kind of "
    "processor. Only latencies differ from run to run."
)
