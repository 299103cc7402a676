"""KFP interface of `merge_dataset`."""

from typing import List, Optional

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def merge_dataset(
    summaries: Input[List[Artifact]],
    facts: Input[Artifact],
    shards: int,
    signature: str,
    dataset: Output[Dataset],
    summary: Output[Artifact],
    head: Output[Dataset],
    spread: Output[Dataset],
    origins: Output[Dataset],
    first: int = 32,
    fields: str = "{}",
    metrics: Optional[list] = None,
    code: Input[Artifact] = None,
    code_sha256: str = "",
) -> None:
    """Merge the parts of an evaluation set into one set, whose arrays stay in the parts.

    Args:
        summaries: the summaries that `build_dataset_shard` wrote. Each part is beside its summary.
        facts: `ModelFacts` of the model that the data is for.
        shards: the number of all parts.
        signature: key of the signature that the samples are for.
        dataset: a folder for the signature with `manifest.json` (`Manifest`), which names
            the places of the arrays.
        summary: a folder for the signature, with the manifest and a digest of each sample.
        head: an ordinary data set with the first samples.
        spread: an ordinary data set with samples that are spread over all.
        origins: a folder for the signature with the row of each sample in the source, and the name
            of its file if each has its own.
        first: the number of samples in `head`.
        fields: JSON of the further arrays that metrics need. Each key has the values that must
            occur in its array.
        metrics: items of the spec's `measure.metrics`. They must fit the model's outputs and the
            data set.
        code: a Python file, or its folder, with the functions that metrics name.
        code_sha256: expected hash of the file's content.
    """
    from quantgate.components.build_dataset.inputs import Requirements
    from quantgate.components.merge_dataset import work
    from quantgate.components.user_code import UserCode

    work.merge_dataset(
        [folder.path for folder in summaries],
        [folder.uri for folder in summaries],
        int(shards),
        Requirements(signature, "evaluation", fields=fields, metrics=metrics or ()),
        int(first),
        work.Places(
            facts=facts.path,
            dataset=dataset.path,
            uri=dataset.uri,
            summary=summary.path,
            head=head.path,
            spread=spread.path,
            origins=origins.path,
        ),
        UserCode(code.path, code_sha256) if code else None,
    )
