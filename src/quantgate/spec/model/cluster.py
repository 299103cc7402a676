"""The spec's `cluster`: settings for running the tasks on a Kubeflow cluster."""

from typing import Annotated, Literal

from pydantic import Field

from quantgate.spec.model.section import Alternatives, Section, Text

Cores = Annotated[float, Field(gt=0)] | Annotated[str, Field(pattern=r"^[1-9][0-9]*m$")]
Memory = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)? ?([kMGT]|[KMGT]i)B?$")]
KubernetesName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class Images(Alternatives):
    """The container images of the tasks."""

    convert: Text | None = Field(
        default=None,
        description="Image with TensorFlow. The default is the released `quantgate/convert`.",
    )
    runtime: Text | None = Field(
        default=None,
        description="Image without TensorFlow. The default is the released `quantgate/runtime`.",
    )


class Pod(Alternatives):
    """The resources of one kind of task. Keys without a value keep quantgate's defaults."""

    cpu: Cores | None = Field(
        default=None, description="CPU request in cores, such as `2` or `500m`."
    )
    cpu_limit: Cores | None = Field(default=None, description="CPU limit in cores.")
    memory: Memory | None = Field(default=None, description="Memory request, such as `8Gi`.")
    memory_limit: Memory | None = Field(
        default=None, description="Memory limit. A task that exceeds it is killed."
    )
    timeout_s: int | None = Field(
        default=None, gt=0, description="Seconds after which Kubernetes fails the task."
    )


class Toleration(Alternatives):
    """A Kubernetes toleration, which lets tasks run on nodes with a taint."""

    key: Text | None = Field(
        default=None, description="The taint's key. Without one, all keys are tolerated."
    )
    operator: Literal["Equal", "Exists"] = Field(
        default="Equal",
        description="`Equal` tolerates the given value, `Exists` tolerates any value.",
    )
    value: Text | None = Field(default=None, description="The taint's value.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="The taint's effect. Without one, all effects are tolerated."
    )
    seconds: int | None = Field(
        default=None, ge=0, description="Seconds to stay on a node with `NoExecute`."
    )


class Secret(Alternatives):
    """A Kubernetes secret that the tasks get as environment variables or files."""

    secret: KubernetesName = Field(description="Name of the secret in the cluster.")
    env: dict[str, Text] = Field(
        default={}, description="Environment variables by the secret's keys."
    )
    mount: Text | None = Field(
        default=None, description="Folder to mount the secret in, as an absolute path."
    )


class Volume(Section):
    """A Kubernetes volume that the tasks mount as a folder."""

    claim: KubernetesName = Field(description="Name of the PersistentVolumeClaim.")
    mount: Text = Field(
        description="Folder to mount the volume in, as an absolute path. `promote.to` may be in it."
    )


class Cluster(Alternatives):
    """The settings for running the tasks on a Kubeflow cluster."""

    images: Images = Field(default=Images(), description="The container images of the tasks.")
    pipeline_root: Text | None = Field(
        default=None,
        description="URI to write results below. The default is the cluster's own pipeline root.",
    )
    service_account: KubernetesName | None = Field(
        default=None, description="Service account of submitted and scheduled runs."
    )
    convert: Pod = Field(default=Pod(), description="Resources of tasks with TensorFlow.")
    runtime: Pod = Field(default=Pod(), description="Resources of tasks without TensorFlow.")
    retries: int | None = Field(
        default=None,
        ge=0,
        le=20,
        description="How often to retry a task that failed. By default, shards are retried twice, "
        "and other tasks never.",
    )
    caching: bool = Field(
        default=True, description="Whether Kubeflow may reuse results of earlier runs."
    )
    node_selector: dict[str, str] = Field(
        default={}, description="Labels that the nodes of the tasks must have."
    )
    tolerations: list[Toleration] = Field(
        default=[], description="Tolerations of the tasks for taints of nodes."
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None, description="When a node pulls the images."
    )
    image_pull_secrets: list[Text] = Field(
        default=[], description="Names of the secrets for pulling the images."
    )
    secrets: list[Secret] = Field(
        default=[], description="Secrets for the tasks, by name. Their values are never in a spec."
    )
    volumes: list[Volume] = Field(default=[], description="Volumes that the tasks mount.")
