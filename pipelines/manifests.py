"""Compile a plan into Kubernetes manifests, for clusters that store pipelines as objects."""

from dataclasses import dataclass
from pathlib import Path

from kfp.compiler import Compiler
from kfp.compiler.compiler_utils import KubernetesManifestOptions

from quantgate.foundation.pipeline_file import version_of
from quantgate.pipelines.compile import replaced_whole
from quantgate.pipelines.graph.root import root_pipeline
from quantgate.planning.plan import Plan


@dataclass(frozen=True)
class ManifestNames:
    """Names of the objects. None takes the pipeline's name, or kubectl's namespace."""

    pipeline: str | None = None
    version: str | None = None
    namespace: str | None = None


def compile_manifests(
    plan: Plan, spec_sha256: str, path: Path, names: ManifestNames
) -> tuple[str, str]:
    """Write a Pipeline and its PipelineVersion. An existing file is replaced in one step.

    Returns:
        The names of both objects.

    Raises:
        UsageError: the file cannot be written.
        PipelineError: no cluster would run the pipeline. The message lists the reasons.
    """
    pipeline = root_pipeline(plan, spec_sha256)
    name = names.pipeline or pipeline.pipeline_spec.pipeline_info.name
    with replaced_whole(path, plan.spec.name) as partial:
        Compiler().compile(pipeline, str(partial))
        version = names.version or version_of(partial)
        options = KubernetesManifestOptions(
            pipeline_name=name,
            pipeline_display_name=names.pipeline or plan.spec.name,
            # Versions of all pipelines share one namespace.
            pipeline_version_name=f"{name}-{version}",
            pipeline_version_display_name=version,
            namespace=names.namespace,
            include_pipeline_manifest=True,
        )
        Compiler().compile(
            pipeline,
            str(partial),
            kubernetes_manifest_options=options,
            kubernetes_manifest_format=True,
        )
    return name, f"{name}-{version}"
