"""Shell commands to reproduce a decision."""

import shlex

from quantgate.records.decision import Decision
from quantgate.records.provenance import Provenance

#: The tools of targets that are Python packages.
PACKAGED_TOOLS = ("ethos-u-vela", "tflite-micro")


def commands(decision: Decision) -> list[str]:
    """Return commands that install the run's versions, and run its resolved spec again."""
    return [
        shlex.join(["pip", "install", *_packages(decision.provenance), *_tools(decision)]),
        "quantgate run spec.yaml",
    ]


def _packages(provenance: Provenance) -> list[str]:
    extras = ",".join(provenance.extras or _usual_extras(provenance))
    version = provenance.litert_quantizer
    quantizer = [f"litert-quantizer=={version}"] if version else []
    libraries = [f"ai-edge-litert=={provenance.litert}", *quantizer]
    tensorflow = [f"tensorflow=={provenance.tensorflow}"] if provenance.tensorflow else []
    return [f"quantgate[{extras}]=={provenance.quantgate}", *tensorflow, *libraries]


def _tools(decision: Decision) -> list[str]:
    """Return the packages that targets were measured with."""
    measured = (each for entry in decision.candidates for each in entry.targets)
    tools = dict.fromkeys(each.tool.partition(" ")[::2] for each in measured)
    return [f"{name}=={version}" for name, version in tools if name in PACKAGED_TOOLS]


def _usual_extras(provenance: Provenance) -> list[str]:
    """Return the extras for a decision of an older version, which does not say them."""
    return ["all" if provenance.tensorflow else "tflite"]


REPRODUCE = (
    "Run the second command in the run's folder. Its spec.yaml has all defaults, and paths that "
    "resolve from there. Your own functions outside `code` are not in the folder: add the folder "
    "of their modules to PYTHONPATH. These versions produce the same models and metrics, given the "
    "same model and data (hashes above) and the same kind of processor. Only latencies differ."
)
