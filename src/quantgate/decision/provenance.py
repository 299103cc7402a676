"""The provenance of a decision: versions, hashes, data and timing."""

from dataclasses import dataclass

from quantgate import __version__
from quantgate.decision.evidence import Evidence
from quantgate.decision.sample_sets import SampleSets
from quantgate.records.provenance import DataSource, Provenance, Timing
from quantgate.records.tasks import Benchmark


@dataclass(frozen=True)
class Host:
    """The machine that the gate runs on. Unknown facts are None."""

    processor: str
    platform: str | None = None
    python: str | None = None
    kfp: str | None = None
    numpy: str | None = None


def provenance_of(
    evidence: Evidence, spec_sha256: str, code_sha256: str | None, host: Host
) -> Provenance:
    """Gather versions, hashes and data behind the figures of a run."""
    measurement = evidence.baseline.measurement
    benchmark, calibration = evidence.benchmark, evidence.calibration
    return Provenance(
        quantgate=__version__,
        tensorflow=evidence.facts.tensorflow,
        litert=benchmark.litert if benchmark else measurement.litert,
        litert_quantizer=_quantizer_version(evidence),
        kfp=host.kfp,
        numpy=host.numpy,
        python=host.python,
        platform=host.platform,
        processor=benchmark.processor if benchmark else host.processor,
        spec_sha256=spec_sha256,
        code_sha256=code_sha256,
        saved_model_sha256=evidence.facts.source_sha256,
        calibration_sha256=calibration.dataset_sha256 if calibration else None,
        calibration_samples=calibration.samples if calibration else None,
        evaluation_sha256=measurement.dataset_sha256,
        evaluation_samples=measurement.samples,
        data=[
            *_sources(evidence.calibration_sets),
            *_sources(evidence.search_sets),
            *_sources(evidence.evaluation_sets),
        ],
        source_comparison=evidence.comparison,
        sandbox_gaps=evidence.facts.sandbox_gaps,
    )


def _quantizer_version(evidence: Evidence) -> str | None:
    versions = {each.litert_quantizer for each in evidence.attestations} - {""}
    return max(versions, default=None)


def _sources(sets: SampleSets) -> list[DataSource]:
    return [
        DataSource(
            purpose=manifest.purpose,
            signature=signature,
            source=manifest.source,
            samples=manifest.samples,
            available=manifest.available,
            select=manifest.select,
            seed=manifest.seed,
            synthetic=manifest.synthetic,
            content_sha256=manifest.content_sha256,
            distinct=manifest.distinct,
            groups=manifest.groups,
        )
        for signature, manifest in ((key, sets[key].manifest) for key in sorted(sets))
    ]


def timing_of(benchmark: Benchmark | None) -> Timing | None:
    """Return the settings and conditions of the latency benchmark."""
    if benchmark is None:
        return None
    return Timing(
        threads=benchmark.threads,
        warmup=benchmark.warmup,
        runs=benchmark.runs,
        itself=benchmark.itself,
        conditions=benchmark.conditions,
    )
