"""Every technique of recovery on every model: metric, size, latency and cost.

    python recovery.py [FOLDER [model ...]]

FOLDER keeps the models that are trained (`recovery_models.py`). Each model runs with each technique
alone and with all of them. The candidates are the plain one and the recovered one, integer only.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

import yaml

from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.runs.folder import RunRecord

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
TECHNIQUES: Mapping[str, list[str]] = {
    **{name: [name] for name in ("ranges", "biases", "equalize", "layers")},
    "all": ["ranges", "biases", "equalize", "layers"],
}
MODE = "integer_only_int8"
TOP1 = {"top1": {"max_drop": 0.01, "confidence": 0.95}}


class Subject(NamedTuple):
    """A model with its data.

    Attributes:
        name: the name of its folder.
        limits: the spec's `gate`.
        metric: the spec's metric.
        label: the key of the labels.
    """

    name: str
    limits: Mapping[str, object] = TOP1
    metric: object = "top1"
    label: str = "labels"


SCORES = {"metric": "top1", "postprocess": [{"slice": {"start": 4, "stop": 14}}]}
SUBJECTS = (
    Subject("keyword_spotting"),
    Subject("cifar10_resnet8"),
    Subject("fashion_mnist"),
    Subject("super_resolution", {"psnr": {"max_drop": 0.3}}, "psnr", "target"),
    Subject("channels_100_times_apart"),
    Subject("swish_with_squeeze"),
    Subject("boxes_and_scores", metric=SCORES),
)


class Row(NamedTuple):
    """The result of a technique on a model.

    Attributes:
        cells: the texts of the table.
        used: the runs of the calibration set, None if nothing was tried.
        ratio: the time of recovery divided by that of the run's calibration, which is the
            recording of ranges and the calibration of modes.
    """

    cells: tuple[str, ...]
    used: float | None
    ratio: float


def rows_of(subject: Subject, folder: Path) -> Iterator[Row]:
    """Yield the rows of a model. It is calibrated once, and then comes from the cache."""
    calibration = 0.0
    for technique, names in TECHNIQUES.items():
        spec = Path(f"{subject.name}.yaml")
        spec.write_text(yaml.safe_dump(_spec(subject, folder, names)))
        command = [sys.executable, "-m", "quantgate", "run", str(spec)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 4):
            raise SystemExit(f"{subject.name}: {done.stdout}{done.stderr}")
        run = Path("runs", subject.name, "latest")
        seconds = {task.title: task.seconds for task in RunRecord.read(run / "run.json").tasks}
        calibration = calibration or seconds["Record ranges"] + seconds["Calibrate"]
        decision = Decision.read(run / "decision.json")
        yield _row(subject, technique, decision, seconds["Recover accuracy"] / calibration)


def _spec(subject: Subject, folder: Path, techniques: list[str]) -> dict[str, object]:
    return {
        "version": 1,
        "name": subject.name,
        "model": {"saved_model": str(folder / "saved_model")},
        "data": {
            "calibration": {"source": str(folder / "calibration.npz")},
            "evaluation": {"source": str(folder / "evaluation.npz"), "label": subject.label},
        },
        "quantize": {
            "modes": [MODE],
            "recover": {"techniques": techniques, "when": "always"},
        },
        "measure": {"metrics": [subject.metric]},
        "gate": dict(subject.limits),
    }


def _row(subject: Subject, technique: str, decision: Decision, ratio: float) -> Row:
    entry = decision.entry(f"{MODE}+recovered")
    recovery = entry.recovery
    used = recovery.used if recovery else None
    cells = (
        subject.name,
        technique,
        _change(decision.entry(MODE), decision),
        _change(entry, decision),
        _compared(entry, decision, "size_bytes"),
        _compared(entry, decision, "latency_p50_ms"),
        "-" if used is None else f"{used:.1f}",
        f"{ratio:.1f}",
        "qualifies" if entry.qualified else str(entry.status),
    )
    return Row(cells, used, ratio)


def _change(entry: Entry, decision: Decision) -> str:
    metric = next(iter(decision.metrics))
    if metric not in entry.measurements:
        return "-"
    return f"{entry.measurements[metric] - decision.baseline.measurements[metric]:+.4f}"


def _compared(entry: Entry, decision: Decision, figure: str) -> str:
    if figure not in entry.measurements:
        return "-"
    return f"{entry.measurements[figure] / decision.baseline.measurements[figure]:.2f}"


TITLES = ("model", "technique", "plain", "recovered", "size", "p50", "runs", "times", "verdict")


def main(arguments: list[str]) -> int:
    """Print the table, and the cost of all techniques together."""
    models = Path(arguments[0] if arguments else tempfile.mkdtemp()).resolve()
    wanted = arguments[1:] or [subject.name for subject in SUBJECTS]
    if trained := [name for name in wanted if not (SHARED / name).is_dir()]:
        script = Path(__file__).with_name("recovery_models.py")
        subprocess.run([sys.executable, str(script), str(models), *trained], check=True)
    sys.stdout.write("| " + " | ".join(TITLES) + " |\n" + "|---" * len(TITLES) + "|\n")
    together: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder, "cache"))
        os.chdir(folder)
        for subject in (each for each in SUBJECTS if each.name in wanted):
            place = SHARED / subject.name
            for row in rows_of(subject, place if place.is_dir() else models / subject.name):
                sys.stdout.write("| " + " | ".join(row.cells) + " |\n")
                sys.stdout.flush()
            together.append(row)
    used, ratios = [row.used or 0.0 for row in together], [row.ratio for row in together]
    sys.stdout.write(
        f"all techniques: {median(used):.1f} runs of the calibration set in the median, "
        f"{max(used):.1f} at most; {median(ratios):.1f} times the time of the calibration, "
        f"{max(ratios):.1f} at most\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
