"""KFP interface of `merge_ranges`."""

from typing import List

from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def merge_ranges(
    parts: Input[List[Artifact]],
    shards: int,
    ranges: Output[Artifact],
    recorded: Input[Artifact] = None,
    moments: str = "",
) -> None:
    """Merge the shards of a calibration into what `record_ranges` would have written.

    Args:
        parts: the folders that `record_ranges_shard` wrote.
        shards: the number of all shards.
        ranges: a folder with `ranges.json` (`Ranges`), and such a file for each variant of the
            calibration in a folder named by its key. With `moments`, `moments.json` (`Moments`)
            and `moments.npz` are beside them.
        recorded: the ranges of all shards, if `parts` have second moments. They are copied.
        moments: the second moments in `parts`, empty if they have ranges.
    """
    from quantgate.components.merge_ranges import work
    from quantgate.components.record_ranges.work import moments_form

    folders = [folder.path for folder in parts]
    if form := moments_form(moments):
        provisional = work.merge_moments(folders, int(shards), form, recorded.path, ranges.path)
    else:
        provisional = work.merge_ranges(folders, int(shards), ranges.path)
    if provisional or (recorded and recorded.metadata.get("provisional")):
        ranges.metadata["provisional"] = "true"
