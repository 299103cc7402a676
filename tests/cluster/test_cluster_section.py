"""The spec's `cluster` section: its form, its part in `plan`, and its effect on the IR."""

from pathlib import Path

import pytest
import yaml
from kfp import dsl
from kfp.compiler import Compiler

from quantgate.errors import SpecError
from quantgate.pipelines import compile_pipeline, quantize_and_gate
from quantgate.planning.cluster import on_this_machine
from quantgate.planning.planner import make_plan
from quantgate.spec import load

EXAMPLE = Path(__file__).resolve().parents[2] / "specs" / "on-a-cluster.yaml"
SECRETS = {"s3-login", "storage-account"}


def compiled(path: Path, folder: Path, *overrides: str) -> tuple[dict, dict]:
    """Compile a spec. Return the pipeline, and its settings for Kubernetes by executor."""
    loaded = load(path, overrides)
    compile_pipeline(make_plan(loaded.spec), loaded.sha256, folder / "p.yaml")
    return documents(folder / "p.yaml")


def documents(path: Path) -> tuple[dict, dict]:
    ir, platform = yaml.load_all(path.read_text(), yaml.CSafeLoader)
    return ir, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def containers(ir: dict) -> dict[str, dict]:
    executors = ir["deploymentSpec"]["executors"]
    return {label: e["container"] for label, e in executors.items() if "container" in e}


def tasks(dag: dict, ir: dict) -> list[tuple[str, dict]]:
    inside = []
    for name, task in dag["tasks"].items():
        component = ir["components"][task["componentRef"]["name"]]
        inside += tasks(component["dag"], ir) if "dag" in component else [(name, task)]
    return inside


def test_resources_by_kind_of_task(tmp_path: Path) -> None:
    ir, _ = compiled(EXAMPLE, tmp_path)
    asked = {label: c["resources"] for label, c in containers(ir).items()}

    def without_legacy(label: str) -> dict:
        return {k: v for k, v in asked[label].items() if k.startswith("resource")}

    assert without_legacy("exec-quantize") == {
        "resourceCpuRequest": "4",
        "resourceMemoryRequest": "8Gi",
        "resourceMemoryLimit": "12Gi",
    }
    assert without_legacy("exec-gate") == {
        "resourceCpuRequest": "500m",
        "resourceMemoryRequest": "2Gi",
    }
    assert without_legacy("exec-benchmark")["resourceCpuRequest"] == "2"


def test_all_tasks_get_the_settings_for_kubernetes(tmp_path: Path) -> None:
    ir, kubernetes = compiled(EXAMPLE, tmp_path)
    assert kubernetes.keys() == containers(ir).keys()
    for settings in kubernetes.values():
        assert settings["nodeSelector"] == {"labels": {"cloud.google.com/gke-nodepool": "batch"}}
        assert settings["tolerations"] == [
            {"key": "dedicated", "operator": "Equal", "value": "batch", "effect": "NoSchedule"}
        ]
        assert settings["imagePullPolicy"] == "IfNotPresent"
        assert [entry["secretName"] for entry in settings["imagePullSecret"]] == ["registry-login"]
        (env,), (mounted,) = settings["secretAsEnv"], settings["secretAsVolume"]
        assert {env["secretName"], mounted["secretName"]} == SECRETS
        assert [pair["envVar"] for pair in env["keyToEnv"]] == [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ]
        assert mounted["mountPath"] == "/secrets/storage"
        assert [volume["mountPath"] for volume in settings["pvcMount"]] == ["/mnt/models"]


def test_only_conversions_get_their_timeout(tmp_path: Path) -> None:
    ir, kubernetes = compiled(EXAMPLE, tmp_path)
    deadlines = {label for label, own in kubernetes.items() if own.get("activeDeadlineSeconds")}
    convert = {label for label, c in containers(ir).items() if "quantgate/convert" in c["image"]}
    assert deadlines == convert


def test_promotion_is_not_retried(tmp_path: Path) -> None:
    ir, _ = compiled(EXAMPLE, tmp_path)
    retried = {
        name: task.get("retryPolicy", {}).get("maxRetryCount", 0)
        for name, task in tasks(ir["root"]["dag"], ir)
        if not name.startswith("import-")
    }
    assert retried.pop("promote") == 0
    assert set(retried.values()) == {2}


