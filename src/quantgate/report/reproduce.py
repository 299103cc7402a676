"""How to reproduce a decision, as lines of a shell."""

import shlex

from quantgate.records.decision import Decision


def commands(decision: Decision) -> list[str]:
    """Install what the run had, and run its resolved spec again."""
    found = decision.provenance
    return [
        shlex.join(
            [
                "pip",
                "install",
                f"quantgate[all]=={found.quantgate}",
                f"tensorflow=={found.tensorflow}",
                f"ai-edge-litert=={found.litert}",
            ]
        ),
        "quantgate run spec.yaml",
    ]


REPRODUCE = (
    "The run's folder has the resolved spec, every default spelled out. On the same SavedModel and "
    "data (the hashes above) and the same kind of processor, these versions make the same models "
    "and figures; latencies are those of the moment."
)
