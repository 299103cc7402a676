"""The speed of quantgate's runner: whole runs, the cost of a task, and the growth of runs.

    python runner.py [digits] [fashion] [tasks] [growth] [early] [--models DIR]

`digits` and `fashion` run one compiled pipeline with all eight modes by quantgate without a cache,
and by kfp.local. A plain script then runs for each mode in turn. Models and metrics must be the
same. `tasks` runs 200 tasks that do nothing. `growth` runs more candidates, and more samples.
`early` evaluates a 16x8 model on all samples, and with early stopping.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quantgate.commands.demo_digits import make_example
from quantgate.domain.figures import BENCHMARKED
from quantgate.domain.modes import MODES

HERE = Path(__file__).resolve().parent
MODELS = HERE.parents[2] / "shared" / "models"
CALIBRATED_ON = 200
TASKS = 200
CANDIDATES = (1, 2, 4, 8, 16)
SAMPLES = (1_000, 10_000)
CYCLE = ("dynamic_range", "integer_only_int8", "float16", "full_integer")
#: The modes, with the bytes of the public converter, which the plain script uses.
EQUAL_MODES = "modes: auto, recipes: [], calibrator: tensorflow"
SPEC = f"""\
version: 1
name: fashion
model: {{saved_model: saved_model}}
data:
  calibration: {{source: calibration.npz, samples: 200, select: first}}
  evaluation: {{source: evaluation.npz, label: labels}}
quantize: {{target: cpu, {EQUAL_MODES}}}
measure:
  metrics: [top1]
  latency: {{threads: 1, warmup: 20, runs: 200}}
gate: {{size_bytes: {{max_ratio: 1}}}}
"""


def digits(folder: Path, models: Path) -> None:
    """Compare the ways to try eight modes on the demo's model."""
    spec = make_example(folder / "digits")
    text = spec.read_text(encoding="utf-8")
    text = text.replace("select: stratified", "select: first")
    spec.write_text(text.replace("modes: auto", EQUAL_MODES), encoding="utf-8")
    _compare("digits demo, 599 samples", spec)


def fashion(folder: Path, models: Path) -> None:
    """Compare the ways to try eight modes on Fashion-MNIST, with its whole test set."""
    _compare("Fashion-MNIST, 10,000 samples", _fashion_spec(folder, models))


def tasks(folder: Path, models: Path) -> None:
    """Compare the cost of a task that does nothing."""
    ways = ("fork", "quantgate", "kfp-local")
    _told("trivial_tasks.py", "compile", TASKS, folder)
    seconds = {way: float(_told("trivial_tasks.py", way, TASKS, folder)) for way in ways}
    _title(f"{TASKS} tasks that do nothing", "ms a task", "of a fork")
    for way in ways:
        _row(way, seconds[way] / TASKS * 1000, seconds[way] / seconds["fork"])


def growth(folder: Path, models: Path) -> None:
    """Show the cost of further candidates and samples."""
    spec = _fashion_spec(folder, models)
    _title("candidates, 1,000 samples", "seconds", "of the first")
    _grow([(str(count), _with_candidates(spec, count)) for count in CANDIDATES])
    _title("samples, all modes", "seconds", "of the first")
    few = [(f"{count:,}", [f"data.evaluation.samples={count}"]) for count in SAMPLES]
    _grow([(name, [str(spec), *_set(settings)]) for name, settings in few])


def early(folder: Path, models: Path) -> None:
    """Show the time that early stopping saves on a 16x8 model."""
    spec = _fashion_spec(folder, models)
    _title("16x8 of Fashion-MNIST, evaluation", "seconds", "of all")
    limits = {"loses at most 0.01": "{max_drop: 0.01, confidence: 0.95}", "0.95": "{min: 0.95}"}
    for title, limit in limits.items():
        whole, _ = _evaluated(spec, limit, stop_early=False)
        _row(f"{title}, all 10,000 samples", whole, 1.0)
        seconds, taken = _evaluated(spec, limit, stop_early=True)
        _row(f"{title}, decided after {taken:,}", seconds, seconds / whole)


def _evaluated(spec: Path, limit: str, *, stop_early: bool) -> tuple[float, int]:
    """Seconds of the candidate's evaluation task, and how many samples it took."""
    early = f"measure.evaluation.stop_early={'true' if stop_early else 'false'}"
    others = ["quantize.modes=[int16x8]", "measure.latency=null", f"gate={{top1: {limit}}}"]
    _quantgate(str(spec), *_set([early, *others]))
    steps = _decision(spec.parent)["candidates"][0]["steps"]
    record = json.loads(next((spec.parent / "runs").glob("*/latest/run.json")).read_text())
    (task,) = (task for task in record["tasks"] if task["title"] == "Evaluate int16x8")
    return task["seconds"], steps["taken"] if steps else 0


