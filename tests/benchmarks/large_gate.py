"""The memory of the gate for 100 candidates that were measured on 10 million samples.

    python large_gate.py

It decides with a confidence bound on the accuracy of each candidate, and writes the report.
"""

import hashlib
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from spending import say, spent_by

SIGNATURE = "serve"
CANDIDATES, SAMPLES, MOST = 100, 10_000_000, 2 << 30


def write_measurement(folder: Path, name: str, right: np.ndarray, answers: Path) -> str:
    """Write the measurement of a model, with predictions that all models share."""
    from quantgate.components.artifacts.measurement import write_evaluation
    from quantgate.records.tasks import Measurement

    place = folder / "measurements" / name
    measurement = Measurement(
        model_sha256=hashlib.sha256(name.encode()).hexdigest(),
        status="measured",
        reasons=[],
        figures={"top1": float(right.mean())},
        metrics={"top1": "top1"},
        samples=SAMPLES,
        dataset_sha256="d" * 64,
        litert="2.3.0",
    )
    write_evaluation(str(place), measurement, {"top1": right})
    (place / "answers.npz").hardlink_to(answers)
    return str(place)


def write_run(folder: Path) -> dict[str, list[str]]:
    """Write what the tasks of a run leave to the gate, and return the evidence by its kind."""
    from quantgate.records.attestation import Attestation
    from quantgate.records.tasks import ModelFacts, Signature

    random = np.random.default_rng(1)
    chosen = random.integers(0, 10, SAMPLES, np.int32)
    right = np.ones(SAMPLES)
    right[random.choice(SAMPLES, SAMPLES // 10, replace=False)] = 0
    labels = np.where(right == 1, chosen, (chosen + 1) % 10).astype(np.int32)
    answers = folder / "answers.npz"
    np.savez_compressed(answers, **{"top1/chosen": chosen, "top1/right": labels})
    ModelFacts(
        source_sha256="5" * 64,
        baseline_sha256=hashlib.sha256(b"float32").hexdigest(),
        size_bytes=200,
        signatures=[Signature(key=SIGNATURE, inputs={}, outputs={})],
        ops={},
        tensorflow="2.21.0",
    ).write(folder / "facts.json")
    write_measurement(folder, "float32", right, answers)
    kinds: dict[str, list[str]] = {"attestations": [], "measurements": [], "models": []}
    for number in range(CANDIDATES):
        name = f"candidate{number:03}"
        own = right.copy()
        changed = random.integers(0, SAMPLES, SAMPLES // 200 + 1000 * number)
        own[changed] = 1 - own[changed]
        kinds["measurements"].append(write_measurement(folder, name, own, answers))
        model, attestation = folder / f"{name}.tflite", folder / f"{name}.json"
        model.write_bytes(name.encode())
        kinds["models"].append(str(model))
        Attestation(
            candidate=name,
            mode="integer_only_int8",
            status="converted",
            reasons=[],
            model_sha256=hashlib.sha256(name.encode()).hexdigest(),
            size_bytes=len(name),
            tensorflow="2.21.0",
            seconds=1.0,
        ).write(attestation)
        kinds["attestations"].append(str(attestation))
    return kinds


def write_evaluation_set(folder: Path) -> tuple[str, str]:
    """Write the evaluation set without its arrays, and its summary with a digest of each sample."""
    from quantgate.components.artifacts.dataset import NAMES, ROWS, folder_of
    from quantgate.components.artifacts.dataset_summary import write_summary
    from quantgate.records.datasets import Manifest

    manifest = Manifest(
        purpose="evaluation",
        source="samples",
        inputs={},
        label=None,
        samples=SAMPLES,
        available=SAMPLES,
        select="first",
        seed=0,
        per_class=None,
        content_sha256="d" * 64,
        distinct=SAMPLES,
    )
    digests = np.random.default_rng(2).integers(0, 1 << 63, SAMPLES, np.uint64)
    target = folder / "evaluation"
    write_summary(target, SIGNATURE, manifest, digests, np.array([], np.str_))
    place = folder_of(folder / "samples", SIGNATURE)
    (place / ROWS).parent.mkdir(parents=True)
    manifest.write(place / "manifest.json")
    np.save(place / ROWS, np.arange(SAMPLES))
    np.save(place / NAMES, np.char.add("class 7/", np.arange(SAMPLES).astype("U8")))
    return str(target), str(folder / "samples")


def run_gate(folder: Path, kinds: dict[str, list[str]], evaluation: str, samples: str) -> None:
    """Collect the evidence, and decide."""
    from quantgate.components.collect.work import collect
    from quantgate.components.gate.work import GateInputs, GateOutputs, GateSettings, gate

    models = {"models": kinds.pop("models")}
    collect(models, earlier_path=None, collected_path=str(folder / "models"))
    collect(kinds, earlier_path=None, collected_path=str(folder / "evidence"))
    inputs = GateInputs(
        facts=str(folder / "facts.json"),
        baseline=str(folder / "measurements" / "float32"),
        evidence=str(folder / "evidence"),
        models=str(folder / "models"),
        evaluation=evaluation,
        samples=samples,
    )
    limits = {"top1": {"max_drop": 0.01, "confidence": 0.95}}
    settings = GateSettings("large", limits, [{"maximize": "top1"}], "e" * 64)
    names = ("decision", "report", "page", "winner", "compiled")
    outcome = gate(inputs, settings, GateOutputs(*(str(folder / f"out-{n}") for n in names)))
    say(f"the winner is {outcome.winner_name or 'missing'}")


def measure_gate(folder: Path) -> bool:
    """Decide among candidates with many samples, and return whether the target is met."""
    kinds, (evaluation, samples) = write_run(folder), write_evaluation_set(folder)
    spent = spent_by(partial(run_gate, folder, kinds, evaluation, samples))
    say(
        f"{CANDIDATES} candidates of {SAMPLES:,} samples: {spent.bytes >> 20:,} MiB, "
        f"{spent.seconds:.0f} CPU s"
    )
    return spent.bytes < MOST


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="quantgate-bench-") as place:
        sys.exit(0 if measure_gate(Path(place)) else 1)
