"""Simulate decisions at their limits, and count how often they are wrong: `make simulate`.

Each row draws samples whose truth sits exactly at the limit, decides on them through the functions
that a run uses, and counts false passes. It fails if an error exceeds the nominal one by more than
three standard errors. Power is the share of passes at a limit that is a little looser. Beside both
are those of the bounds of version 0.1, and for families those of each candidate by itself. The
table goes to the page about statistics.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import classes
import families
import outputs
import recovered_rows
import singles
import unit_rows
from row import Row, text_of

PAGE = Path(__file__).resolve().parents[2] / "docs/statistics.md"
START, END = "<!-- table -->\n", "<!-- end of table -->\n"
HEADER = (
    "| setting | nominal | error: before / now | power: before / now | runs |",
    "|---|---|---|---|---|",
)
#: The simulations, as functions without arguments.
PARTS: tuple[Callable[[], Iterable[Row]], ...] = (
    partial(singles.paired_rows, 2_000),
    partial(singles.proportion_rows, 2_000),
    partial(singles.mean_rows, 800),
    partial(outputs.output_rows, 1_000),
    partial(outputs.ranged_rows, 800),
    partial(outputs.own_rows, 400),
    partial(singles.relative_rows, 800),
    partial(classes.recall_rows, 500),
    partial(classes.f1_rows, 500),
    partial(classes.area_rows, 2_000),
    partial(classes.precision_rows, 500),
    partial(classes.map_rows, 300),
    partial(classes.mark_rows, 600),
    partial(classes.detection_rows, 60),
    partial(unit_rows.unit_rows, 600),
    partial(families.latency_rows, 300),
    *(partial(families.family_rows, size) for size in families.SIZES),
    families.mean_family_rows,
    families.recall_family_rows,
    *(partial(families.look_rows, size) for size in families.SIZES),
    recovered_rows.recovered_rows,
)


def main() -> int:
    """Simulate all rows. Return 1 if an error exceeds what is promised."""
    rows: list[Row] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(_rows_of, range(len(PARTS))):
            rows += part
            sys.stdout.writelines(f"{line}\n" for line in _lines(part))
            sys.stdout.flush()
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    table = "".join(f"{line}\n" for line in (*HEADER, *_lines(rows)))
    PAGE.write_text(f"{before}{START}{table}{END}{rest.partition(END)[2]}", encoding="utf-8")
    return int(any(row.exceeds for row in rows))


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a line of the table for each setting, with all of its nominal errors."""
    return (text_of(list(own)) for _, own in groupby(rows, attrgetter("name")))


def _rows_of(part: int) -> list[Row]:
    return list(PARTS[part]())


if __name__ == "__main__":
    sys.exit(main())
