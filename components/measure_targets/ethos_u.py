"""Compile a model with Vela, Arm's compiler for Ethos-U: ops on the CPU, memory and cycles."""

import csv
import math
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from quantgate.components.litert.flatbuffer import read_contents
from quantgate.components.measure_targets.attempt import attempt
from quantgate.components.measure_targets.outcome import Outcome, counted_text, shares
from quantgate.components.measure_targets.subject import Subject

#: The op that contains everything that runs on the NPU.
NPU = "ethos-u"
KIBIBYTE = 1024


def measure(subject: Subject, options: Mapping[str, str]) -> Outcome:
    """Compile a model for an accelerator, a system configuration and a memory mode."""
    tool = f"ethos-u-vela {version('ethos-u-vela')}"
    compiled = attempt(_compile, subject.path, options)
    if compiled.result is None:
        return Outcome(tool, {}, [f"Vela does not compile it: {compiled.failure}"], [compiled])
    content, summary = compiled.result
    ops = read_contents(content).ops
    elsewhere = {name: count for name, count in ops.items() if name != NPU}
    figures = shares("ethos_u", elsewhere, subject.ops)
    if NPU not in ops:
        return Outcome(
            tool,
            figures,
            ["Vela leaves the whole model to the CPU"],
            [compiled],
            elsewhere=elsewhere,
        )
    figures |= _estimates(summary)
    notes = []
    if elsewhere:
        figures.pop("ethos_u_inferences_per_s", None)
        notes = [
            f"{counted_text(elsewhere)} stay on the CPU, whose time Vela does not estimate: "
            "inferences per second are not known"
        ]
    return Outcome(tool, figures, notes, [compiled], elsewhere=elsewhere, ops=ops, compiled=content)


def _compile(path: str, options: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """Return the compiled model and the line of Vela's summary."""
    from ethosu.vela.vela import main

    with tempfile.TemporaryDirectory(prefix="quantgate-") as folder:
        model = Path(folder, "model.tflite")
        model.symlink_to(Path(path).absolute())
        arguments = ["--config", "Arm/vela.ini", "--output-dir", folder, str(model)]
        arguments += ["--accelerator-config", options["accelerator"]]
        arguments += ["--system-config", options["system_config"]]
        arguments += ["--memory-mode", options["memory_mode"]]
        code = main(arguments)
        if code:
            raise RuntimeError(f"it ended with exit code {code}. The task's log has its messages")
        (summary,) = Path(folder).glob("model_summary_*.csv")
        with summary.open(encoding="utf-8", newline="") as lines:
            (line,) = csv.DictReader(lines)
        return Path(folder, "model_vela.tflite").read_bytes(), line


def _estimates(summary: Mapping[str, str]) -> dict[str, float]:
    used = {
        area: float(summary[f"{area}_memory_used"]) * KIBIBYTE
        for area in ("sram", "dram", "on_chip_flash", "off_chip_flash")
    }
    figures = {
        "ethos_u_sram_bytes": used["sram"],
        "ethos_u_dram_bytes": used["dram"],
        "ethos_u_flash_bytes": used["on_chip_flash"] + used["off_chip_flash"],
        "ethos_u_cycles": float(summary["cycles_total"]),
        "ethos_u_inferences_per_s": float(summary["inferences_per_second"]),
    }
    return {name: value for name, value in figures.items() if math.isfinite(value)}
