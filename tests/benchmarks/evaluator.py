"""The speed of evaluation: `evaluate` on all cores against a plain LiteRT loop on one core.

    python evaluator.py [small] [large] [overhead] [threads] [batches] [--models DIR]

`small` is the DS-CNN of Fashion-MNIST, and `large` an untrained MobileNetV2 at 224x224, each in
float, int8 and 16x8. The plain loop maps the data into memory, takes one sample after another, and
computes top-1. The best of some rounds counts. A round lasts from loading the model to the metric,
without imports. The results must be the same for each sample. `overhead` is the time that a sample
of the small model takes beyond the interpreter's `invoke`.

`threads` and `batches` repeat measurements behind past design decisions, and have no target.
`threads` compares two processes of one interpreter with two threads of one interpreter each.
`batches` measures the time per sample in invocations of 1, 8 and 32 samples.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).resolve().parent
MODELS = HERE.parents[2] / "shared" / "models"
MODES = ("float32", "integer_only_int8", "int16x8")
KEY = "serving_default"
CALIBRATED_ON = 8
ROUNDS = 20
#: Samples by model and mode: of the small one few and many, of the large one some seconds' worth.
SAMPLES = {
    "small": dict.fromkeys(MODES, (600, 10000)),
    "large": {"float32": (300,), "integer_only_int8": (300,), "int16x8": (8, 24)},
}
#: The target: so many times faster, if the loop takes longer than so many seconds.
WANTED, FROM_S = 1.8, 2.0
MOST_OVERHEAD_US = 10.0
BATCHES = (1, 8, 32)


#: Returns for each sample whether it is right. Called after the clock has stopped.
Results = Callable[[], list[bool]]


class Subject(NamedTuple):
    """A .tflite, its facts and a data set, as `evaluate` takes them."""

    model: str
    facts: str
    dataset: str


def make(folder: Path, models: Path) -> None:
    """Convert both models in every mode, by the guide's recipe."""
    import plain_script

    from quantgate.domain import modes

    os.chdir(folder)
    if not Path("saved_model").exists():
        _make_large()
    for name, source in (("small", models / "fashion_mnist"), ("large", folder)):
        (folder / name).mkdir(exist_ok=True)
        for mode in MODES:
            model = plain_script.convert(source, "image", modes.MODES[mode], CALIBRATED_ON)
            (folder / name / f"{mode}.tflite").write_bytes(model)


def _make_large() -> None:
    """Write the large model, untrained, but with activations of order one: others fit no 16x8."""
    import eight_modes
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    image = tf.keras.Input(eight_modes.IMAGE, name="image")
    model = tf.keras.applications.MobileNetV2(input_tensor=image, weights=None)
    for layer in model.layers:
        layer.momentum = 0.0
    images = eight_modes._images(CALIBRATED_ON)
    model(images, training=True)
    model.export("saved_model", verbose=False)
    np.savez("calibration.npz", image=images)


def prepared(folder: Path, models: Path, name: str, mode: str, samples: int) -> Subject:
    """Write facts and a data set for one of the models."""
    from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
    from quantgate.components.build_dataset.work import build_dataset

    target = folder / name / str(samples)
    facts, dataset = folder / name / "facts.json", target / "dataset"
    _write_facts(folder / name / "float32.tflite", facts)
    if not dataset.exists():
        build_dataset(
            Source(str(_source(folder, models, name, samples))),
            Requirements(KEY, "evaluation", label="labels"),
            Selection(samples),
            Paths(str(facts), str(dataset), str(target / "summary")),
        )
    return Subject(str(folder / name / f"{mode}.tflite"), str(facts), str(dataset))


def plainly(subject: Subject) -> Callable[[], Results]:
    """Return a plain loop over the samples, which tells the right ones."""
    from ai_edge_litert.interpreter import Interpreter

    folder = Path(subject.dataset) / f"signature-{KEY}"

    def run() -> Results:
        images = np.load(folder / "image.npy", mmap_mode="r")
        labels = np.load(folder / "labels.npy")
        interpreter = Interpreter(model_path=subject.model, num_threads=1)
        interpreter.allocate_tensors()
        taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        scale, zero_point = taken["quantization"]
        right = []
        for image, label in zip(images, labels, strict=True):
            if scale:
                limits = np.iinfo(taken["dtype"])
                image = np.clip(np.round(image / scale) + zero_point, limits.min, limits.max)
            interpreter.set_tensor(taken["index"], image[None].astype(taken["dtype"]))
            interpreter.invoke()
            right.append(bool(interpreter.get_tensor(given["index"])[0].argmax() == label))
        return lambda: right

    return run


