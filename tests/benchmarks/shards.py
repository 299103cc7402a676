"""The figures of evaluations in shards, as on a cluster of one machine.

    python shards.py [work] [memory]

Each shard is a process of one core. It fetches the model and its parts of the data set from a
server of Google Cloud Storage on loopback, which is a process of its own.

`work` divides the same samples among 1, 4, 16 and 64 shards. It prints the processor time of a
shard and of the task that merges them. The measurements must be the same. `memory` evaluates one of
four shards of 1 and 10 million small samples, and prints the memory that it needs at most, that of
the interpreter included.
"""

import hashlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np
from spending import say, spent_by

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "components"), str(HERE.parent / "storage")]

SIGNATURE, FLOAT = "serve", "float32"
TOP1 = [{"metric": "top1"}]
SHARDS, PARTS, WORK_SAMPLES = (1, 4, 16, 64), 64, 24_576
MEMORY_SAMPLES, MEMORY_SHARDS = (1_000_000, 10_000_000), 4
MOST_GROWTH, MOST_MERGING = 1.3, 0.02
MOST_SHARD = 1 << 30
#: What a shard imports before the clock starts.
IMPORTED = (
    "components.evaluate_shard.work",
    "components.merge_shards.work",
    "foundation.storage.gcs",
)


class Case(NamedTuple):
    """A model with its samples, of which the parts are in storage."""

    model: str
    facts: str
    dataset: str


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """Serve the files below a folder as the bucket `gs://bucket`."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=_serve, args=(folder, sender))
    server.start()
    os.environ["STORAGE_EMULATOR_HOST"] = receiver.recv()
    try:
        yield
    finally:
        os.kill(server.pid or 0, signal.SIGKILL)
        server.join()


def _serve(folder: Path, sender: Any) -> None:
    from gcs_server import Bucket, Server

    bucket = Bucket()
    for path in folder.rglob("*"):
        if path.is_file():
            bucket.put(str(path.relative_to(folder)), path.read_bytes())
    server = Server(bucket)
    sender.send(server.url)
    server.serve_forever()


def write_set(folder: Path, x: np.ndarray, labels: np.ndarray, count: int) -> str:
    """Write a data set in parts below `stored`. Return the folder without their arrays."""
    from quantgate.components.artifacts.dataset import folder_of
    from quantgate.foundation.hashing import sha256_of_file
    from quantgate.records.datasets import ArrayFacts, DatasetPart, Manifest, PartFile

    parts, samples, arrays = [], len(x), {"x.npy": x, "labels.npy": labels}
    for number in range(count):
        start, stop = samples * number // count, samples * (number + 1) // count
        place = folder / "stored" / f"part-{number}"
        place.mkdir(parents=True)
        files = {}
        for name, array in arrays.items():
            np.save(place / name, array[start:stop])
            path = place / name
            files[name] = PartFile(sha256=sha256_of_file(path), size_bytes=path.stat().st_size)
        uri = f"gs://bucket/{place.name}"
        parts.append(DatasetPart(uri=uri, start=start, stop=stop, files=files))

    def facts(name: str) -> ArrayFacts:
        array = arrays[name]
        least, most = float(array.min()), float(array.max())
        shape, dtype = list(array.shape), array.dtype.name
        return ArrayFacts(file=name, shape=shape, dtype=dtype, minimum=least, maximum=most)

    manifest = Manifest(
        purpose="evaluation",
        source="samples",
        inputs={"x": facts("x.npy")},
        label=facts("labels.npy"),
        samples=samples,
        available=samples,
        select="first",
        seed=0,
        per_class=None,
        content_sha256=hashlib.sha256(x.tobytes()).hexdigest(),
        distinct=samples,
        parts=parts,
    )
    place = folder_of(folder / "whole", SIGNATURE)
    place.mkdir(parents=True)
    manifest.write(place / "manifest.json")
    return str(folder / "whole")


def write_facts(folder: Path, width: int, outputs: int) -> str:
    """Write the facts of a float model that is not the one under test."""
    from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

    path = folder / "facts.json"
    ModelFacts(
        source_sha256="0" * 64,
        baseline_sha256="1" * 64,
        size_bytes=1000,
        signatures=[
            Signature(
                key=SIGNATURE,
                inputs={"x": TensorFacts(dtype=FLOAT, shape=[-1, width])},
                outputs={"y": TensorFacts(dtype=FLOAT, shape=[-1, outputs])},
            )
        ],
        ops={},
        tensorflow="2.21.0",
    ).write(path)
    return str(path)


def slow_case(folder: Path) -> Case:
    """Write a model that takes milliseconds for a sample."""
    from conftest import Step, Stored, _build

    wide, layers = 100_000, 32
    parts = [Stored("in", [1, 1]), Stored("big", [1, wide], values=[np.ones(wide)])]
    parts += [Stored(f"t{n}", [1, wide]) for n in range(layers + 1)]
    steps = [Step("ADD", ["in", "big"], ["t0"])]
    steps += [Step("EXP" if n % 2 else "LOG", [f"t{n}"], [f"t{n + 1}"]) for n in range(layers)]
    (folder / "stored" / "model").mkdir(parents=True)
    model = _build(*parts, *steps, inputs={"x": "in"}, outputs={"y": f"t{layers}"})
    (folder / "stored" / "model" / "model.tflite").write_bytes(model)
    x = np.random.default_rng(1).random((WORK_SAMPLES, 1), np.float32)
    dataset = write_set(folder, x, np.arange(WORK_SAMPLES) % 2, PARTS)
    return Case("model", write_facts(folder, 1, wide), dataset)


def small_case(folder: Path, samples: int) -> Case:
    """Write a model that takes microseconds for a sample."""
    from conftest import Step, Stored, _build

    width = 4
    parts = [Stored("in", [1, width]), Stored("factors", [1, width], values=[1.0, 1.5, 0.5, 1.0])]
    step = Step("MUL", ["in", "factors"], ["out"])
    ends = {"inputs": {"x": "in"}, "outputs": {"y": "out"}}
    (folder / "stored" / "model").mkdir(parents=True)
    model = _build(*parts, Stored("out", [1, width]), step, **ends)
    (folder / "stored" / "model" / "model.tflite").write_bytes(model)
    x = np.random.default_rng(1).random((samples, width), np.float32)
    dataset = write_set(folder, x, x.argmax(axis=1), MEMORY_SHARDS)
    return Case("model", write_facts(folder, width, width), dataset)


def run_shard(case: Case, division: Any, target: Path) -> None:
    """Fetch the model, and score a shard of the samples."""
    from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings
    from quantgate.components.evaluate_shard.work import evaluate_shard
    from quantgate.foundation.storage.access import storage_of

    uri = f"gs://bucket/{case.model}"
    with tempfile.TemporaryDirectory() as folder:
        storage = storage_of(uri)
        storage.fetch(uri, list(storage.listing(f"{uri}/").files), Path(folder))
        inputs = EvaluateInputs(f"{folder}/model.tflite", case.facts, case.dataset)
        evaluate_shard(inputs, EvaluateSettings(TOP1), division, str(target))


def merge(case: Case, shards: list[str], target: Path) -> None:
    """Merge the shards of the model."""
    from quantgate.components.evaluate.work import EvaluateSettings
    from quantgate.components.merge_shards.inputs import MergeInputs
    from quantgate.components.merge_shards.work import merge_shards

    inputs = MergeInputs(shards, len(shards), case.facts)
    merge_shards(inputs, EvaluateSettings(TOP1), str(target))


def contents_of(folder: Path) -> dict[str, str]:
    """Return the hash of each file, and for an archive those of the files in it."""
    hashes = {}
    for path in folder.iterdir():
        if path.suffix == ".npz":
            with ZipFile(path) as archive:
                for name in archive.namelist():
                    hashes[f"{path.name}/{name}"] = hashlib.sha256(archive.read(name)).hexdigest()
        else:
            hashes[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return hashes


def _nothing() -> None:
    pass


def measure_work(folder: Path) -> bool:
    """Divide the samples among 1 to 64 shards, and return whether the targets are met."""
    from quantgate.components.artifacts.division import Division
    from quantgate.domain.sharding import SHARD_S

    case, results, good = slow_case(folder), [], True
    with served(folder / "stored"):
        idle = spent_by(_nothing).seconds
        whole = 0.0
        for count in SHARDS:
            places = [folder / f"{count}-{number}" for number in range(1, count + 1)]
            seconds = [
                spent_by(partial(run_shard, case, Division(n, count), place)).seconds
                for n, place in enumerate(places, start=1)
            ]
            whole = whole or seconds[0]
            target = folder / f"merged-{count}"
            merging = spent_by(partial(merge, case, list(map(str, places)), target)).seconds - idle
            results.append(contents_of(target))
            growth = max(seconds) * count / whole
            say(
                f"{count:3} shards: at most {max(seconds):6.2f} CPU s a shard, "
                f"{growth:.2f} of 1/{count}, merging {merging:.3f} CPU s"
            )
            # A shard is worth its pod from this much work on, so `auto` makes none with less.
            good &= growth < MOST_GROWTH and merging < MOST_MERGING * max(*seconds, SHARD_S)
    say("the measurements are", "the same" if results.count(results[0]) == 4 else "DIFFERENT")
    return good and results.count(results[0]) == len(SHARDS)


def measure_memory(folder: Path) -> bool:
    """Evaluate a shard of many small samples, and return whether the target is met."""
    from quantgate.components.artifacts.division import Division
    from quantgate.domain.sharding import ROUNDS

    good, shard = True, Division(1, MEMORY_SHARDS)
    last_round = replace(shard, round=ROUNDS, rounds=ROUNDS)
    for samples in MEMORY_SAMPLES:
        place = folder / str(samples)
        case = small_case(place, samples)
        for name, division in {"one of 4 shards": shard, "its last round": last_round}.items():
            with served(place / "stored"):
                spent = spent_by(partial(run_shard, case, division, place / name))
            say(
                f"{samples:12,} samples, {name}: {spent.bytes >> 20:,} MiB, {spent.seconds:.0f} "
                "CPU s"
            )
            good &= spent.bytes < MOST_SHARD
    return good


def main(parts: list[str]) -> int:
    """Print the figures of some parts, and return the exit code."""
    for name in IMPORTED:
        import_module(f"quantgate.{name}")
    measures = {"work": measure_work, "memory": measure_memory}
    good = True
    for name in parts or list(measures):
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="quantgate-bench-") as folder:
            met = measures[name](Path(folder))
        say(f"{name}: {'met' if met else 'MISSED'} in {time.monotonic() - started:.0f} s")
        good &= met
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
