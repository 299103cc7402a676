"""Recipes on a float .tflite against the converter's modes on its SavedModel, as whole runs.

Each run is without a cache and ends with the promoted winner. Latency is measured in both.
MobileNetV2 runs without 16-bit activations in both. The part `guide` compares recipes with the
guide's recipes in a plain script, as `eight_modes.py` does.

Both kinds of runs alternate, and the cheapest of each counts, so that modules are compiled. Ratios
are of CPU time and of peak memory, each beside its goal. Other work on the machine changes neither.

    python recipes.py [part ...]

The parts are digits, keyword_spotting, mobilenet, guide and cold.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from eight_modes import Run, make, watched

from quantgate.commands.demo_digits import make_example

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
SAMPLES = 200
SPEC = """\
version: 1
name: {name}
model: {{{model}}}
data:
  calibration: {{source: "{calibration}", samples: {samples}, select: first}}
  evaluation: {{source: "{evaluation}", label: labels}}
quantize: {{{quantize}}}
measure: {{metrics: [top1]}}
gate: {{allow_doubtful: true, size_bytes: {{max_ratio: 1}}}}
promote: {{to: promoted/{name}}}
"""
NARROW_MODES = "[dynamic_range, float16, full_integer, integer_only_int8, integer_only_uint8]"
NARROW_RECIPES = (
    "[dynamic_legacy_wi8_afp32, dynamic_wi8_afp32, weight_only_wi8_afp32, float_casting, "
    "{recipe: static_wi8_ai8, inputs: float32, outputs: float32}, static_wi8_ai8]"
)
#: The modes and the recipes of a part, as in a spec.
EVERYTHING = ("auto", "auto")
WITHOUT_16_BITS = (NARROW_MODES, NARROW_RECIPES)
#: The most peak memory that recipes should take, as a share of that of the modes.
MEMORY_GOAL = 0.5
#: How many times faster than the guide's recipes a run without latency should be, on idle cores.
GUIDE_GOAL = 10.0
ROUNDS = 2


def digits() -> None:
    """Compare both on the demo's model."""
    make_example(Path("digits"))
    _compare("digits", Path("digits"), EVERYTHING, goal=0.35)


def keyword_spotting() -> None:
    """Compare both on keyword spotting."""
    _compare("keyword_spotting", SHARED / "keyword_spotting", EVERYTHING, goal=0.5)


def mobilenet() -> None:
    """Compare both on an untrained MobileNetV2 at 224x224."""
    make(SAMPLES)
    _compare("mobilenet", Path(), WITHOUT_16_BITS, goal=0.75)


def guide() -> None:
    """Compare recipes with the guide's recipes for all modes in one process."""
    make(SAMPLES)
    _export(Path())
    script = Path(__file__).with_name("eight_modes.py")
    by_guide = watched([sys.executable, str(script), "guide"])
    ours = _run(_tflite("guide", Path()).replace("top1]", "top1], latency: null"))
    sys.stdout.write(
        f"the guide on mobilenet: {_words(by_guide)}, {_words(ours)} with recipes\n"
        f"  {by_guide.seconds / ours.seconds:.1f} times faster (goal {GUIDE_GOAL:.0f}) with "
        f"{by_guide.cpu_s / ours.cpu_s:.1f} times less CPU time\n"
    )


def cold() -> None:
    """Compare the run of a tiny .tflite with digits from the SavedModel."""
    make_example(Path("cold"))
    _export(Path("cold"))
    quantize = "modes: [], recipes: [weight_only_wi8_afp32]"
    tiny = SPEC.format(name="cold", quantize=quantize, **_files(Path("cold")))
    _tell("a cold start", *_alternating(_saved_model("cold", Path("cold")), tiny), goal=0.5)


def _compare(name: str, folder: Path, candidates: tuple[str, str], goal: float) -> None:
    modes, recipes = candidates
    _export(folder)
    runs = _alternating(_saved_model(name, folder, modes), _tflite(name, folder, recipes))
    _tell(name, *runs, goal)


def _alternating(before: str, ours: str) -> tuple[Run, Run]:
    """Return the cheapest run of each spec."""
    rounds = [(_run(before), _run(ours)) for _ in range(ROUNDS)]
    by_modes, by_recipes = zip(*rounds, strict=True)
    return min(by_modes, key=_cpu_s), min(by_recipes, key=_cpu_s)


def _cpu_s(run: Run) -> float:
    return run.cpu_s


def _saved_model(name: str, folder: Path, modes: str = "auto") -> str:
    model = f'saved_model: "{folder.resolve()}/saved_model"'
    quantize = f"modes: {modes}, recipes: []"
    return SPEC.format(name=f"{name}-modes", quantize=quantize, **_files(folder) | {"model": model})


def _tflite(name: str, folder: Path, recipes: str = "auto") -> str:
    quantize = f"modes: [], recipes: {recipes}"
    return SPEC.format(name=f"{name}-recipes", quantize=quantize, **_files(folder))


def _files(folder: Path) -> dict[str, object]:
    root = folder.resolve()
    return {
        "model": f'tflite: "{Path("float.tflite").resolve()}"',
        "calibration": root / "calibration.npz",
        "evaluation": root / "evaluation.npz",
        "samples": SAMPLES,
    }


def _export(folder: Path) -> None:
    """Convert the SavedModel to a float .tflite, in another process."""
    code = (
        "import pathlib, sys, tensorflow as tf; "
        "converter = tf.lite.TFLiteConverter.from_saved_model(sys.argv[1]); "
        "pathlib.Path('float.tflite').write_bytes(converter.convert())"
    )
    watched([sys.executable, "-c", code, str(folder / "saved_model")])


def _run(text: str) -> Run:
    spec = Path("spec.yaml")
    spec.write_text(text)
    run = watched([sys.executable, "-m", "quantgate", "run", str(spec), "--no-cache"])
    _require_all_candidates()
    return run


def _require_all_candidates() -> None:
    """End the comparison if a candidate of the newest run was not made, as that takes no time."""
    newest = max(Path("runs").glob("*/2*/decision.json"), key=lambda path: path.stat().st_mtime)
    candidates = json.loads(newest.read_text())["candidates"]
    failed = {each["name"]: each["reasons"] for each in candidates if each["status"] == "failed"}
    if failed:
        raise SystemExit(f"{newest}: not all candidates were made: {failed}")


def _tell(name: str, before: Run, ours: Run, goal: float) -> None:
    cpu, memory = ours.cpu_s / before.cpu_s, ours.peak_mib / before.peak_mib
    sys.stdout.write(
        f"{name}: {_words(before)} before, {_words(ours)} with recipes\n"
        f"  CPU time {cpu:.2f} (goal {goal:.2f}), memory {memory:.2f} (goal {MEMORY_GOAL:.2f}), "
        f"time {ours.seconds / before.seconds:.2f}\n"
    )
    sys.stdout.flush()


def _words(run: Run) -> str:
    return f"{run.cpu_s:.1f} CPU s in {run.seconds:.1f} s and {run.peak_mib:.0f} MiB"


PARTS: Mapping[str, Callable[[], None]] = {
    part.__name__: part for part in (digits, keyword_spotting, mobilenet, guide, cold)
}


def main() -> int:
    """Run the named parts, or all of them, each in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    for name in parser.parse_args().parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
