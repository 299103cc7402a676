import hashlib
import shutil
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.artifacts.dataset_summary import write_summary
from quantgate.components.collect.work import collect
from quantgate.components.gate.work import GateInputs, GateOutputs, GateSettings, Outcome, gate
from quantgate.records.attestation import Attestation
from quantgate.records.datasets import Manifest
from quantgate.records.decision import Decision
from quantgate.records.tasks import Measurement, ModelFacts, Signature

RIGHT = np.array([1.0] * 90 + [0.0] * 10)
LOSES_ONE = np.array([0.0] + [1.0] * 89 + [0.0] * 10)
LOSES_MANY = np.array([0.0] * 30 + [1.0] * 60 + [0.0] * 10)


@dataclass
class RunFolder:
    """The files that the tasks of a run write."""

    root: Path
    attestations: list[str] = field(default_factory=list)
    measurements: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    sha256: dict[str, str] = field(default_factory=dict)

    def path(self, name: str) -> str:
        return str(self.root / name)

    def model(self, name: str, content: bytes) -> str:
        (self.root / f"{name}.tflite").write_bytes(content)
        self.sha256[name] = hashlib.sha256(content).hexdigest()
        return self.path(f"{name}.tflite")

    def measurement(self, name: str, top1: np.ndarray | None) -> str:
        folder = self.root / f"{name}-measurement"
        folder.mkdir()
        Measurement(
            model_sha256=self.sha256.get(name),
            status="failed" if top1 is None else "measured",
            reasons=["the conversion left no model"] if top1 is None else [],
            figures={} if top1 is None else {"top1": float(top1.mean())},
            samples=100,
            dataset_sha256="d" * 64,
            litert="2.3.0",
        ).write(folder / "measurement.json")
        if top1 is not None:
            np.savez(folder / "samples.npz", top1=top1)
        return str(folder)

    def baseline(self) -> None:
        self.model("float32", b"f" * 100)
        ModelFacts(
            source_sha256="5" * 64,
            baseline_sha256=self.sha256["float32"],
            size_bytes=100,
            signatures=[Signature(key="serving_default", inputs={}, outputs={})],
            ops={},
            tensorflow="2.21.0",
        ).write(self.path("facts"))

    def candidate(self, name: str, content: bytes, top1: np.ndarray | None) -> None:
        self.models.append(self.model(name, content))
        Attestation(
            candidate=name,
            mode=name,
            status="converted" if content else "failed",
            reasons=[] if content else ["op DIV is not supported"],
            model_sha256=self.sha256[name] if content else None,
            size_bytes=len(content) or None,
            tensorflow="2.21.0",
            seconds=1.0,
        ).write(self.path(f"{name}-attestation"))
        if not content:
            del self.sha256[name]
        self.attestations.append(self.path(f"{name}-attestation"))
        self.measurements.append(self.measurement(name, top1))

    def collected(self, name: str, **evidence: list[str]) -> str:
        shutil.rmtree(self.root / name, ignore_errors=True)
        collect(evidence, earlier_path=None, collected_path=self.path(name))
        return self.path(name)

    def collected_models(self) -> str:
        return self.collected("models", models=self.models)

    def collected_evidence(self) -> str:
        return self.collected(
            "evidence",
            attestations=self.attestations,
            measurements=self.measurements,
            targets=self.targets,
        )

    def gate(self, **changes) -> Outcome:
        """Run the gate with `changes` to the fields of its inputs and settings."""
        inputs = GateInputs(
            facts=self.path("facts"),
            baseline=self.path("float32-measurement"),
            evidence=self.collected_evidence(),
            models=self.collected_models(),
        )
        settings = GateSettings(
            name="fashion",
            # As KFP passes them: whole numbers have become floats.
            limits={"top1": {"max_drop": 0.05}, "size_bytes": {"max": 80.0}},
            choose=[{"minimize": "size_bytes", "within": 0.0}, {"maximize": "top1"}],
            spec_sha256="e" * 64,
        )
        outputs = GateOutputs(
            **{field.name: self.path(field.name) for field in fields(GateOutputs)}
        )
        of_inputs = {key: changes.pop(key) for key in vars(inputs) if key in changes}
        return gate(replace(inputs, **of_inputs), replace(settings, **changes), outputs)

    def call_component(self, **evaluation):
        """Call the function of the component. Return its outcome, and its outputs by name."""
        from kfp import dsl

        from quantgate.components.gate.component import gate as component

        def artifact(kind, path):
            return kind(name=Path(path).name, uri=path)

        kinds = {
            "decision": dsl.Artifact,
            "report": dsl.Markdown,
            "page": dsl.HTML,
            "metrics": dsl.Metrics,
            "classes": dsl.ClassificationMetrics,
            "winner": dsl.Model,
            "compiled": dsl.Artifact,
        }
        made = {name: artifact(kind, self.path(name)) for name, kind in kinds.items()}
        data = self.summary("evaluation", [1], **evaluation)
        outcome = component.python_func(
            facts=artifact(dsl.Artifact, self.path("facts")),
            baseline=artifact(dsl.Artifact, self.path("float32-measurement")),
            evidence=artifact(dsl.Artifact, self.collected_evidence()),
            models=artifact(dsl.Artifact, self.collected_models()),
            name="fashion",
            limits={"top1": {"max_drop": 0.05}},
            choose=[{"minimize": "size_bytes"}],
            spec_sha256="e" * 64,
            allow_random=False,
            evaluation=artifact(dsl.Artifact, data),
            **made,
        )
        return outcome, made

    def summary(self, purpose: str, digests: list[int], **changes) -> str:
        """Write the summary of a data set whose samples have these digests."""
        manifest = {
            "purpose": purpose,
            "source": "data.npz",
            "inputs": {},
            "label": None,
            "samples": len(digests),
            "available": len(digests),
            "select": "first",
            "seed": 0,
            "per_class": None,
            "content_sha256": "d" * 64,
        }
        path = self.path(purpose)
        written = Manifest(**manifest | changes)
        write_summary(
            Path(path), "serve", written, np.array(digests, np.uint64), np.array([], np.str_)
        )
        return path

    def decision(self) -> Decision:
        return Decision.read(self.path("decision"))


@pytest.fixture
def files(tmp_path):
    """A run with a small candidate that loses much, a larger one that keeps, and a failed one."""
    folder = RunFolder(tmp_path)
    folder.baseline()
    folder.measurement("float32", RIGHT)
    folder.candidate("dynamic_range", b"d" * 30, LOSES_MANY)
    folder.candidate("float16", b"h" * 60, LOSES_ONE)
    folder.candidate("int16x8", b"", None)
    return folder