def by_evaluate(subject: Subject) -> Callable[[], Results]:
    """Return a call of the component, which tells the right samples by its output file."""
    from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate

    target = Path(subject.dataset).parent / "measurement"

    def kept() -> list[bool]:
        with np.load(target / "samples.npz") as scores:
            return [bool(value) for value in scores["top1"]]

    def run() -> Results:
        evaluate(
            EvaluateInputs(subject.model, subject.facts, subject.dataset),
            EvaluateSettings([{"metric": "top1"}]),
            str(target),
        )
        return kept

    return run


def timed(way: str, subject: Subject) -> None:
    """Print the seconds of the best round and the results as JSON."""
    if way == "plain":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    run = {"plain": plainly, "evaluate": by_evaluate}[way](subject)
    seconds: list[float] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        results = run()
        seconds.append(time.perf_counter() - started)
        if sum(seconds) > 2 * FROM_S:
            break
    sys.stdout.write(json.dumps({"seconds": min(seconds), "right": results()}) + "\n")


def compare(folder: Path, models: Path, name: str) -> list[str]:
    """Print both speeds for every mode of a model, and return the missed targets."""
    short = []
    for mode, counts in SAMPLES[name].items():
        for samples in counts:
            subject = prepared(folder, models, name, mode, samples)
            plain, ours = _told("plain", subject), _told("evaluate", subject)
            ratio = plain["seconds"] / ours["seconds"]
            title = f"{name} {mode}, {samples:,} samples"
            rates = [samples / way["seconds"] for way in (plain, ours)]
            sys.stdout.write(f"{title:<40}{rates[0]:>12,.1f}{rates[1]:>12,.1f}{ratio:>8.2f}\n")
            wanted = WANTED if plain["seconds"] > FROM_S else 1.0
            short += [f"{title}: {ratio:.2f} instead of {wanted}"] if ratio < wanted else []
            short += [f"{title}: other results"] if plain["right"] != ours["right"] else []
    return short


def overhead(folder: Path, models: Path) -> list[str]:
    """Print the time of a sample of the small model beyond its `invoke`, in this process."""
    from quantgate.components.artifacts.dataset import open_dataset
    from quantgate.components.evaluate.planning import plan_metrics
    from quantgate.components.evaluate.run import Subject as Scored
    from quantgate.components.evaluate.run import score_shards
    from quantgate.components.litert.interpreter import LiteRTModel
    from quantgate.records.tasks import ModelFacts

    samples, worst = SAMPLES["small"]["float32"][-1], 0.0
    for mode in MODES[:2]:
        subject = prepared(folder, models, "small", mode, samples)
        facts = ModelFacts.read(subject.facts)
        dataset = open_dataset(subject.dataset, KEY)
        plans = plan_metrics([{"metric": "top1"}], facts, lambda _, d=dataset: d)
        scored = Scored(subject.model, facts, dataset, plans, None)
        model = LiteRTModel(subject.model, facts, facts.signature(KEY), dataset.inputs)
        whole = min(_seconds(lambda s=scored: score_shards(s, [range(samples)])) for _ in range(5))
        alone = min(_seconds(lambda m=model: _invoked(m, samples)) for _ in range(5))
        beyond = (whole - alone) / samples * 1e6
        worst = max(worst, beyond)
        sys.stdout.write(f"small {mode}: {beyond:.1f} us a sample beyond its invoke\n")
    return [f"overhead: {worst:.1f} us a sample"] if worst > MOST_OVERHEAD_US else []