@pytest.mark.parametrize(
    ("retries", "of_shards", "of_others"), [("null", {2}, {0}), ("0", {0}, {0}), ("1", {1}, {1})]
)
def test_shards_are_retried_unless_the_spec_says_how_often(
    tmp_path: Path, retries: str, of_shards: set[int], of_others: set[int]
) -> None:
    divided = ["measure.evaluation.shards=2", "data.calibration.shards=2"]
    ir, _ = compiled(EXAMPLE, tmp_path, f"cluster.retries={retries}", *divided)
    retried = {
        name: task.get("retryPolicy", {}).get("maxRetryCount", 0)
        for name, task in tasks(ir["root"]["dag"], ir)
        if not name.startswith(("promote", "import-"))
    }
    shards = {name for name in retried if "-shard" in name and not name.startswith("merge")}
    kinds = {name.rpartition("-shard")[0] for name in shards}
    assert kinds == {"calibrate", "record-ranges", "evaluate"}
    assert {retried[name] for name in shards} == of_shards
    assert {retried[name] for name in retried.keys() - shards} == of_others


@pytest.mark.parametrize("caching", ["true", "false"])
def test_gate_with_cluster_settings_is_not_cached(caching: str, tmp_path: Path) -> None:
    ir, _ = compiled(EXAMPLE, tmp_path, f"cluster.caching={caching}")
    enabled = {
        name: task.get("cachingOptions", {}).get("enableCache", False)
        for name, task in tasks(ir["root"]["dag"], ir)
        if not name.startswith("import-")
    }
    fresh = [name for name in enabled if name.startswith(("fingerprint", "gate", "promote"))]
    assert not any(enabled.pop(name) for name in fresh)
    assert set(enabled.values()) == {caching == "true"}


def test_settings_do_not_change_tasks_of_the_embedding_pipeline(tmp_path: Path) -> None:
    @dsl.component(base_image="trainer:1")
    def train(model: dsl.Output[dsl.Model]):
        pass

    @dsl.pipeline(name="outer")
    def outer():
        quantize_and_gate(EXAMPLE)(model=train().outputs["model"], promote_to="/mnt/models/x")

    Compiler().compile(outer, str(tmp_path / "outer.yaml"))
    ir, kubernetes = documents(tmp_path / "outer.yaml")
    own = {label for label, c in containers(ir).items() if c["image"] != "trainer:1"}
    assert kubernetes.keys() == own


@pytest.mark.parametrize(
    "setting",
    [
        "cluster.secrets=[{secret: team.s3, env: {key: AWS_KEY}}]",
        f"cluster.volumes=[{{claim: {'c' * 63}, mount: /mnt}}]",
        "cluster.secrets=[{secret: s3, env: {key: AWS_KEY}}, {secret: s3, mount: /s}]",
    ],
    ids=["no volume", "just short enough", "one volume"],
)
def test_valid_settings_are_accepted(setting: str) -> None:
    assert load(EXAMPLE.with_name("smallest-on-cpu.yaml"), [setting]).spec.cluster is not None


def test_local_runs_use_only_the_images() -> None:
    imageless = load(EXAMPLE, ["cluster.images={}"]).spec
    assert on_this_machine(imageless).cluster is None
    placed = load(EXAMPLE, ["cluster.images={runtime: mine:1}"]).spec
    kept = on_this_machine(placed).cluster
    assert kept is not None
    assert kept.model_dump(exclude_unset=True) == {"images": {"runtime": "mine:1"}, "retries": 0}


def test_local_runs_use_variables_from_given_secrets() -> None:
    settings = "cluster.secrets=[{secret: a, env: {key: A}, mount: /a}, {secret: b, mount: /b}]"
    kept = on_this_machine(load(EXAMPLE, [settings]).spec, with_secrets=True).cluster
    assert kept is not None
    assert [secret.model_dump(exclude_unset=True) for secret in kept.secrets] == [
        {"secret": "a", "env": {"key": "A"}}
    ]
    assert not kept.node_selector


def test_spec_without_a_cluster_section_is_unchanged() -> None:
    loaded = load(EXAMPLE.with_name("smallest-on-cpu.yaml"))
    assert "cluster" not in loaded.document
    assert "cluster" not in loaded.render(loaded.folder)


