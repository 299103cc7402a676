"""All eight modes of a MobileNetV2 at 224x224: a whole `quantgate run` against the guide's recipes.

The recipes run one after another in one process, as in a script. quantgate's run includes data
sets, attestations, evaluation on a few samples, gate and report. Both times include the import of
TensorFlow. The models of modes without a calibration are compared by their hashes. The cache of the
run is empty at its start, as that of a new user. Equal models are therefore evaluated once.

    python eight_modes.py [samples]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from quantgate.domain.modes import MODES, Mode
from quantgate.foundation.hashing import sha256_of_bytes

IMAGE = (224, 224, 3)
EVALUATED = 16
POLL_S = 0.2
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
#: How many times faster than the guide's recipes a run should be.
GOAL = 6.0
#: The number of tasks in the table of the longest ones.
SHOWN = 12
SPEC = """\
version: 1
name: bench
model: {saved_model: saved_model}
data:
  calibration: {source: calibration.npz, samples: %d, select: first}
  evaluation: {source: evaluation.npz, label: labels}
quantize: {target: cpu, modes: auto, recipes: []}
measure: {metrics: [top1], latency: null}
gate: {allow_doubtful: true, size_bytes: {max_ratio: 1}}
"""


class Run(NamedTuple):
    """The cost of a command together with its children.

    Attributes:
        seconds: its duration.
        cpu_s: the CPU time of all its processes, which other work on the machine hardly changes.
        peak_mib: its peak memory.
    """

    seconds: float
    cpu_s: float
    peak_mib: float


def make(samples: int) -> None:
    """Write an untrained model and structured random images to the working folder.

    Batch normalization has the statistics of the images. Without them, activations would shrink to
    nothing from layer to layer, and could not be quantized.
    """
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    image = tf.keras.Input(IMAGE, name="image")
    model = tf.keras.applications.MobileNetV2(input_tensor=image, weights=None)
    for layer in model.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(_images(EVALUATED), training=True)
    model.export("saved_model", verbose=False)
    np.savez("calibration.npz", image=_images(samples))
    np.savez("evaluation.npz", image=_images(EVALUATED), labels=np.arange(EVALUATED))
    Path("quantgate.yaml").write_text(SPEC % samples)


def follow_the_guide() -> None:
    """Convert in every mode with the guide's recipe, and write the models' hashes."""
    import tensorflow as tf

    with np.load("calibration.npz") as data:
        images = data["image"]

    def representative() -> Iterator[dict[str, Any]]:
        return ({"image": image[None]} for image in images)

    models = {}
    for mode in MODES.values():
        converter = tf.lite.TFLiteConverter.from_saved_model(
            "saved_model", signature_keys=["serving_default"]
        )
        _set_up(converter, mode, tf)
        if mode.calibrated:
            converter.representative_dataset = representative
        models[mode.name] = sha256_of_bytes(converter.convert())
    Path("guide.json").write_text(json.dumps(models))


def compare(samples: int) -> bool:
    """Run both ways, print a table, and say whether modes without a calibration give the same."""
    _python("make", str(samples))
    guide = watched([sys.executable, __file__, "guide"])
    run = [sys.executable, "-m", "quantgate", "run", "quantgate.yaml", "--cache-dir", "cache"]
    ours = watched(run)
    lines = [
        f"{samples} calibration samples, {len(os.sched_getaffinity(0))} cores",
        f"{'':22}{'seconds':>10}{'CPU s':>10}{'peak MiB':>10}",
        _row("the guide, in a row", guide),
        _row("quantgate run", ours),
        f"{'times less':22}{guide.seconds / ours.seconds:>10.1f}{guide.cpu_s / ours.cpu_s:>10.1f}"
        f"{guide.peak_mib / ours.peak_mib:>10.1f}",
        f"{'goal':22}{GOAL:>10.1f}",
        *_tasks(),
    ]
    different = _different_models()
    lines.append(f"models that differ: {', '.join(different) or 'none'}")
    sys.stdout.write("\n".join(lines) + "\n")
    return not different


def _row(name: str, run: Run) -> str:
    return f"{name:22}{run.seconds:>10.1f}{run.cpu_s:>10.1f}{run.peak_mib:>10.0f}"


def _tasks() -> Iterator[str]:
    """Yield the tasks of the newest run that took longest, with their seconds."""
    record = json.loads(Path("runs/bench/latest/run.json").read_text())
    longest = sorted(record["tasks"], key=lambda task: -task["seconds"])
    return (f"  {task['title']:30}{task['seconds']:>7.1f}" for task in longest[:SHOWN])


def _images(count: int) -> Any:
    """Blurred noise in [-1, 1], so that neighbouring pixels are alike, as in a picture."""
    random = np.random.default_rng(count)
    coarse = random.uniform(-1, 1, (count, 14, 14, 3)).astype(np.float32)
    return np.repeat(np.repeat(coarse, 16, axis=1), 16, axis=2)


def _set_up(converter: Any, mode: Mode, tf: Any) -> None:
    if mode.optimized:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode.supported_ops:
        converter.target_spec.supported_ops = [tf.lite.OpsSet[name] for name in mode.supported_ops]
    if mode.supported_types:
        converter.target_spec.supported_types = [tf.float16]
    converter.inference_input_type = tf.dtypes.as_dtype(mode.io_types[0])
    converter.inference_output_type = tf.dtypes.as_dtype(mode.io_types[0])


def _different_models() -> list[str]:
    """Return the modes without a calibration whose models differ. LiteRT's ranges differ anyway."""
    guide = json.loads(Path("guide.json").read_text())
    decision = json.loads(Path("runs/bench/latest/decision.json").read_text())
    entries = [decision["baseline"], *decision["candidates"]]
    ours = {entry["name"]: entry["model_sha256"] for entry in entries}
    uncalibrated = [mode.name for mode in MODES.values() if not mode.calibrated]
    return [name for name in uncalibrated if ours[name] != guide[name]]


def _python(*arguments: str) -> None:
    with Path("log.txt").open("a") as log:
        command = [sys.executable, __file__, *arguments]
        subprocess.run(command, check=True, stdout=log, stderr=log)


def watched(command: list[str]) -> Run:
    """Run a command, and return its duration, CPU time and peak memory.

    Python may write bytecode, as it does for users. Where it may not, a run spends half of its CPU
    time on compiling modules.
    """
    started, cpu_before, peak = time.monotonic(), _cpu_of_children(), 0.0
    environment = {name: os.environ[name] for name in os.environ if name != NO_BYTECODE}
    with (
        Path("log.txt").open("a") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment) as run,
    ):
        while run.poll() is None:
            peak = max(peak, sum(_held_mib(process) for process in _family(run.pid)))
            time.sleep(POLL_S)
    if run.returncode:
        raise SystemExit(f"{command} ended with {run.returncode}:\n{Path('log.txt').read_text()}")
    return Run(time.monotonic() - started, _cpu_of_children() - cpu_before, peak)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(parent: int) -> Iterator[int]:
    yield parent
    try:
        listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    except OSError:
        return
    for child in listed.split():
        yield from _family(int(child))


def _held_mib(process: int) -> float:
    """Return the proportional set size, which counts shared memory once."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    line = next((line for line in text.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) / 1024


def main(arguments: list[str]) -> int:
    """Run a part by its name, or the whole comparison."""
    if arguments[:1] == ["make"]:
        make(int(arguments[1]))
        return 0
    if arguments == ["guide"]:
        follow_the_guide()
        return 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        return 0 if compare(int(arguments[0]) if arguments else 200) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
