"""`quantize_and_gate` inside other pipelines: its inputs, and its IR."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Model, Output

from quantgate.errors import SpecError, UsageError
from quantgate.pipelines import quantize_and_gate

SPEC = """\
version: 1
name: digits
model: {saved_model: model}
data:
  calibration: {source: train.csv}
  evaluation: {source: test.npz, label: y}
quantize: {modes: [integer_only_int8]}
measure: {metrics: [top1]}
gate: {top1: {max_drop: 0.01}}
"""
component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def train(model: Output[Model], data: Output[Dataset]):
    pass


@component
def ship(model: Input[Model]):
    pass


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def compiled(pipeline: Any, folder: Path) -> dict[str, Any]:
    path = folder / "pipeline.yaml"
    compiler.Compiler().compile(pipeline, str(path))
    return next(yaml.load_all(path.read_text(), yaml.CSafeLoader))


def dag_of(ir: dict[str, Any], name: str) -> dict[str, Any]:
    return ir["components"][name]["dag"]["tasks"]


def test_graph_is_one_task_with_the_outputs_of_a_run(spec: Path, tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline():
        made = train()
        kept = quantize_and_gate(spec)(
            model=made.outputs["model"],
            calibration=made.outputs["data"],
            evaluation=made.outputs["data"],
        )
        with dsl.If(kept.outputs["qualified"] == True):  # noqa: E712
            ship(model=kept.outputs["winner"])

    ir = compiled(pipeline, tmp_path)
    assert set(ir["root"]["dag"]["tasks"]) == {"train", "digits", "condition-1"}
    assert set(ir["components"]["comp-digits"]["outputDefinitions"]["artifacts"]) == {
        "decision",
        "report",
        "page",
        "winner",
        "compiled",
    }
    assert ir["components"]["comp-digits"]["outputDefinitions"]["parameters"] == {
        "qualified": {"parameterType": "BOOLEAN"}
    }
    assert not any(name.startswith("import-") for name in dag_of(ir, "comp-digits"))


def test_uris_in_the_spec_need_no_inputs(spec: Path, tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline():
        places = ["data.calibration.source=my_data:samples", "data.evaluation.source=gs://b/t.npz"]
        quantize_and_gate(spec, places)(model=train().outputs["model"])

    ir = compiled(pipeline, tmp_path)
    inside = ir["components"]["comp-digits"]
    assert set(inside["inputDefinitions"]) == {"artifacts"}
    assert set(inside["inputDefinitions"]["artifacts"]) == {"model"}
    uri = inside["dag"]["tasks"]["import-evaluation"]["inputs"]["parameters"]["uri"]
    assert uri == {"runtimeValue": {"constant": "gs://b/t.npz"}}
    calibration = inside["dag"]["tasks"]["build-dataset-2"]["inputs"]["parameters"]
    assert calibration["generator"] == {"runtimeValue": {"constant": "my_data:samples"}}


def test_uris_may_be_parameters_of_the_pipeline(spec: Path, tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline(model: str, out: str = "gs://bucket/out"):
        quantize_and_gate(spec, ["promote.to=published"])(
            model=model,
            calibration="gs://bucket/train.csv",
            evaluation=train().outputs["data"],
            promote_to=out,
        )

    ir = compiled(pipeline, tmp_path)
    inside = ir["components"]["comp-digits"]
    assert set(inside["inputDefinitions"]["artifacts"]) == {"evaluation"}
    assert set(inside["inputDefinitions"]["parameters"]) == {"model", "calibration", "promote_to"}
    to = inside["dag"]["tasks"]["promote"]["inputs"]["parameters"]["to"]
    assert to == {"componentInputParameter": "promote_to"}


def test_format_implied_by_a_file_name_is_kept_for_the_artifact(spec: Path, tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline():
        made = train().outputs
        quantize_and_gate(spec)(
            model=made["model"], calibration=made["data"], evaluation=made["data"]
        )

    tasks = dag_of(compiled(pipeline, tmp_path), "comp-digits")
    formats = {
        parameters["purpose"]["runtimeValue"]["constant"]: json.loads(
            parameters["options"]["runtimeValue"]["constant"]
        )
        for parameters in (tasks[name]["inputs"].get("parameters", {}) for name in tasks)
        if "purpose" in parameters
    }
    assert formats == {"calibration": {"format": "csv"}, "evaluation": {"format": "npz"}}


def test_it_works_twice_in_one_pipeline_and_in_a_branch(spec: Path, tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline(also: bool = True):
        made = train().outputs
        given = {"model": made["model"], "calibration": made["data"], "evaluation": made["data"]}
        quantize_and_gate(spec)(**given).set_display_name("the one")
        again = quantize_and_gate(spec, ["quantize.modes=[float16]"])
        given.pop("calibration")
        with dsl.If(also == True):  # noqa: E712
            again(**given)
        quantize_and_gate(spec, ["name=other"])(**given, calibration=made["data"])

    ir = compiled(pipeline, tmp_path)
    assert set(ir["root"]["dag"]["tasks"]) == {"train", "digits", "condition-1", "other"}
    assert set(dag_of(ir, "comp-condition-1")) == {"digits-2"}
    loops = [
        task["parameterIterator"]["items"]["raw"]
        for dag in ("comp-digits", "comp-digits-2", "comp-other")
        for task in dag_of(ir, dag).values()
        if "parameterIterator" in task
    ]
    modes = [[item["mode"] for item in json.loads(raw)] for raw in loops]
    assert modes == [["integer_only_int8"], ["float16"], ["integer_only_int8"]]


def test_settings_for_kubernetes_stay_with_their_own_tasks(spec: Path, tmp_path: Path) -> None:
    """kfp 2.17 alone would apply the second spec's settings to tasks of the first."""

    @dsl.pipeline
    def pipeline():
        made = train().outputs
        given = {"model": made["model"], "calibration": made["data"], "evaluation": made["data"]}
        for name in ("one", "other"):
            settings = f"cluster={{node_selector: {{pool: {name}}}}}"
            quantize_and_gate(spec, [f"name={name}", settings])(**given)

    ir = compiled(pipeline, tmp_path)
    _, platforms = yaml.load_all((tmp_path / "pipeline.yaml").read_text(), yaml.CSafeLoader)
    settings = platforms["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    pools = {
        (name, settings[component["executorLabel"]]["nodeSelector"]["labels"]["pool"])
        for name in ("one", "other")
        for component in _inside(ir, f"comp-{name}")
    }
    assert pools == {("one", "one"), ("other", "other")}
    own = {component["executorLabel"] for component in _inside(ir, "comp-one")}
    assert len(own) == 12
    assert ir["deploymentSpec"]["executors"].keys() == settings.keys() | {"exec-train"}


