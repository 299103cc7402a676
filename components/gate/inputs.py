"""The inputs of the gate: artifacts of a run, and the terms of its spec."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.components.artifacts.collection import read_collection
from quantgate.components.artifacts.dataset_summary import read_summary
from quantgate.components.artifacts.measurement import read_evaluation
from quantgate.decision.evidence import Evidence
from quantgate.decision.family import JOINT
from quantgate.decision.terms import Terms
from quantgate.domain.recovery import NONE_QUALIFIES
from quantgate.domain.targets import TARGETS_FILE
from quantgate.domain.warnings import DOUBTS
from quantgate.records.attestation import Attestation
from quantgate.records.calibration import Calibration, Ranges
from quantgate.records.details import CalibratedRanges, TensorRange
from quantgate.records.source import SourceComparison
from quantgate.records.targets import TargetMeasurements
from quantgate.records.tasks import Benchmark, ModelFacts
from quantgate.spec.model.choice import objective_of
from quantgate.spec.model.limit import Limit

RANGES = "ranges.json"


@dataclass(frozen=True)
class GateInputs:
    """Paths of the artifacts that the gate reads. None stands for an artifact that is not passed.

    Attributes:
        facts: `ModelFacts` of the float model.
        baseline: folder of the baseline's measurement.
        evidence: folder that `collect` wrote, with attestations, measurements and targets.
        models: folder that `collect` wrote, with the candidates' .tflite files.
        evaluation: summary of the evaluation set.
        latency: `Benchmark` as JSON.
        calibrated: folder that `calibrate` wrote.
        calibration: summary of the calibration set.
        baseline_model: the float .tflite.
        comparison: `SourceComparison` as JSON.
        ranges: folder that `record_ranges` wrote.
        dataset: folder of the data set that the errors of ops are measured on.
        samples: folder of the evaluation set. None stands for `dataset`.
        origins: folder with the rows and files that its samples come from. None if they are in the
            set.
        search: summary of the samples that recovery and the search choose by.
    """

    facts: str
    baseline: str
    evidence: str
    models: str
    evaluation: str | None = None
    latency: str | None = None
    calibrated: str | None = None
    calibration: str | None = None
    baseline_model: str | None = None
    comparison: str | None = None
    ranges: str | None = None
    dataset: str | None = None
    samples: str | None = None
    origins: str | None = None
    search: str | None = None

    @property
    def candidate_models(self) -> dict[str, Path]:
        """The candidates' .tflite files by their SHA-256."""
        return read_collection(self.models).of("models")

    @property
    def target_folders(self) -> list[Path]:
        """The folders that `measure_targets` wrote."""
        return list(read_collection(self.evidence).of("targets").values())


@dataclass(frozen=True)
class GateSettings:
    """The parameters of the gate, as plain values of the spec.

    Attributes:
        name: the spec's name.
        limits: the spec's `gate`.
        choose: the spec's `choose`.
        spec_sha256: hash of the resolved spec.
        allow_random: whether a candidate may qualify on random data.
        code_sha256: hash of the user's Python file, empty if there is none.
        doubtful: ids of the warnings that make the run doubtful, None for the default.
        family: "joint" if all candidates share the error rate, "none" if each has its own.
        rank_recovered: when recovered candidates are ranked.
        keep_baseline: whether the float model is promoted if no candidate qualifies.
        show_samples: whether to show samples that changed.
        extras: the extras of quantgate that the run needs.
    """

    name: str
    limits: Mapping[str, Any]
    choose: Sequence[Any]
    spec_sha256: str
    allow_random: bool = False
    code_sha256: str = ""
    doubtful: Collection[str] | None = None
    family: str = JOINT
    rank_recovered: str = NONE_QUALIFIES
    keep_baseline: bool = True
    show_samples: bool = True
    extras: Sequence[str] = ()

    def terms(self, *, has_baseline: bool) -> Terms:
        """Return the terms of the decision.

        Args:
            has_baseline: whether there is a float model to promote.
        """
        return Terms(
            name=self.name,
            # KFP's runners pass a mapping in any order. The decision needs a fixed one.
            limits={key: Limit.model_validate(limit) for key, limit in sorted(self.limits.items())},
            choose=[objective_of(line) for line in self.choose],
            spec_sha256=self.spec_sha256,
            code_sha256=self.code_sha256 or None,
            allow_random=self.allow_random,
            keep_baseline=self.keep_baseline and has_baseline,
            family=self.family,
            rank_recovered=self.rank_recovered,
            doubtful=DOUBTS if self.doubtful is None else self.doubtful,
        )


def read_evidence(inputs: GateInputs) -> Evidence:
    """Read the evidence of a run.

    Raises:
        InputError: an artifact does not have the expected content.
    """
    collected = read_collection(inputs.evidence)
    return Evidence(
        facts=ModelFacts.read(inputs.facts),
        baseline=read_evaluation(inputs.baseline),
        attestations=[Attestation.read(path) for path in collected.of("attestations").values()],
        evaluations=[read_evaluation(path) for path in collected.of("measurements").values()],
        targets=[TargetMeasurements.read(path / TARGETS_FILE) for path in inputs.target_folders],
        benchmark=Benchmark.read(inputs.latency) if inputs.latency else None,
        calibration=_read_calibration(inputs),
        calibration_sets=read_summary(inputs.calibration) if inputs.calibration else {},
        search_sets=read_summary(inputs.search) if inputs.search else {},
        evaluation_sets=read_summary(inputs.evaluation) if inputs.evaluation else {},
        comparison=SourceComparison.read(inputs.comparison) if inputs.comparison else None,
    )


def read_ranges(inputs: GateInputs) -> list[TensorRange]:
    """Return the calibrated tensor ranges, or an empty list if none were recorded."""
    if inputs.calibrated:
        path = Path(inputs.calibrated) / RANGES
        return CalibratedRanges.read(path).tensors if path.is_file() else []
    if inputs.ranges:
        return [
            TensorRange(tensor=each.name, least=each.minimum, greatest=each.maximum)
            for each in _read_recorded(inputs.ranges).tensors
        ]
    return []


def _read_calibration(inputs: GateInputs) -> Calibration | None:
    """Return the calibration, which is the recording of ranges if only recipes need it."""
    if inputs.calibrated:
        return Calibration.read(Path(inputs.calibrated) / "calibration.json")
    if inputs.ranges:
        recorded = _read_recorded(inputs.ranges)
        return Calibration(way="once", **recorded.model_dump(exclude={"tensors"}))
    return None


def _read_recorded(folder: str) -> Ranges:
    return Ranges.read(Path(folder) / RANGES)
