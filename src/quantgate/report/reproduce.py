"""Shell commands to reproduce a decision."""

import shlex

from quantgate.records.decision import Decision, Provenance


def commands(decision: Decision) -> list[str]:
    """Return commands that install the run's versions, and run its resolved spec again."""
    return [
        shlex.join(["pip", "install", *_packages(decision.provenance)]),
        "quantgate run spec.yaml",
    ]


def _packages(provenance: Provenance) -> list[str]:
    version = provenance.litert_quantizer
    quantizer = [f"litert-quantizer=={version}"] if version else []
    libraries = [f"ai-edge-litert=={provenance.litert}", *quantizer]
    if not provenance.tensorflow:
        return [f"quantgate[tflite]=={provenance.quantgate}", *libraries]
    tensorflow = f"tensorflow=={provenance.tensorflow}"
    return [f"quantgate[all]=={provenance.quantgate}", tensorflow, *libraries]


REPRODUCE = (
    "The run's folder has the resolved spec with all defaults. These versions produce the same "
    "models and metrics, given the same model and data (hashes above) and the same kind of "
    "processor. Only latencies differ from run to run."
)
