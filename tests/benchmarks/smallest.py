"""The smallest qualifying model: the converter's seven modes, both engines, and the search.

    python smallest.py [model ...]

Each evaluation set is divided in two: one half judges, the other is `data.search`. At most
`MOST_SAMPLES` of a half are used. Each model runs once with all modes, all recipes of `auto` and
the search by the agreement, and once more with the search by the metric. Tasks that are equal come
from the cache. The search never sees the samples that judge.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.runs.folder import RunRecord

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
MOST_SAMPLES = 1000
SEARCH = "Search mixed precision"
#: At least so much smaller, on at least so many models.
WANTED, ON = 0.15, 2


class Subject(NamedTuple):
    """A shared model.

    Attributes:
        name: the name of its folder.
        metric: the spec's metric.
        label: the key of the labels.
        most: the loss that is allowed.
    """

    name: str
    metric: str = "top1"
    label: str = "labels"
    most: float = 0.01


SUBJECTS = (
    Subject("keyword_spotting"),
    Subject("cifar10_resnet8"),
    Subject("fashion_mnist"),
    Subject("super_resolution", "psnr", "target", 0.5),
    Subject("adult_two_inputs", "roc_auc"),
)


class Row(NamedTuple):
    """The smallest qualifying models of a shared one, in bytes.

    Attributes:
        name: of the shared model.
        samples: that judge.
        modes: among the converter's modes.
        engines: among modes and recipes.
        by_agreement: with the search by the agreement too.
        by_metric: with the search by the metric instead.
        seconds: of both searches.
    """

    name: str
    samples: int
    modes: int
    engines: int
    by_agreement: int
    by_metric: int
    seconds: tuple[float, float]

    @property
    def gains(self) -> list[float]:
        """The parts by which the model is smaller than the smallest mode, by column."""
        sizes = (self.engines, self.by_agreement, self.by_metric)
        return [1 - size / self.modes for size in sizes]


def halves_of(subject: Subject, folder: Path) -> int:
    """Write both halves of an evaluation set, and return the number of samples of one."""
    data = np.load(SHARED / subject.name / "evaluation.npz")
    arrays = {key: data[key] for key in data.files}
    total = min(2 * MOST_SAMPLES, len(arrays[subject.label]))
    rows = np.random.default_rng(0).permutation(len(arrays[subject.label]))[:total]
    for name, half in (("evaluation", rows[::2]), ("search", rows[1::2])):
        np.savez(folder / f"{name}.npz", **{key: array[half] for key, array in arrays.items()})
    return len(rows[::2])


def spec_of(subject: Subject, *, by_metric: bool) -> dict[str, object]:
    """Return the spec of a run. Latency is no limit, so it is not measured."""
    model = SHARED / subject.name
    labelled = {"source": "search.npz", "label": subject.label}
    return {
        "version": 1,
        "name": subject.name,
        "model": {"saved_model": str(model / "saved_model")},
        "data": {
            "calibration": {"source": str(model / "calibration.npz"), "samples": 100},
            "evaluation": {"source": "evaluation.npz", "label": subject.label},
            **({"search": labelled} if by_metric else {}),
        },
        "quantize": {"modes": list(QUANTIZED_MODES), "recipes": "auto", "search": True},
        "measure": {"metrics": [subject.metric], "latency": None},
        "gate": {subject.metric: {"max_drop": subject.most}},
    }


def decided(subject: Subject, folder: Path, *, by_metric: bool) -> tuple[Decision, float]:
    """Run a spec, and return the decision with the seconds of the search."""
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec_of(subject, by_metric=by_metric)))
    command = [sys.executable, "-m", "quantgate", "run", "spec.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4):
        raise SystemExit(f"{subject.name}: {done.stdout}{done.stderr}")
    run = folder / "runs" / subject.name / "latest"
    seconds = {task.title: task.seconds for task in RunRecord.read(run / "run.json").tasks}
    return Decision.read(run / "decision.json"), seconds[SEARCH]


def row_of(subject: Subject) -> Row:
    """Run a model twice, and return its row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = halves_of(subject, folder)
        agreeing, first = decided(subject, folder, by_metric=False)
        scored, second = decided(subject, folder, by_metric=True)
    plain = [entry for entry in agreeing.candidates if not entry.search]
    modes = [entry for entry in plain if entry.mode in QUANTIZED_MODES]
    searched = [entry for entry in scored.candidates if entry.search]
    show(subject, [*agreeing.candidates, *searched])
    return Row(
        subject.name,
        samples,
        smallest(modes),
        smallest(plain),
        smallest(agreeing.candidates),
        smallest([*plain, *searched]),
        (first, second),
    )


def smallest(entries: Iterable[Entry]) -> int:
    """Return the size of the smallest candidate that qualifies."""
    return min(int(entry.measurements["size_bytes"]) for entry in entries if entry.qualified)


def tell(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def show(subject: Subject, entries: Sequence[Entry]) -> None:
    """Print all candidates of a model."""
    for entry in entries:
        measured: Mapping[str, float] = entry.measurements
        if subject.metric in measured:
            state = "qualifies" if entry.qualified else "misses"
            tell(
                f"  {entry.name:<28}{measured['size_bytes']:>9.0f} "
                f"{measured[subject.metric]:8.4f} {state}"
            )


def report(rows: Sequence[Row]) -> bool:
    """Print the table, and return whether the targets are met."""
    tell("| model | samples | modes | + recipes | + search | + search by metric | smaller by |")
    tell("|---|---|---|---|---|---|---|")
    for row in rows:
        sizes = (row.modes, row.engines, row.by_agreement, row.by_metric)
        cells = " | ".join(f"{size / 1024:.1f}" for size in sizes)
        gains = " / ".join(f"{gain:.0%}" for gain in row.gains[1:])
        tell(f"| {row.name} | {row.samples:,} | {cells} | {gains} |")
    seconds = ", ".join(f"{row.name} {row.seconds[0]:.1f} and {row.seconds[1]:.1f}" for row in rows)
    tell(f"seconds of the search: {seconds}")
    columns = list(zip(*(row.gains for row in rows), strict=True))
    return all(
        min(gains) >= 0 and sum(gain >= WANTED for gain in gains) >= min(ON, len(rows))
        for gains in columns[1:]
    )


if __name__ == "__main__":
    wanted = sys.argv[1:] or [subject.name for subject in SUBJECTS]
    rows = [row_of(subject) for subject in SUBJECTS if subject.name in wanted]
    sys.exit(0 if report(rows) else 1)
