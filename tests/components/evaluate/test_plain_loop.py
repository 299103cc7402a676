"""The evaluator reads the same outputs as a plain LiteRT loop, bit for bit."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.evaluate.planning import plan_metrics
from quantgate.components.evaluate.run import Subject, prepared
from quantgate.components.litert.binding import BLOCK_BYTES
from quantgate.records.tasks import ModelFacts

FLOAT = "float32"
SAMPLES, WIDTH = 2500, 40


def plain_loop(path: str, samples: np.ndarray) -> np.ndarray:
    interpreter = Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    (scale, zero_point), (out_scale, out_zero) = taken["quantization"], given["quantization"]
    outputs = []
    for sample in samples:
        if scale:
            limits = np.iinfo(taken["dtype"])
            steps = np.rint(sample / np.float32(scale)) + zero_point
            sample = np.clip(steps, limits.min, limits.max)
        interpreter.set_tensor(taken["index"], sample[None].astype(taken["dtype"]))
        interpreter.invoke()
        output = interpreter.get_tensor(given["index"])[0]
        if out_scale:
            output = (output.astype(np.float32) - np.float32(out_zero)) * np.float32(out_scale)
        outputs.append(output)
    return np.stack(outputs)


@pytest.mark.parametrize(
    ("dtype", "scales", "zero_points"),
    [(FLOAT, [], []), ("int8", [0.03], [-7]), ("int16", [2e-4], [0])],
)
def test_outputs_are_those_of_a_plain_loop(
    build_model, make_facts, make_dataset, stored, step, dtype, scales, zero_points
):
    path = build_model(
        "halved",
        stored("in", [1, WIDTH], dtype, scales=scales, zero_points=zero_points),
        stored("out", [1, WIDTH], dtype, scales=scales, zero_points=zero_points),
        step("RELU", ["in"], ["out"]),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    shapes = {"x": (FLOAT, [-1, WIDTH])}, {"y": (FLOAT, [-1, WIDTH])}
    facts_path = make_facts(*shapes)
    x = np.random.default_rng(2).normal(0, 2, (SAMPLES, WIDTH)).astype(np.float32)
    assert x.nbytes > BLOCK_BYTES
    folder = make_dataset(facts_path, x=x, labels=np.arange(SAMPLES) % WIDTH)
    facts = ModelFacts.read(facts_path)
    dataset = open_dataset(folder, "serve")
    plans = plan_metrics([{"metric": "top1"}], facts, lambda _: dataset)
    runner = prepared(Subject(path, facts, dataset, plans, baseline=None))
    chunks = [
        runner.run(dataset, start, min(start + 700, SAMPLES))["y"].copy()
        for start in range(0, SAMPLES, 700)
    ]
    ours, plain = np.concatenate(chunks), plain_loop(path, x)
    assert (ours.shape, ours.dtype) == (plain.shape, plain.dtype)
    assert ours.tobytes() == plain.tobytes()
    assert len(np.unique(plain)) > 100
