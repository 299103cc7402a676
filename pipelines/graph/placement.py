"""Apply the spec's `cluster` section to the tasks of a graph."""

from collections.abc import Callable, Iterator

from kfp.dsl.pipeline_context import Pipeline
from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.images import CONVERT, RUNTIME
from quantgate.spec.model.cluster import Cluster, Pod

#: It requests a core for each of its threads. A limit would distort the latency.
_TIMED = "benchmark"
#: It fails if nothing qualified, and a retry would not change that.
_FINAL = "promote"
#: The decision has to be in this run's own results, not in those of an earlier run.
_DECISIVE = "gate"

#: A run has so many of them that losing one pod is likely, and loses the work of all others.
_SHARD, _RETRIES_OF_SHARDS = "-shard", 2


def place(cluster: Cluster | None) -> None:
    """Apply the settings to all tasks of the graph. Has to be called inside a pipeline.

    Tasks with other images belong to the surrounding pipeline and do not change.
    """
    if cluster is None:
        return
    for task in _own_tasks():
        _place(task, cluster)


def _own_tasks() -> Iterator[PipelineTask]:
    around = Pipeline.get_default_pipeline()
    for task in around.tasks.values() if around else ():
        if task.container_spec and task.container_spec.image in (CONVERT, RUNTIME):
            yield task


def _place(task: PipelineTask, cluster: Cluster) -> None:
    images, component = cluster.images, task.component_spec.name
    converts = task.container_spec.image == CONVERT
    pod = cluster.convert if converts else cluster.runtime
    _set_resources(task, pod, is_timed=component == _TIMED)
    if image := images.convert if converts else images.runtime:
        task.set_container_image(image)
    if retries := _retries(cluster, component):
        task.set_retry(retries, backoff_duration="30s")
    if not cluster.caching or component == _DECISIVE:
        task.set_caching_options(False)
    _pull_and_end(task, cluster, pod)
    _choose_nodes(task, cluster)
    _add_secrets_and_volumes(task, cluster)


def _retries(cluster: Cluster, component: str) -> int:
    if component == _FINAL:
        return 0
    if cluster.retries is not None:
        return cluster.retries
    return _RETRIES_OF_SHARDS if component.endswith(_SHARD) else 0


def _set_resources(task: PipelineTask, pod: Pod, is_timed: bool) -> None:
    asked: list[tuple[float | str | None, Callable[[str], object]]] = [
        (pod.memory, task.set_memory_request),
        (pod.memory_limit, task.set_memory_limit),
    ]
    if not is_timed:
        asked += [(pod.cpu, task.set_cpu_request), (pod.cpu_limit, task.set_cpu_limit)]
    for amount, ask in asked:
        if amount:
            ask(_quantity(amount))


def _quantity(amount: float | str) -> str:
    """Write an amount as Kubernetes does: `8Gi` for `8 GiB`."""
    return amount.removesuffix("B").replace(" ", "") if isinstance(amount, str) else f"{amount:g}"


def _pull_and_end(task: PipelineTask, cluster: Cluster, pod: Pod) -> None:
    # This imports the client of Kubernetes, which takes longer than compiling.
    from kfp import kubernetes

    if pod.timeout_s:
        kubernetes.set_timeout(task, pod.timeout_s)
    if cluster.image_pull_policy:
        kubernetes.set_image_pull_policy(task, cluster.image_pull_policy)
    if cluster.image_pull_secrets:
        kubernetes.set_image_pull_secrets(task, cluster.image_pull_secrets)


def _choose_nodes(task: PipelineTask, cluster: Cluster) -> None:
    from kfp import kubernetes

    for label, value in cluster.node_selector.items():
        kubernetes.add_node_selector(task, label, value)
    for taint in cluster.tolerations:
        kubernetes.add_toleration(
            task, taint.key, taint.operator, taint.value, taint.effect, taint.seconds
        )


def _add_secrets_and_volumes(task: PipelineTask, cluster: Cluster) -> None:
    from kfp import kubernetes

    for secret in cluster.secrets:
        if secret.env:
            kubernetes.use_secret_as_env(task, secret.secret, secret.env)
            _as_before_optional(task)
        if secret.mount:
            kubernetes.use_secret_as_volume(task, secret.secret, secret.mount)
    for volume in cluster.volumes:
        kubernetes.mount_pvc(task, volume.claim, volume.mount)


def _as_before_optional(task: PipelineTask) -> None:
    """Remove the default `optional: false` of the last variables: KFP 2.14 refuses the field."""
    task.platform_config["kubernetes"]["secretAsEnv"][-1].pop("optional", None)
