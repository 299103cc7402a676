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
    default_samples: int = 0,
    others: Input[Dataset] = None,
    others_summary: Input[Artifact] = None,
    fields: str = "{}",
    metrics: Optional[list] = None,
    code: Input[Artifact] = None,
    code_sha256: str = "",
    content: str = "",
    group: str = "",
    listing: Input[Artifact] = None,
) -> None:
    """Select samples from a source, check them against a signature of the model, and store them.

    Args:
        facts: `ModelFacts` of the model that the data is for.
        signature: key of the signature that the samples are for.
        purpose: "calibration", "evaluation" or "search".
        label: key of the labels, or "" if there are none.
        samples: number of samples. 0 takes all.
        select: "first", "random" or "stratified".
        seed: seed of a random selection.
        options: JSON of the source's other keys in the spec: `format`, `images`, ...
        dataset: a folder for each signature, with one .npy per input, the labels, and
            `manifest.json` (`Manifest`).
        summary: a folder for each signature, with the manifest and a digest of each sample.
        source: the file or folder with the samples. Not needed with a `generator` or `listing`.
        generator: `module:function` of a Python function that yields samples, or "random".
        variants: JSON list of further selections, for candidates with calibration samples of their
            own.
        default_samples: the number that `samples` has if the spec names none. A source may have
            fewer without a warning.
        others: data set of other signatures, which is copied to `dataset`.
        others_summary: summary of other signatures, which is copied to `summary`.
        fields: JSON of the further arrays that metrics need. Each key has the values that must
            occur in its array. A calibration set has no such arrays.
        metrics: items of the spec's `measure.metrics`. They must fit the model's outputs and the
            data set, including `others`.
        code: a Python file, or its folder, with the functions that `generator` and metrics name.
        code_sha256: expected hash of the file's content.
        content: fingerprint of the content at the URI of `source`. Only KFP's cache uses it.
        group: key of the groups that samples of an evaluation set belong to, or "" if there are
            none. For images, a pattern of their paths. Groups of a calibration set are compared
            with them if it has the key.
        listing: the files of the source, from `list_source`, instead of `source`. Only the files or
            rows of chosen samples are fetched where the format allows it, and a file that was
            replaced since is refused.
    """
    from quantgate.components.build_dataset import inputs, work
    from quantgate.components.user_code import UserCode

    work.build_dataset(
        inputs.Source(
            source.path if source else generator,
            options,
            UserCode(code.path, code_sha256) if code else None,
            listing.path if listing else None,
        ),
        inputs.Requirements(
            signature, purpose, label or None, fields, metrics or (), group or None
        ),
        inputs.Selection(samples or None, select, seed, variants, default_samples),
        inputs.Paths(
            facts.path,
            dataset.path,
            summary.path,
            others.path if others else None,
            others_summary.path if others_summary else None,
        ),
    )
