"""KFP interface of `build_dataset`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def build_dataset(
    facts: Input[Artifact],
    purpose: str,
    label: str,
    samples: int,
    select: str,
    seed: int,
    options: str,
    dataset: Output[Dataset],
    summary: Output[Artifact],
    source: Input[Dataset] = None,
    generator: str = "",
    variants: str = "[]",
) -> None:
    """Select samples from a source, check them against the model's signature, and store them.

    Args:
        facts: `ModelFacts` of the model that the data is for.
        purpose: "calibration" or "evaluation".
        label: key of the labels; empty where there are none.
        samples: how many to take; 0 takes all.
        select: "first", "random" or "stratified".
        seed: seed of the choice.
        options: JSON of the spec's other keys of the source: `format`, `images`, ...
        dataset: a folder with one .npy per input, the labels, and `manifest.json` (`Manifest`).
        summary: a folder with the manifest and a digest of each sample, for the gate.
        source: the file or folder that the samples are in; none where they are generated.
        generator: `module:function` of a Python function that yields samples, or "random".
        variants: JSON list of further choices from the source, for candidates that calibrate on
            samples of their own.
    """
    from quantgate.components.build_dataset.work import build_dataset as work

    work(
        source.path if source else generator,
        facts_path=facts.path,
        purpose=purpose,
        label=label or None,
        samples=samples or None,
        select=select,
        seed=seed,
        dataset_path=dataset.path,
        options=options,
        variants=variants,
        summary_path=summary.path,
    )