def _inside(ir: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the components of a pipeline's tasks, including those in loops."""
    inner_components = []
    for task in dag_of(ir, name).values():
        inner = task["componentRef"]["name"]
        component = ir["components"][inner]
        inner_components += _inside(ir, inner) if "dag" in component else [component]
    return inner_components


def test_data_of_single_signatures_are_separate_inputs(spec: Path, tmp_path: Path) -> None:
    several = [
        "model.signatures=[encode, decode]",
        "data.calibration.signatures={decode: {source: codes.npz}}",
        "measure.metrics=[{metric: mse, signature: encode}]",
        "measure.latency={signature: encode}",
        "gate={mse: {max: 1}}",
    ]

    @dsl.pipeline
    def pipeline():
        quantize_and_gate(spec, several)(
            model=train().outputs["model"],
            calibration=train().outputs["data"],
            calibration_decode=train().outputs["data"],
            evaluation=train().outputs["data"],
        )

    definitions = compiled(pipeline, tmp_path)["components"]["comp-digits"]["inputDefinitions"]
    assert set(definitions["artifacts"]) == {
        "model",
        "calibration",
        "calibration_decode",
        "evaluation",
    }


def test_missing_and_unknown_inputs_are_reported(spec: Path) -> None:
    with pytest.raises(UsageError) as caught:

        @dsl.pipeline
        def pipeline():
            made = train().outputs
            quantize_and_gate(spec)(model=made["model"], evaluate=made["data"])

    hand_in = "is a path of one machine. Pass it, or give a URI in the spec"
    assert str(caught.value) == (
        "quantize_and_gate of digits: it takes no `evaluate`; "
        f"`calibration` is missing: train.csv in the spec {hand_in}; "
        f"`evaluation` is missing: test.npz in the spec {hand_in} "
        "(it takes `model`, `calibration`, `evaluation`)"
    )


def test_invalid_spec_is_refused_while_building_the_pipeline(spec: Path) -> None:
    spec.write_text(SPEC.replace("max_drop", "max_dorp"))
    with pytest.raises(SpecError) as caught:

        @dsl.pipeline
        def pipeline():
            quantize_and_gate(spec)(model=train().outputs["model"])

    assert str(caught.value) == (
        f"{spec}:9:15: `gate.top1` has no key `max_dorp`\n"
        "    gate: {top1: {max_dorp: 0.01}}\n"
        "                  ^\n"
        "  Did you mean `max_drop`?\n\n"
        f"1 problem in {spec}"
    )


def test_after_an_error_the_next_pipeline_compiles(spec: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):

        @dsl.pipeline
        def broken():
            quantize_and_gate(spec)(model=train().outputs["model"])

    @dsl.pipeline
    def pipeline():
        ship(model=train().outputs["model"])

    assert set(compiled(pipeline, tmp_path)["root"]["dag"]["tasks"]) == {"train", "ship"}


def test_one_artifact_under_two_names_is_one_input(spec: Path, tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline(data: Input[Dataset]):
        quantize_and_gate(spec)(model=train().outputs["model"], calibration=data, evaluation=data)

    ir = compiled(pipeline, tmp_path)
    assert set(ir["root"]["dag"]["tasks"]["digits"]["inputs"]["artifacts"]) == {
        "model",
        "calibration",
    }
    tasks = dag_of(ir, "comp-digits")
    for name in ("build-dataset", "build-dataset-2"):
        source = tasks[name]["inputs"]["artifacts"]["source"]
        assert source == {"componentInputArtifact": "calibration"}


def test_one_uri_under_two_names_is_imported_twice(spec: Path, tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline(uri: str):
        model = train().outputs["model"]
        quantize_and_gate(spec)(model=model, calibration=uri, evaluation=uri)

    tasks = dag_of(compiled(pipeline, tmp_path), "comp-digits")
    assert {
        name: task["inputs"]["parameters"]["uri"]["componentInputParameter"]
        for name, task in tasks.items()
        if name.startswith("import-")
    } == {"import-calibration": "calibration", "import-evaluation": "evaluation"}


def test_model_and_data_are_two_artifacts(spec: Path) -> None:
    with pytest.raises(UsageError) as caught:

        @dsl.pipeline
        def pipeline():
            made = train().outputs["model"]
            quantize_and_gate(spec)(
                calibration=train().outputs["data"], evaluation=made, model=made
            )

    assert "`evaluation` and `model` are one artifact. Pass a different one for each" in str(
        caught.value
    )


@pytest.mark.parametrize("is_artifact", [True, False])
def test_calibration_beside_data_in_parts_may_be_an_artifact(
    spec: Path, tmp_path: Path, is_artifact: bool
) -> None:
    overrides = ["data.calibration.source=train.npz", "data.evaluation.shards=2"]

    @dsl.pipeline
    def pipeline():
        made = train().outputs
        quantize_and_gate(spec, overrides)(
            model=made["model"],
            calibration=made["data"] if is_artifact else "gs://bucket/train.npz",
            evaluation="gs://bucket/test.npz",
        )

    tasks = dag_of(compiled(pipeline, tmp_path), "comp-digits")
    given = tasks["build-dataset"]["inputs"]["artifacts"]
    if is_artifact:
        assert given["source"] == {"componentInputArtifact": "calibration"}
    else:
        listed = given["listing"]["taskOutputArtifact"]["producerTask"]
        assert tasks[listed]["taskInfo"]["name"] == "Keep list of calibration files"
