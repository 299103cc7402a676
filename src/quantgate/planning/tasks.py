"""Names of the pipeline's tasks in the order in which they start."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quantgate.domain.sharding import ROUNDS
from quantgate.planning.calibrations import calibration_shards_of
from quantgate.planning.data import SignatureData, as_task_key
from quantgate.planning.plan import Plan
from quantgate.planning.sharding import baseline_shards_of, shards_of
from quantgate.spec.model.locations import scheme_of

# Kubeflow identifies imported artifacts by the task's key, so the name of an importer is its key.
IMPORT_MODEL = "import-model"
IMPORT_CODE = "import-code"
CARRY_CODE = "Carry own code"
EXPORT_MODEL = "Export Keras model"
CONVERT_BASELINE = "Convert float32 baseline"
READ_TFLITE = "Read .tflite"
BUILD_EVALUATION_SHARD = "Build part of evaluation set"
BUILD_EVALUATION = "Build evaluation set"
BUILD_CALIBRATION = "Build calibration set"
BUILD_SEARCH = "Build search set"
CALIBRATE = "Calibrate"
CALIBRATE_SHARD = "Calibrate shard"
RECORD_RANGES = "Record ranges"
RECORD_RANGES_SHARD = "Record ranges of shard"
RECORD_MOMENTS = "Record second moments"
RECORD_MOMENTS_SHARD = "Record second moments of shard"
RECOVER = "Recover accuracy"
SEARCH = "Search mixed precision"
EVALUATE_BASELINE = "Evaluate baseline"
COMPARE_BASELINE = "Compare baseline with source"
QUANTIZE = "Quantize"
QUANTIZE_RECIPE = "Quantize by recipe"
EVALUATE = "Evaluate"
EVALUATE_SHARD = "Evaluate shard"
EVALUATE_BASELINE_SHARD = "Evaluate baseline shard"
MERGE_ROUND = "Merge round"
MEASURE_TARGETS = "Measure targets"
COLLECT_MODELS = "Collect models"
COLLECT_EVIDENCE = "Collect evidence"
BENCHMARK = "Benchmark latency"
GATE = "Gate"
PROMOTE = "Promote winner"


@dataclass(frozen=True)
class PlannedTask:
    """A task, and how often it runs: once, or once for each candidate."""

    title: str
    times: int = 1


def data_imports(plan: Plan) -> dict[str, str]:
    """Return the names of the tasks that import data, by run parameter."""
    located = (data.parameter for data in plan.data)
    return {
        parameter: f"import-{as_task_key(parameter)}"
        for parameter in located
        if parameter and parameter not in plan.listed
    }


def fingerprint_title(importing: str) -> str:
    """Return the name of the task that hashes an imported artifact."""
    return f"Fingerprint {importing.removeprefix('import-')}"


def listing_titles(parameter: str) -> tuple[str, str]:
    """Return the names of the tasks that list a source, and that keep the list from run to run."""
    name = as_task_key(parameter)
    return f"List {name} files", f"Keep list of {name} files"


def build_titles(title: str, data: Sequence[SignatureData]) -> list[str]:
    """Return the names of the tasks that build data sets, one for each signature."""
    return [title] if len(data) == 1 else [of_signature(title, samples) for samples in data]


def of_signature(title: str, samples: SignatureData) -> str:
    """Return the name of a signature's task, for tasks that every signature has."""
    return f"{title}: {samples.signature}"


def collecting_titles(title: str, plan: Plan) -> list[str]:
    """Return the names of the tasks that collect results, one for each loop."""
    count = len(plan.loops)
    return [title] if count == 1 else [f"{title}: {n} of {count}" for n in range(1, count + 1)]


def merge_titles(rounds: int) -> list[str]:
    """Return the names of the tasks that merge rounds of shards, one for each round."""
    return [*(f"{MERGE_ROUND} {number}" for number in range(1, rounds)), EVALUATE]


