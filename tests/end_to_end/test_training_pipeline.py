"""A user's training pipeline with quantgate's graph inside."""

# Components are written the way their users write them.
# ruff: noqa: PTH104, PTH123

from pathlib import Path
from typing import NamedTuple

import pytest
from kfp import compiler, dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.pipelines.graph.build import Outputs, build_graph
from quantgate.pipelines.graph.inputs import Inputs, Source
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.records.decision import Decision
from quantgate.spec.model.spec import Spec

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def make_data(samples: int, train: Output[Dataset], test: Output[Dataset]):
    import os

    import numpy as np

    draw = np.random.default_rng(3)
    centres = draw.normal(size=(3, 40)).astype("float32")
    for out, count in ((train, samples), (test, 90)):
        labels = np.arange(count) % 3
        x = centres[labels] + draw.normal(scale=0.4, size=(count, 40)).astype("float32")
        np.savez(out.path + ".npz", x=x.astype("float32"), y=labels)
        os.rename(out.path + ".npz", out.path)


@component
def train_centres(data: Input[Dataset], model: Output[Model]) -> float:
    import numpy as np
    import tensorflow as tf

    with open(data.path, "rb") as stream:
        arrays = np.load(stream)
        x, y = arrays["x"], arrays["y"]
    means = np.stack([x[y == label].mean(axis=0) for label in range(3)])

    class Nearest(tf.Module):
        def __init__(self):
            self.weights = tf.Variable(means.T)
            self.bias = tf.Variable(-(means**2).sum(axis=1) / 2)

        @tf.function(input_signature=[tf.TensorSpec([None, 40], tf.float32, name="x")])
        def serve(self, x):
            return {"logits": tf.matmul(x, self.weights) + self.bias}

    made = Nearest()
    tf.saved_model.save(made, model.path, signatures={"serving_default": made.serve})
    nearest = (x @ means.T - (means**2).sum(axis=1) / 2).argmax(axis=1)
    return float((nearest == y).mean())


def plan_of_user() -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "centres",
                "model": {"saved_model": "trained elsewhere"},
                "data": {
                    "calibration": {"source": "train.npz", "format": "npz", "samples": 30},
                    "evaluation": {"source": "test.npz", "format": "npz", "label": "y"},
                },
                "quantize": {"modes": ["float16", "integer_only_int8"]},
                "measure": {"metrics": ["top1"]},
                "gate": {"top1": {"max_drop": 0.05}},
                "choose": [{"maximize": "top1"}],
            }
        )
    )


@dsl.pipeline(name="quantize-what-was-trained")
def quantize_it(model: Input[Model], train: Input[Dataset], test: Input[Dataset]) -> Outputs:
    sources = {"calibration": Source(train), "evaluation": Source(test)}
    return build_graph(plan_of_user(), Inputs(Source(model), sources), "0" * 64)


class Kept(NamedTuple):
    decision: Artifact
    accuracy: float


@dsl.pipeline(name="flat")
def flat(samples: int = 120) -> Kept:
    data = make_data(samples=samples)
    trained = train_centres(data=data.outputs["train"])
    sources = {
        "calibration": Source(data.outputs["train"]),
        "evaluation": Source(data.outputs["test"]),
    }
    made = build_graph(plan_of_user(), Inputs(Source(trained.outputs["model"]), sources), "0" * 64)
    return Kept(made.decision, trained.outputs["Output"])


@dsl.pipeline(name="nested")
def nested(samples: int = 120) -> float:
    data = make_data(samples=samples)
    trained = train_centres(data=data.outputs["train"])
    with dsl.If(trained.outputs["Output"] > 0.9, name="good-enough"):
        quantize_it(
            model=trained.outputs["model"],
            train=data.outputs["train"],
            test=data.outputs["test"],
        )
    return trained.outputs["Output"]


def run(pipeline, folder: Path):
    path = folder / "pipeline.yaml"
    compiler.Compiler().compile(pipeline, str(path))
    return run_pipeline(
        read_pipeline(path), {}, folder / "root", folder / "logs", cache=folder.parent / "cache"
    )


def test_the_graph_runs_inside_a_users_pipeline(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("flat", "nested")]
    for folder in folders:
        folder.mkdir()
    result = run(flat, folders[0])
    assert result.succeeded, [task.error for task in result.tasks]
    assert result.outputs["accuracy"] > 0.9
    decision = Decision.read(result.outputs["decision"].path)
    assert (decision.outcome, len(decision.candidates)) == ("winner", 2)

    again = run(nested, folders[1])
    assert again.succeeded, [task.error for task in again.tasks]
    inside = {task.name for task in again.tasks if "." in task.name}
    assert "quantize-what-was-trained.gate" in inside
    ran = {task.display_name for task in again.tasks if not task.cached}
    assert ran == set(), "the same work inside another pipeline comes from the cache"
