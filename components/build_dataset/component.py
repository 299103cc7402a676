"""KFP interface of `build_dataset`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def build_dataset(
    source: Input[Dataset],
    facts: Input[Artifact],
    purpose: str,
    label: str,
    samples: int,
    select: str,
    seed: int,
    dataset: Output[Dataset],
) -> None:
    """Select samples from a source, check them against the model's signature, and store them.

    Args:
        source: an .npz file or a folder of .npy files; keys are the signature's input names.
        facts: `ModelFacts` of the model that the data is for.
        purpose: "calibration" or "evaluation".
        label: key of the labels; empty where there are none.
        samples: how many to take; 0 takes all.
        select: "first", "random" or "stratified".
        seed: seed of the choice.
        dataset: a folder with one .npy per input, the labels, and `manifest.json` (`Manifest`).
    """
    from quantgate.components.build_dataset.work import build_dataset as work

    work(
        source.path,
        facts_path=facts.path,
        purpose=purpose,
        label=label or None,
        samples=samples or None,
        select=select,
        seed=seed,
        dataset_path=dataset.path,
    )