def test_plan_shows_the_cluster_section(quantgate) -> None:
    shown = quantgate("plan", EXAMPLE).stdout
    assert "\ncluster\n  images              {convert: 'registry" in shown
    assert "\n  pipeline_root       gs://my-bucket/runs\n" in shown
    assert "  runtime             {cpu: 500m, memory: 2Gi}\n" in shown


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "cluster.convert.memory=lots",
            "`cluster.convert.memory` cannot be the text `lots`\n"
            "  Write a size with its unit, such as `8GiB` or `500MB`.",
        ),
        (
            "cluster.runtime.cpu=0",
            "`cluster.runtime.cpu` cannot be 0\n"
            "  Write a number of cores such as `2`, or of millicores such as `500m`.",
        ),
        (
            "cluster.convert={memory: 8Gi, memory_limit: 4Gi}",
            "`cluster.convert.memory` is above `memory_limit`\n"
            "  Kubernetes refuses such tasks. Raise the limit.",
        ),
        (
            "cluster.runtime={cpu: 2, cpu_limit: 500m}",
            "`cluster.runtime.cpu` is above `cpu_limit`\n"
            "  Kubernetes refuses such tasks. Raise the limit.",
        ),
        (
            "cluster.service_account=Me",
            "`cluster.service_account` cannot be the text `Me`\n"
            "  A name in Kubernetes has lowercase letters, digits, `-` and `.`.",
        ),
        (
            "cluster.pipeline_root=results",
            "`cluster.pipeline_root` is not a URI that Kubeflow can write to\n"
            "  Use `gs://`, `s3://` or `minio://` and the name of a bucket.",
        ),
        (
            "cluster.pipeline_root=s3://?region=eu",
            "`cluster.pipeline_root` is not a URI that Kubeflow can write to\n"
            "  Use `gs://`, `s3://` or `minio://` and the name of a bucket.",
        ),
        (
            "cluster.secrets=[{secret: s3}]",
            "`cluster.secrets.0` needs `env` or `mount`\n"
            "  Write for example `env: {key: AWS_ACCESS_KEY_ID}`.",
        ),
        (
            "cluster.secrets=[{secret: s3, env: {key: AWS-KEY}}]",
            "`AWS-KEY` is not a valid name of an environment variable\n  Use letters, digits and "
            "`_`.",
        ),
        (
            "cluster.volumes=[{claim: models, mount: mnt}]",
            "`cluster.volumes.0.mount` must be an absolute path, not `mnt`\n  Write `/mnt`.",
        ),
        (
            "cluster.volumes=[{claim: team.models, mount: /mnt}]",
            "`cluster.volumes.0.claim` is mounted, but `team.models` is not a valid volume name\n"
            "  Kubeflow names the volume after it, and a volume name has at most 63 lowercase "
            "letters, digits and `-`. Create a claim with such a name for the same volume.",
        ),
        (
            "cluster.secrets=[{secret: team.s3, mount: /s}]",
            "`cluster.secrets.0.secret` is mounted, but `team.s3` is not a valid volume name\n"
            "  Kubeflow names the volume after it, and a volume name has at most 63 lowercase "
            "letters, digits and `-`. Copy the secret to one with such a name, or pass it as "
            "variables with `env`.",
        ),
        (
            "cluster.volumes=[{claim: models, mount: /a}, {claim: models, mount: /b}]",
            "`cluster.volumes.1.claim`: `models` is mounted already\n"
            "  Kubeflow would give both volumes the same name. Mount it once.",
        ),
        (
            "cluster={secrets: [{secret: s, mount: /a}], volumes: [{claim: c, mount: /a}]}",
            "`cluster.volumes.0.mount`: `/a` has another mount\n  Choose another folder.",
        ),
        (
            "cluster.tolerations=[{value: x}]",
            "`cluster.tolerations.0` needs the key `key`\n"
            "  Add it, or `operator: Exists` to tolerate all taints.",
        ),
        (
            "cluster.tolerations=[{operator: Exists, key: k, value: x}]",
            "`cluster.tolerations.0` has `operator: Exists`, which takes no `value`\n"
            "  Remove one of them.",
        ),
    ],
)
def test_invalid_settings_are_refused(setting: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(EXAMPLE.with_name("smallest-on-cpu.yaml"), [setting])
    assert str(caught.value) == (
        f"--set {setting}: {said}\n\n1 problem in {EXAMPLE.with_name('smallest-on-cpu.yaml')}"
    )
