"""The part of Argo's controller that runs a workflow of KFP's compiler."""

import time
import uuid
from pathlib import Path
from typing import Any, Protocol

from harness.dag import FAILED, Dag, Node
from harness.pods import Ended, Pod
from harness.tags import BadTag, replace

Object = dict[str, Any]


class PodRunner(Protocol):
    """Runs pods."""

    def run(self, pod: Pod) -> Ended:
        """Run a pod to its end."""


class Workflow:
    """A workflow that runs. `nodes` has the ended nodes, in the order of their ends."""

    def __init__(self, manifest: Object, machine: PodRunner, folder: Path) -> None:
        self.nodes: list[Node] = []
        self._machine = machine
        self._folder = folder
        self._name = manifest["metadata"]["name"]
        self._globals = _global_scope(manifest)
        spec = replace(manifest["spec"], self._globals)
        self._templates = {template["name"]: template for template in spec["templates"]}
        self._entrypoint = spec["entrypoint"]

    def run(self) -> Node:
        """Run it to its end."""
        return self._execute(self._name, self._entrypoint, [])

    def _ended(self, node: Node) -> Node:
        self.nodes.append(node)
        return node

    def _execute(self, name: str, template: str, arguments: list[Object], **flags: str) -> Node:
        try:
            processed = self._processed(self._templates[template], arguments)
            if "dag" in processed:
                return self._ended(self._run_dag(name, processed))
            if "retryStrategy" in processed:
                return self._ended(self._run_retried(name, processed))
            return self._run_pod(name, processed)
        except BadTag as error:
            return self._ended(Node(name, "Error", message=str(error)))

    def _processed(self, template: Object, arguments: list[Object]) -> Object:
        """Return a template with the arguments of a task put into it."""
        template = replace(template, self._globals)
        given = {argument["name"]: argument.get("value") for argument in arguments}
        scope = {}
        for parameter in template.get("inputs", {}).get("parameters", []):
            value = given.get(parameter["name"], parameter.get("value", parameter.get("default")))
            if value is None:
                raise BadTag(f"inputs.parameters.{parameter['name']} was not supplied")
            scope[f"inputs.parameters.{parameter['name']}"] = value
        for parameter in template.get("outputs", {}).get("parameters", []):
            path = parameter["valueFrom"]["path"]
            scope[f"outputs.parameters.{parameter['name']}.path"] = path
        return replace(template, self._globals | scope)

    def _run_dag(self, name: str, template: Object) -> Node:
        dag = Dag(name, template["dag"]["tasks"], self._globals, self._execute, self._ended)
        return dag.run(template.get("parallelism"))

    def _run_retried(self, name: str, template: Object) -> Node:
        """Run a pod until it succeeds, as often as the template says."""
        strategy = template["retryStrategy"]
        backoff = strategy.get("backoff", {})
        wait_s = _seconds(backoff.get("duration", "0"))
        for attempt in range(int(strategy["limit"]) + 1):
            if attempt:
                time.sleep(wait_s * int(backoff.get("factor") or 1) ** (attempt - 1))
            node = self._run_pod(f"{name}({attempt})", replace(template, {"retries": str(attempt)}))
            if node.phase not in FAILED:
                break
        return Node(name, node.phase, node.outputs, node.message, node.folder)

    def _run_pod(self, name: str, template: Object) -> Node:
        uid = str(uuid.uuid4())
        pod_name = f"{self._name}-{template['name']}-{uid[:8]}"
        folder = self._folder / pod_name
        template = replace(template, self._globals | {"pod.name": pod_name})
        ended = self._machine.run(Pod(pod_name, uid, name, template, folder))
        outputs, lacking = _outputs_of(template, folder)
        phase = "Failed" if ended.code else "Error" if lacking else "Succeeded"
        message = ended.message or (f"{lacking} was not written" if lacking else "")
        return self._ended(Node(name, phase, outputs, message, folder))


def _global_scope(manifest: Object) -> dict[str, str]:
    metadata, spec = manifest["metadata"], manifest["spec"]
    scope = {
        "workflow.name": metadata["name"],
        "workflow.namespace": metadata["namespace"],
        "workflow.uid": str(uuid.uuid4()),
        "workflow.creationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "workflow.serviceAccountName": spec["serviceAccountName"],
        "workflow.status": "Running",
    }
    for kind in ("labels", "annotations"):
        scope |= {f"workflow.{kind}.{key}": value for key, value in metadata.get(kind, {}).items()}
    for parameter in spec.get("arguments", {}).get("parameters", []):
        scope[f"workflow.parameters.{parameter['name']}"] = parameter["value"]
    return scope


def _seconds(duration: str) -> float:
    """Return a duration in Argo's form: a number of seconds, or one with a unit."""
    units = {"s": 1, "m": 60, "h": 3600}
    return float(duration.rstrip("smh") or 0) * units.get(duration[-1:], 1)


def _outputs_of(template: Object, folder: Path) -> tuple[dict[str, str], str]:
    """Return the output parameters of an ended pod, and the name of a missing one."""
    outputs, lacking = {}, ""
    for parameter in template.get("outputs", {}).get("parameters", []):
        source = parameter["valueFrom"]
        file = folder / source["path"].lstrip("/")
        if file.is_file():
            outputs[parameter["name"]] = file.read_text()
        elif "default" in source:
            outputs[parameter["name"]] = source["default"]
        else:
            lacking = source["path"]
    return outputs, lacking
