"""Parts of an attestation: reading flatbuffers, judging outputs, reducing error texts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from quantgate.components.attestation.attempt import Attempt
from quantgate.components.attestation.samples import samples_for_trial
from quantgate.components.attestation.trial import defects, trial_of
from quantgate.components.conversion.failure import LONGEST, essence
from quantgate.components.litert.flatbuffer import read_contents
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]


def _details(details: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {
        name: (
            item["shape_signature"].tolist(),
            np.dtype(item["dtype"]).name,
            *item["quantization"],
        )
        for name, item in details.items()
    }


@pytest.mark.parametrize("mode", ["integer_only_int8", "integer_only_uint8", "int16x8", "float16"])
def test_contents_agree_with_the_interpreter(
    prepare: Callable[[str], Any], quantized: Callable[..., Any], mode: str
):
    content = quantized(prepare("two_inputs"), mode).content
    signature = read_contents(content).signatures["serving_default"]
    runner = Interpreter(model_content=content).get_signature_runner("serving_default")
    for ours, theirs in (
        (signature.inputs, runner.get_input_details()),
        (signature.outputs, runner.get_output_details()),
    ):
        assert {
            tensor.name: (tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point)
            for tensor in ours
        } == _details(theirs)


def test_ranges_are_counted(prepare: Callable[[str], Any]):
    prepared = prepare("two_inputs")
    calibrated = (prepared.calibrated / "calibrated.tflite").read_bytes()
    assert read_contents(calibrated).calibrated > 2
    assert read_contents(prepared.baseline.read_bytes()).calibrated == 0


LIVELY = [np.array([0.0, 1.0]), np.array([0.5, 0.5])]
CALM = [np.array([1.0, 1.0]), np.array([0.999, 1.0])]
RAGGED = [np.array([1.0, 1.0]), np.array([1.0])]


@pytest.mark.parametrize(
    ("outputs", "expected", "sentences"),
    [
        ([[0.1, 0.9], [0.4, 0.6]], LIVELY, []),
        (
            [[0.5, 0.5], [0.5, 0.5]],
            LIVELY,
            ["output `y` is the same for 2 samples, where the float model's differs"],
        ),
        ([[1.0, 1.0], [1.0, 1.0]], CALM, []),
        (
            [[0.5, np.nan], [0.5, 0.4]],
            LIVELY,
            ["output `y` is not finite where the float model's is, on 2 samples"],
        ),
        ([[np.inf, 1.0], [0.5, 0.4]], [np.array([np.inf, 1.0]), np.array([0.5, 0.4])], []),
        ([[1.0, 0.9], [1.0]], RAGGED, []),
        ([[], []], [np.array([]), np.array([])], []),
        (
            [[1.0, 1.0], [1.0, 1.0]],
            RAGGED,
            ["output `y` is the same for 2 samples, where the float model's differs"],
        ),
    ],
)
def test_defects_of_outputs(outputs: list[Any], expected: list[Any], sentences: list[str]):
    attempt = Attempt({"y": [np.array(row) for row in outputs]}, {})
    trial = trial_of(attempt, Attempt({"y": expected}, {}), made_up=False)
    assert defects(trial, attempt.outputs, {"y": expected}) == sentences


def test_samples_are_made_up_in_range():
    facts = ModelFacts(
        source_sha256="",
        baseline_sha256="",
        size_bytes=0,
        signatures=[
            Signature(
                key="serve",
                inputs={
                    "image": TensorFacts(shape=[-1, 4, -1], dtype="float32"),
                    "tokens": TensorFacts(shape=[1, 3], dtype="int32"),
                },
                outputs={},
            )
        ],
        ops={},
        tensorflow="",
    )
    samples = samples_for_trial(facts, None)["serve"]
    assert (samples["image"].shape, samples["image"].dtype) == ((8, 4, 32), np.float32)
    assert (samples["tokens"].shape, samples["tokens"].dtype) == ((8, 3), np.int32)
    assert set(np.unique(samples["tokens"])) == {0, 1}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("RuntimeError: bad scale.\n", "bad scale"),
        ("KeyError: 'x'", "KeyError: 'x'"),
        (
            "RuntimeError: Quantization to 16x8-bit not yet supported for op: 'CAST'.\n"
            "Quantization to 16x8-bit not yet supported for op: 'DIV'.\n"
            "Quantization to 16x8-bit not yet supported for op: 'CAST'.\n",
            "TensorFlow cannot quantize CAST, DIV to 16x8",
        ),
        (
            "ConverterError: <unknown>:0: error: failed while converting: 'main':\n"
            "Custom ops: Svd, Lu\nDetails:\n\ttf.Svd(tensor<4xf32>)",
            "LiteRT has no builtin for Svd, Lu",
        ),
        (
            "ConverterError: x\nTF Select ops: MatMul\nDetails:\n"
            "\ttf.MatMul(tensor<?x2xf16>, tensor<2x2xf16>) -> (tensor<?x2xf16>) : {}",
            "LiteRT has no builtin for MatMul in float16",
        ),
        (
            'ConverterError: x\n<unknown>:0: error: loc(callsite("a" at "b")): quantities differ\n'
            '<unknown>:0: note: loc("b"): called from\n',
            "quantities differ",
        ),
        ("ValueError: 'tf.Foo' op requires rank 2", "'tf.Foo' op requires rank 2"),
        ("RuntimeError: got 7.Node number 2 (SUB) failed.", "got 7: Node number 2 (SUB) failed"),
        ("RuntimeError: " + "a" * 400, "a" * (LONGEST - 3) + "..."),
        ("", ""),
    ],
)
def test_essence_of_error_texts(text: str, line: str):
    assert essence(text) == line
