"""KFP interface of `build_dataset_shard`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def build_dataset_shard(
    facts: Input[Artifact],
    listing: Input[Artifact],
    shard: dict,
    signature: str,
    label: str,
    seed: int,
    options: str,
    part: Output[Dataset],
    summary: Output[Artifact],
    fields: str = "{}",
    group: str = "",
) -> None:
    """Build a part of an evaluation set from its share of the source's files or rows.

    Args:
        facts: `ModelFacts` of the model that the data is for.
        listing: the files of the source, from `list_source`. Only the share is fetched, and a file
            that was replaced since is refused.
        shard: `shard`, the number of the part from 1, and `of`, the number of all parts.
        signature: key of the signature that the samples are for.
        label: key of the labels, or "" if there are none.
        seed: seed in the spec, which the manifest names.
        options: JSON of the source's other keys in the spec: `format`, `images`, ...
        part: a folder for the signature, with one .npy per input, the labels, further arrays, and
            `part.json` (`DatasetShard`). A share without files or rows gives an empty part.
        summary: a folder with `part.json`, a digest of each sample, and small arrays.
        fields: JSON of the further arrays that metrics need. Each key has the values that must
            occur in its array.
        group: key of the groups that samples belong to, or "" if there are none. For images, a
            pattern of their paths.
    """
    from quantgate.components.artifacts.division import Division
    from quantgate.components.build_dataset import inputs
    from quantgate.components.build_dataset_shard.work import build_dataset_shard as work

    work(
        options,
        inputs.Requirements(signature, "evaluation", label or None, fields, (), group or None),
        Division.of_item(shard),
        int(seed),
        listing.path,
        inputs.Paths(facts.path, part.path, summary.path),
    )
