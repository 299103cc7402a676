"""The spec's `cluster`: how a Kubeflow cluster runs the tasks, not what they do."""

from typing import Annotated, Literal

from pydantic import Field

from quantgate.spec.model.section import Alternatives, Section, Text

Cores = Annotated[float, Field(gt=0)] | Annotated[str, Field(pattern=r"^[1-9][0-9]*m$")]
Memory = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)? ?([kMGT]|[KMGT]i)B?$")]
KubernetesName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class Images(Alternatives):
    """The images that the tasks run in."""

    convert: Text | None = Field(
        default=None, description="With TensorFlow; by default `quantgate/convert` as released."
    )
    runtime: Text | None = Field(
        default=None, description="Without TensorFlow; by default `quantgate/runtime`."
    )


class Pod(Alternatives):
    """What one kind of task asks of a node, where that differs from quantgate's own figures."""

    cpu: Cores | None = Field(default=None, description="Cores it is promised: `2`, `500m`.")
    cpu_limit: Cores | None = Field(default=None, description="Cores it may take.")
    memory: Memory | None = Field(default=None, description="Memory it is promised: `8Gi`.")
    memory_limit: Memory | None = Field(
        default=None, description="Memory beyond which it is killed."
    )
    timeout_s: int | None = Field(
        default=None, gt=0, description="Seconds after which Kubernetes ends the task as failed."
    )


class Toleration(Alternatives):
    """A taint of nodes that the tasks put up with."""

    key: Text | None = Field(default=None, description="The taint's key; without one, all of them.")
    operator: Literal["Equal", "Exists"] = Field(
        default="Equal", description="Whether the taint's value has to be `value`."
    )
    value: Text | None = Field(default=None, description="The taint's value.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="The taint's effect; without one, all of them."
    )
    seconds: int | None = Field(
        default=None, ge=0, description="How long to stay on a node with `NoExecute`."
    )


class Secret(Alternatives):
    """A Kubernetes secret that the tasks are given, as variables or as files."""

    secret: KubernetesName = Field(description="The secret's name in the cluster.")
    env: dict[str, Text] = Field(
        default={}, description="Environment variables, by the secret's keys."
    )
    mount: Text | None = Field(default=None, description="Folder that the secret's files are in.")


class Volume(Section):
    """A volume that the tasks see as a folder."""

    claim: KubernetesName = Field(description="Name of the PersistentVolumeClaim.")
    mount: Text = Field(description="The folder, as an absolute path; `promote.to` may be in it.")


class Cluster(Alternatives):
    """How a Kubeflow cluster runs the tasks."""

    images: Images = Field(default=Images(), description="The images that the tasks run in.")
    pipeline_root: Text | None = Field(
        default=None, description="URI that results go below; by default the cluster's own."
    )
    service_account: KubernetesName | None = Field(
        default=None, description="The account that submitted and scheduled runs have."
    )
    convert: Pod = Field(default=Pod(), description="Tasks with TensorFlow.")
    runtime: Pod = Field(default=Pod(), description="Tasks without TensorFlow.")
    retries: int = Field(
        default=0, ge=0, le=20, description="How often a task that fails is tried again."
    )
    caching: bool = Field(
        default=True, description="Whether Kubeflow may take results of earlier runs."
    )
    node_selector: dict[str, str] = Field(
        default={}, description="Labels that a node must have to be given a task."
    )
    tolerations: list[Toleration] = Field(
        default=[], description="Taints of nodes that the tasks put up with."
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None, description="When a node pulls the images."
    )
    image_pull_secrets: list[Text] = Field(
        default=[], description="Names of the secrets that images are pulled with."
    )
    secrets: list[Secret] = Field(
        default=[], description="Secrets that the tasks are given; only their names stand here."
    )
    volumes: list[Volume] = Field(default=[], description="Volumes that the tasks see.")
