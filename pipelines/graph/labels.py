"""Unique names for executors, which all pipelines in a compiled file share."""

from kfp.dsl.base_component import BaseComponent


def make_labels_unique(component: BaseComponent, name: str) -> None:
    """Add `name` to the executors' labels of a pipeline that has settings for Kubernetes.

    kfp 2.17 renames a label of a nested pipeline that is already taken. But it merges the settings
    of both pipelines before it has renamed all labels (`_merge_deployment_spec`). Tasks with the
    same label then get each other's nodes, volumes and secrets.
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