def tasks_of(plan: Plan) -> tuple[PlannedTask, ...]:
    """Return the tasks of a plan's pipeline."""
    spec = plan.spec
    converts = spec.model.tflite is None
    once_before = (
        *_importing(IMPORT_MODEL),
        *(task for key in data_imports(plan).values() for task in _importing(key)),
        *_code_task(plan),
        (EXPORT_MODEL, spec.model.keras is not None),
        (CONVERT_BASELINE, converts),
        (READ_TFLITE, not converts),
        *((title, True) for name in plan.listed for title in listing_titles(name)),
        *((title, True) for title in build_titles(BUILD_EVALUATION, plan.evaluation_data)),
        (EVALUATE_BASELINE, True),
        (COMPARE_BASELINE, converts),
        *((title, True) for title in build_titles(BUILD_CALIBRATION, plan.calibration_data)),
        (CALIBRATE, plan.calibrates_modes),
        (RECORD_RANGES, plan.records_ranges),
        (RECORD_MOMENTS, calibration_shards_of(spec) > 1 and plan.moments is not None),
        (BUILD_SEARCH, plan.search_data is not None),
        (RECOVER, bool(plan.recovered)),
        (SEARCH, bool(plan.searched)),
    )
    once_after = (
        *((title, True) for title in collecting_titles(COLLECT_MODELS, plan)),
        *((title, True) for title in collecting_titles(COLLECT_EVIDENCE, plan)),
        (BENCHMARK, spec.measure.latency is not None),
        (GATE, True),
        (PROMOTE, spec.promote is not None),
    )
    once = _with_shards(_present(once_before), _shards(plan))
    return (*once, *_per_candidate(plan), *_present(once_after))


def _shards(plan: Plan) -> dict[str, PlannedTask]:
    """Return the shards by the task that merges them."""
    count = calibration_shards_of(plan.spec)
    shards = {
        BUILD_EVALUATION: PlannedTask(BUILD_EVALUATION_SHARD, plan.data_shards),
        EVALUATE_BASELINE: PlannedTask(EVALUATE_BASELINE_SHARD, baseline_shards_of(plan)),
        CALIBRATE: PlannedTask(CALIBRATE_SHARD, count),
        RECORD_RANGES: PlannedTask(RECORD_RANGES_SHARD, count),
        RECORD_MOMENTS: PlannedTask(RECORD_MOMENTS_SHARD, count),
    }
    return {merging: task for merging, task in shards.items() if task.times > 1}


def _with_shards(
    planned: Sequence[PlannedTask], shards: Mapping[str, PlannedTask]
) -> Iterator[PlannedTask]:
    for task in planned:
        if task.title in shards:
            yield shards[task.title]
        yield task


def _per_candidate(plan: Plan) -> Iterator[PlannedTask]:
    count = len(plan.candidates)
    by_recipe = sum(candidate.is_recipe for candidate in plan.candidates)
    if count > by_recipe:
        yield PlannedTask(QUANTIZE, count - by_recipe)
    if by_recipe:
        yield PlannedTask(QUANTIZE_RECIPE, by_recipe)
    shards, rounds = shards_of(plan), ROUNDS if plan.stops_early else 1
    if shards > 1:
        yield PlannedTask(EVALUATE_SHARD, count * shards * rounds)
    for title in merge_titles(rounds if shards > 1 else 1):
        yield PlannedTask(title, count)
    if plan.spec.measure.targets:
        yield PlannedTask(MEASURE_TARGETS, count)


def _importing(key: str) -> tuple[tuple[str, bool], ...]:
    return (key, True), (fingerprint_title(key), True)


def _code_task(plan: Plan) -> tuple[tuple[str, bool], ...]:
    code = plan.spec.code
    return () if code is None else ((IMPORT_CODE if scheme_of(code.file) else CARRY_CODE, True),)


def _present(tasks: tuple[tuple[str, bool], ...]) -> tuple[PlannedTask, ...]:
    return tuple(PlannedTask(title) for title, present in tasks if present)
