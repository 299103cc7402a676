"""The tasks of the graph as a person reads them, in the order in which they start."""

from dataclasses import dataclass

from quantgate.plan import Plan, run_parameters

IMPORT_MODEL = "Import model"
IMPORT_CALIBRATION = "Import calibration data"
IMPORT_EVALUATION = "Import evaluation data"
EXPORT_MODEL = "Export Keras model"
CONVERT_BASELINE = "Convert float32 baseline"
BUILD_EVALUATION = "Build evaluation set"
BUILD_CALIBRATION = "Build calibration set"
CALIBRATE = "Calibrate"
EVALUATE_BASELINE = "Evaluate baseline"
QUANTIZE = "Quantize"
EVALUATE = "Evaluate"
BENCHMARK = "Benchmark latency"
GATE = "Gate"
PROMOTE = "Promote winner"


@dataclass(frozen=True)
class PlannedTask:
    """A task, and how often it runs; `times` counts candidates."""

    title: str
    times: int = 1


def tasks_of(plan: Plan) -> tuple[PlannedTask, ...]:
    """List the tasks that the pipeline of a plan runs."""
    calibrated, spec, located = plan.calibrated, plan.spec, run_parameters(plan)
    once_before = (
        (IMPORT_MODEL, True),
        (IMPORT_EVALUATION, "evaluation" in located),
        (IMPORT_CALIBRATION, "calibration" in located),
        (EXPORT_MODEL, spec.model.keras is not None),
        (CONVERT_BASELINE, True),
        (BUILD_EVALUATION, True),
        (EVALUATE_BASELINE, True),
        (BUILD_CALIBRATION, calibrated),
        (CALIBRATE, calibrated),
    )
    once_after = (
        (BENCHMARK, spec.measure.latency is not None),
        (GATE, True),
        (PROMOTE, spec.promote is not None),
    )
    per_candidate = tuple(
        PlannedTask(title, len(plan.candidates)) for title in (QUANTIZE, EVALUATE)
    )
    return (*_present(once_before), *per_candidate, *_present(once_after))


def _present(tasks: tuple[tuple[str, bool], ...]) -> tuple[PlannedTask, ...]:
    return tuple(PlannedTask(title) for title, present in tasks if present)
