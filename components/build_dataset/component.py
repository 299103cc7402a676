"""KFP interface of `build_dataset`."""

from typing import Optional

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def build_dataset(
    facts: Input[Artifact],
    signature: str,
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
    others: Input[Dataset] = None,
    others_summary: Input[Artifact] = None,
    fields: str = "{}",
    metrics: Optional[list] = None,
    code: Input[Artifact] = None,
    code_sha256: str = "",
    content: str = "",
) -> None:
    """Select samples from a source, check them against one of the model's signatures, store them.

    Args:
        facts: `ModelFacts` of the model that the data is for.
        signature: key of the signature that the samples are for.
        purpose: "calibration" or "evaluation".
        label: key of the labels; empty where there are none.
        samples: how many to take; 0 takes all.
        select: "first", "random" or "stratified".
        seed: seed of the choice.
        options: JSON of the spec's other keys of the source: `format`, `images`, ...
        dataset: for each signature a folder with one .npy per input, the labels, and
            `manifest.json` (`Manifest`).
        summary: for each signature a folder with the manifest and a digest of each sample, for
            the gate.
        source: the file or folder that the samples are in; none where they are generated.
        generator: `module:function` of a Python function that yields samples, or "random".
        variants: JSON list of further choices from the source, for candidates that calibrate on
            samples of their own.
        others: the data set of other signatures, which goes into `dataset` too.
        others_summary: its summary, likewise.
        fields: JSON of the arrays that metrics want beside inputs and label, by key, each with the
            values that have to be among its own. An evaluation set carries them.
        metrics: those of the spec's `measure.metrics` that have to fit the model's outputs and
            what was built, `others` included.
        code: a Python file, or a folder with it, that has the functions which `generator` and
            metrics name.
        code_sha256: hash of its content, which is checked.
        content: fingerprint of what is at the URI of `source`, for KFP's cache alone.
    """
    from quantgate.components.build_dataset import inputs, work
    from quantgate.components.user_code import UserCode

    work.build_dataset(
        inputs.Source(
            source.path if source else generator,
            options,
            UserCode(code.path, code_sha256) if code else None,
        ),
        inputs.Requirements(signature, purpose, label or None, fields, metrics or ()),
        inputs.Selection(samples or None, select, seed, variants),
        inputs.Paths(
            facts.path,
            dataset.path,
            summary.path,
            others.path if others else None,
            others_summary.path if others_summary else None,
        ),
    )
