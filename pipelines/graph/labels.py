"""Names of executors, which stand once in a compiled pipeline whoever's tasks they run."""

from kfp.dsl.base_component import BaseComponent


def make_labels_unique(component: BaseComponent, name: str) -> None:
    """Put `name` into the executors' labels of a pipeline that has settings for Kubernetes.

    Where a pipeline inside of another one has a label that is taken, kfp 2.17 renames it, but lays
    all of the inner pipeline's settings over those of the outer one before it has renamed them all
    (`_merge_deployment_spec`): tasks of one name then get each other's nodes, volumes and secrets.
    """
    if not component.platform_spec.platforms:
        return
    graph = component.component_spec.implementation.graph
    executors = graph.deployment_spec["executors"]
    labels = {label: f"{label}-{name}" for label in executors}
    for label, unique in labels.items():
        executors[unique] = executors[label]
        del executors[label]
    for inner in graph.components.values():
        if inner.executor_label in labels:
            inner.executor_label = labels[inner.executor_label]
    for platform in component.platform_spec.platforms.values():
        settings = platform.deployment_spec.executors
        for label in list(settings):
            settings[labels[label]].CopyFrom(settings[label])
            del settings[label]