def compare_threads(folder: Path, models: Path) -> list[str]:
    """Print the seconds of two processes and of two threads, and return differing results."""
    from quantgate.components.artifacts.dataset import open_dataset
    from quantgate.components.evaluate.planning import plan_metrics
    from quantgate.components.evaluate.run import Subject as Scored
    from quantgate.components.evaluate.run import score_shards
    from quantgate.components.processes.isolation import (
        ResourceLimits,
        run_isolated,
        run_side_by_side,
    )
    from quantgate.records.tasks import ModelFacts

    different = []
    for name, counts in SAMPLES.items():
        for mode, (*_, samples) in counts.items():
            subject = prepared(folder, models, name, mode, samples)
            facts, dataset = ModelFacts.read(subject.facts), open_dataset(subject.dataset, KEY)
            plans = plan_metrics([{"metric": "top1"}], facts, lambda _, d=dataset: d)
            scored = Scored(subject.model, facts, dataset, plans, None)
            halves = [(scored, [range(samples // 2)]), (scored, [range(samples // 2, samples)])]
            ways = {
                "processes": lambda h=halves: run_side_by_side(
                    score_shards, h, limits=ResourceLimits(600)
                ),
                "threads": lambda h=halves: run_isolated(
                    _in_threads, score_shards, h, limits=ResourceLimits(600)
                ),
            }
            seconds = {way: min(_seconds(run) for _ in range(3)) for way, run in ways.items()}
            results = [
                np.concatenate([part.kept["top1"] for half in run() for _, part in half])
                for run in ways.values()
            ]
            title = f"{name} {mode}, {samples:,} samples"
            told = ", ".join(f"{way} {took:.3f} s" for way, took in seconds.items())
            sys.stdout.write(f"{title:<40} two {told}\n")
            different += [] if np.array_equal(*results) else [f"{title}: other results in threads"]
    return different


def _in_threads(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(function, *zip(*calls, strict=True)))


def compare_batches(folder: Path, models: Path) -> list[str]:
    """Print the microseconds per sample of an invocation on one thread, for each batch size."""
    from ai_edge_litert.interpreter import Interpreter

    titles = "".join(f"{batch:>12}" for batch in BATCHES)
    sys.stdout.write(f"{'us a sample of an invocation':<40}{titles} at once\n")
    for path in sorted(folder.glob("*/*.tflite")):
        told = []
        for batch in BATCHES:
            interpreter = Interpreter(model_path=str(path), num_threads=1)
            (taken,) = interpreter.get_input_details()
            shape = (batch, *taken["shape"][1:])
            interpreter.resize_tensor_input(taken["index"], shape)
            interpreter.allocate_tensors()
            noise = np.random.default_rng(0).uniform(0, 100, shape).astype(taken["dtype"])
            interpreter.set_tensor(taken["index"], noise)
            interpreter.invoke()
            spent, until = [], time.perf_counter() + FROM_S / 4
            while not spent or time.perf_counter() < until:
                spent.append(_seconds(interpreter.invoke))
            told.append(f"{min(spent) / batch * 1e6:>12,.1f}")
        sys.stdout.write(f"{f'{path.parent.name} {path.stem}':<40}{''.join(told)}\n")
    return []


def _invoked(model: Any, times: int) -> None:
    for _ in range(times):
        model.invoke()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _source(folder: Path, models: Path, name: str, samples: int) -> Path:
    if name == "small":
        return models / "fashion_mnist" / "evaluation.npz"
    import eight_modes

    path = folder / name / f"{samples}.npz"
    np.savez(path, image=eight_modes._images(samples), labels=np.arange(samples))
    return path


def _write_facts(model: Path, target: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    from quantgate.foundation.hashing import sha256_of_file
    from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

    runner = Interpreter(model_path=str(model)).get_signature_runner(KEY)

    def tensors(details: dict[str, Any]) -> dict[str, TensorFacts]:
        return {
            name: TensorFacts(shape=[-1, *map(int, tensor["shape"][1:])], dtype="float32")
            for name, tensor in details.items()
        }

    inputs, outputs = tensors(runner.get_input_details()), tensors(runner.get_output_details())
    ModelFacts(
        **{"source_sha256": "0" * 64, "baseline_sha256": sha256_of_file(model)},
        **{"size_bytes": model.stat().st_size, "ops": {}, "tensorflow": ""},
        signatures=[Signature(key=KEY, inputs=inputs, outputs=outputs)],
    ).write(target)


def _told(way: str, subject: Subject) -> dict[str, Any]:
    command = [sys.executable, __file__, "timed", way, *subject]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


PARTS: dict[str, Callable[[Path, Path], list[str]]] = {
    "small": lambda folder, models: compare(folder, models, "small"),
    "large": lambda folder, models: compare(folder, models, "large"),
    "overhead": overhead,
    "threads": compare_threads,
    "batches": compare_batches,
}


def main(arguments: Sequence[str]) -> int:
    """Run the named parts, or all, and return 1 if one misses its target."""
    if arguments[:1] == ["timed"]:
        timed(arguments[1], Subject(*arguments[2:]))
        return 0
    if arguments[:1] == ["make"]:
        make(Path(arguments[1]), Path(arguments[2]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=[*SAMPLES, "overhead"])
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of real models")
    parser.add_argument("--folder", type=Path, help="where the models are kept for the next time")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = (given.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "large" / f"{MODES[-1]}.tflite").exists():
            command = [sys.executable, __file__, "make", str(folder), str(given.models)]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        titles = f"{'samples a second':<40}{'plain loop':>12}{'evaluate':>12}{'ratio':>8}"
        sys.stdout.write(f"{titles}, {len(os.sched_getaffinity(0))} cores\n")
        short = [problem for part in given.parts for problem in PARTS[part](folder, given.models)]
    sys.stdout.writelines(f"falls short: {problem}\n" for problem in short)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
