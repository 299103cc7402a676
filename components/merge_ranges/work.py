"""The work of `merge_ranges`: the ranges or second moments of all samples from those of shards."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from quantgate.components.artifacts.calibration_part import failure_of, read_parts
from quantgate.components.record_ranges import moments, work
from quantgate.components.record_ranges.products import merged_sums, steps_of
from quantgate.components.record_ranges.recording import merged
from quantgate.components.record_ranges_shard.work import (
    moments_work,
    ranges_in,
    ranges_work,
    sound_ranges,
    sums_in,
)
from quantgate.domain.recipes import MomentsForm


def merge_ranges(folders: Sequence[str], count: int, ranges_path: str) -> bool:
    """Write `ranges.json` for each variant of the calibration.

    Args:
        folders: those that `record_ranges_shard` wrote.
        count: the number of all shards.
        ranges_path: the folder to write.

    Returns:
        Whether time or memory ran out in a shard, so that another attempt may succeed.

    Raises:
        InputError: a shard is missing, appears twice, or does not belong to the others.
    """
    parts = read_parts(folders, count, ranges_work())
    first = parts[0].record
    reason, provisional = failure_of(parts)
    arrays = [] if reason else [part.arrays() for part in parts]
    ranges = {
        variant: merged(ranges_in(each[variant]) for each in arrays) for variant in first.samples
    }
    outcome = work.Outcome(ranges, reason, provisional)
    work.write_ranges(outcome, first.samples, first.dataset_sha256, Path(ranges_path))
    return provisional


def merge_moments(
    folders: Sequence[str], count: int, form: MomentsForm, recorded: str, ranges_path: str
) -> bool:
    """Copy the ranges of all samples, and write `moments.json` for each variant that has some.

    Args:
        folders: those that `record_ranges_shard` wrote.
        count: the number of all shards.
        form: of the moments.
        recorded: folder with the ranges of all samples.
        ranges_path: the folder to write.

    Returns:
        Whether time or memory ran out in a shard, so that another attempt may succeed.

    Raises:
        InputError: a shard is missing, appears twice, or does not belong to the others.
    """
    parts = read_parts(folders, count, moments_work(form, recorded))
    reason, provisional = failure_of(parts)
    ranges = sound_ranges(recorded, parts[0].record.samples)
    arrays = [] if reason else [part.arrays() for part in parts]
    sums = {variant: merged_sums(sums_in(each[variant]) for each in arrays) for variant in ranges}
    shutil.copytree(recorded, ranges_path, dirs_exist_ok=True)
    outcome = moments.Outcome(sums, reason, provisional)
    steps = {variant: steps_of(each) for variant, each in ranges.items()}
    moments.write_all_moments(outcome, steps, form, Path(ranges_path))
    return provisional
