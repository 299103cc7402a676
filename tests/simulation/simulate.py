"""Simulate decisions at their limits, and print how often they are wrong: `make simulate`.

Each row draws samples whose truth sits exactly at the limit, decides on them through the functions
that a run uses, and counts false passes. It fails if an error exceeds the nominal one by more than
three standard errors. Power is the share of passes at a limit that is a little looser. Beside both
are those of the bounds of version 0.1, and for families those of each candidate by itself.
"""

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import classes
import families
import singles
import unit_rows
from row import Row

HEADER = "| setting | error: before / now | power: before / now | runs |\n|---|---|---|---|"
#: The simulations, as functions without arguments.
PARTS: tuple[Callable[[], Iterable[Row]], ...] = (
    partial(singles.paired_rows, 2_000),
    partial(singles.proportion_rows, 2_000),
    partial(singles.mean_rows, 1_000),
    partial(singles.ranged_rows, 1_000),
    partial(singles.relative_rows, 1_000),
    partial(singles.own_rows, 600),
    partial(classes.recall_rows, 500),
    partial(classes.f1_rows, 600),
    partial(classes.area_rows, 2_000),
    partial(classes.map_rows, 400),
    partial(classes.mark_rows, 600),
    partial(classes.detection_rows, 80),
    partial(families.latency_rows, 600),
    families.family_rows,
    families.mean_family_rows,
    families.recall_family_rows,
    families.look_rows,
    partial(unit_rows.unit_rows, 1_000),
)


def main() -> int:
    """Print all rows. Return 1 if an error exceeds what is promised."""
    sys.stdout.write(f"{HEADER}\n")
    exceeds = False
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for rows in pool.map(_rows_of, range(len(PARTS))):
            sys.stdout.writelines(f"{row.text}\n" for row in rows)
            exceeds |= any(row.error > row.most for row in rows)
    return int(exceeds)


def _rows_of(part: int) -> list[Row]:
    return list(PARTS[part]())


if __name__ == "__main__":
    sys.exit(main())
