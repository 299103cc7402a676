"""Messages of a core install about missing extras."""

import subprocess
import sys
from pathlib import Path

from quantgate.foundation.extras import EXTRAS, require

ROOT = Path(__file__).resolve().parents[2]


def test_installed_modules_are_accepted() -> None:
    require("anything", *EXTRAS)


def test_every_extra_is_defined_in_pyproject() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extra in EXTRAS.values():
        assert f"\n{extra} = [" in text


# With `None` in `sys.modules`, Python cannot import a module.
CORE_INSTALL = f"""
import sys
sys.modules.update(dict.fromkeys({list(EXTRAS)}))
from quantgate.cli import main
sys.exit(main(sys.argv[1:]))
"""


def write_spec(folder: Path, targets: str) -> Path:
    """Write a spec with random data, and a folder that looks like a SavedModel."""
    (folder / "model" / "variables").mkdir(parents=True)
    (folder / "model" / "saved_model.pb").write_bytes(b"graph")
    spec = folder / "spec.yaml"
    spec.write_text(
        "{version: 1, name: digits, model: {saved_model: model}, "
        "data: {evaluation: {source: random, samples: 4}, allow_random: true}, "
        f"measure: {{metrics: [snr]{targets}}}, gate: {{size_bytes: {{max_ratio: 1}}}}}}"
    )
    return spec


def on_a_core_install(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-c", CORE_INSTALL, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_missing_modules_are_reported_with_their_extra(tmp_path: Path) -> None:
    spec = write_spec(tmp_path, "")
    assert on_a_core_install("plan", spec) == (0, "")
    assert on_a_core_install("compile", spec) == (
        2,
        "error: compiling needs kfp, which is not installed: pip install 'quantgate[kfp]'\n",
    )
    assert on_a_core_install("demo", tmp_path) == (
        2,
        "error: the demo needs kfp, ai_edge_litert, sklearn, tensorflow, which are not installed: "
        "pip install 'quantgate[convert,evaluate,kfp]'\n",
    )


def test_target_without_its_extra_is_refused_before_the_run(tmp_path: Path) -> None:
    """Only TFLite Micro and Vela are missing."""
    targets = "[microcontroller, {target: ethos_u, accelerator: ethos-u55-128}, gpu]"
    spec = write_spec(tmp_path, f", targets: {targets}")
    code = CORE_INSTALL.replace(str(list(EXTRAS)), "['tflite_micro', 'ethosu.vela']")
    command = [sys.executable, "-c", code, "run", str(spec), "--runs-dir", str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "error: `measure.targets` needs tflite_micro, ethosu.vela, which are not installed: "
        "pip install 'quantgate[ethos_u,microcontroller]'\n",
    )
    assert not (tmp_path / "runs").exists()
