"""KFP interface of `collect`."""

from typing import List

from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def collect(
    collected: Output[Artifact],
    models: Input[List[Model]] = None,
    attestations: Input[List[Artifact]] = None,
    measurements: Input[List[Artifact]] = None,
    targets: Input[List[Artifact]] = None,
    earlier: Input[Artifact] = None,
) -> None:
    """Collect the outputs of the tasks of a loop over candidates in one folder.

    Args:
        collected: a folder with each piece of evidence once, named by the hash of its content.
            `collection.json` (`Collection`) lists them.
        models: quantized .tflite files. Files of zero bytes are left out.
        attestations: `Attestation` records that `quantize` wrote.
        measurements: folders that `evaluate` wrote.
        targets: folders that `measure_targets` wrote.
        earlier: a folder that another `collect` wrote. Its content is added.
    """
    from quantgate.components.collect.work import collect as work

    lists = {
        "models": models,
        "attestations": attestations,
        "measurements": measurements,
        "targets": targets,
    }
    work(
        {kind: [artifact.path for artifact in made or []] for kind, made in lists.items()},
        earlier_path=earlier.path if earlier else None,
        collected_path=collected.path,
    )