def _grow(runs: Sequence[tuple[str, list[str]]]) -> None:
    seconds = [_timed(lambda arguments=arguments: _quantgate(*arguments)) for _, arguments in runs]
    for (name, _), taken in zip(runs, seconds, strict=True):
        _row(name, taken, taken / seconds[0])


def _with_candidates(spec: Path, count: int) -> list[str]:
    named = [{"name": f"c{n}", "mode": CYCLE[n % len(CYCLE)]} for n in range(count)]
    settings = [f"quantize.modes={json.dumps(named)}", "data.evaluation.samples=1000"]
    return [str(spec), *_set(settings)]


def _set(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def _compare(title: str, spec: Path) -> None:
    folder = spec.parent
    script: dict[str, Any] = {}
    ours = _timed(lambda: _quantgate(str(spec)))
    decision = _decision(folder)
    theirs = _timed(lambda: _quantgate(str(spec), "--runner", "kfp-local"))
    same_decision = _without_clock(_decision(folder)) == _without_clock(decision)
    plain = _timed(lambda: script.update({mode: _by_script(folder, mode) for mode in MODES}))
    same_models = {name: _found(entry) for name, entry in _entries(decision).items()} == script
    _title(title, "seconds", "of quantgate")
    for name, seconds in (("quantgate", ours), ("kfp.local", theirs), ("plain script", plain)):
        _row(name, seconds, seconds / ours)
    _say(f"same decision under kfp.local: {same_decision}")
    _say(f"same models, sizes and accuracy by the script: {same_models}")
    if not (same_decision and same_models):
        raise SystemExit("the ways did not do equal work")


def _fashion_spec(folder: Path, models: Path) -> Path:
    place = folder / "fashion"
    if not place.is_dir():
        shutil.copytree(models / "fashion_mnist", place)
        (place / "quantgate.yaml").write_text(SPEC, encoding="utf-8")
    return place / "quantgate.yaml"


def _by_script(folder: Path, mode: str) -> dict[str, Any]:
    results: dict[str, Any] = json.loads(_told("plain_script.py", folder, mode, CALIBRATED_ON))
    return results


def _quantgate(spec: str, *arguments: str) -> None:
    runs = str(Path(spec).parent / "runs")
    with tempfile.TemporaryDirectory() as cold:
        places = ["--runs-dir", runs, "--cache-dir", cold]
        _output([sys.executable, "-m", "quantgate", "run", spec, "--quiet", *places, *arguments])


def _decision(folder: Path) -> Any:
    path = next((folder / "runs").glob("*/latest/decision.json"))
    return json.loads(path.read_text(encoding="utf-8"))


def _entries(decision: Any) -> dict[str, Any]:
    return {entry["name"]: entry for entry in (decision["baseline"], *decision["candidates"])}


def _found(entry: Any) -> dict[str, Any]:
    figures = {name: entry["measurements"][name] for name in ("size_bytes", "top1")}
    return {"sha256": entry["model_sha256"], **figures}


def _without_clock(decision: Any) -> Any:
    return {
        name: {
            "status": entry["status"],
            "sha256": entry["model_sha256"],
            "figures": {
                figure: value
                for figure, value in entry["measurements"].items()
                if figure not in BENCHMARKED
            },
        }
        for name, entry in _entries(decision).items()
    }


def _told(script: str, *arguments: object) -> str:
    """Run one of the scripts here and return the last line that it prints."""
    return _output([sys.executable, HERE / script, *map(str, arguments)]).splitlines()[-1]


def _output(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4):
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _title(title: str, unit: str, ratio: str) -> None:
    _say(f"\n{title:34}{unit:>12}{ratio:>14}")


def _row(name: str, value: float, ratio: float) -> None:
    _say(f"  {name:32}{value:>12.1f}{ratio:>14.2f}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


PARTS: dict[str, Callable[[Path, Path], None]] = {
    "digits": digits,
    "fashion": fashion,
    "tasks": tasks,
    "growth": growth,
    "early": early,
}


def main() -> None:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder with fashion_mnist")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for part in options.parts or PARTS:
            PARTS[part](Path(folder), options.models)


if __name__ == "__main__":
    main()
