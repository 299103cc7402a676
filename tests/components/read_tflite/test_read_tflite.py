"""A float .tflite as the baseline, and files that cannot be quantized."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.litert.flatbuffer import parse
from quantgate.components.read_tflite.work import read_tflite
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

FACTORS = [2.0, 3.0, -0.5]
#: The place of the weights in the large file, behind its flatbuffer.
OFFSET = 4096
#: Half of the large file. Memory that is mapped does not count.
ALLOWED_BYTES = 600_000_000
Change = Callable[[schema.ModelT], None]


@pytest.fixture
def model(scaled_model: Callable[..., str]) -> Path:
    return Path(scaled_model("scaled", FACTORS))


@pytest.fixture
def changed(model: Path, tmp_path: Path) -> Callable[[Change], Path]:
    """Write the model with a change."""

    def write(change: Change) -> Path:
        parsed = parse(model.read_bytes())
        change(parsed)
        path = tmp_path / "changed.tflite"
        path.write_bytes(convert_object_to_bytearray(parsed))
        return path

    return write


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., ModelFacts]:
    """Run the task, whose baseline is `baseline` in the folder of the test."""

    def run(path: Path, *signatures: str) -> ModelFacts:
        read_tflite(
            str(path),
            signatures,
            baseline_path=str(tmp_path / "baseline"),
            facts_path=str(tmp_path / "facts.json"),
        )
        return ModelFacts.read(tmp_path / "facts.json")

    return run


def test_the_file_itself_is_the_baseline(
    model: Path, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    facts = read(model, "serve")
    content = model.read_bytes()
    assert (tmp_path / "baseline").read_bytes() == content
    assert facts.baseline_sha256 == facts.source_sha256 == sha256_of_file(model)
    assert facts.size_bytes == len(content)
    assert facts.ops == {"MUL": 1}
    assert facts.tensorflow == ""
    tensor = TensorFacts(shape=[1, 3], dtype="float32")
    assert facts.signatures == [Signature(key="serve", inputs={"x": tensor}, outputs={"y": tensor})]


def test_a_model_without_a_signature_is_described_with_one(
    changed: Callable[[Change], Path], read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    bare = changed(lambda model: setattr(model, "signatureDefs", []))
    (signature,) = read(bare, "serving_default").signatures
    assert (list(signature.inputs), list(signature.outputs)) == (["in"], ["out"])
    assert (tmp_path / "baseline").read_bytes() == bare.read_bytes()


def test_a_free_batch_size_stays_free(
    changed: Callable[[Change], Path], read: Callable[..., ModelFacts]
) -> None:
    def free(model: schema.ModelT) -> None:
        for tensor in model.subgraphs[0].tensors:
            tensor.shapeSignature = [-1, 3]

    (signature,) = read(changed(free), "serve").signatures
    assert signature.inputs["x"].shape == [-1, 3]


def test_an_unknown_signature_is_refused(model: Path, read: Callable[..., ModelFacts]) -> None:
    with pytest.raises(InputError) as refusal:
        read(model, "serving_default")
    assert str(refusal.value) == (
        f"{model} has no signature `serving_default`. Set `model.signatures` in the spec to those "
        "that it has: `serve`"
    )


def quantize_factors(model: schema.ModelT) -> None:
    quantization = schema.QuantizationParametersT()
    quantization.scale, quantization.zeroPoint = [0.1], [0]
    factors = model.subgraphs[0].tensors[1]
    factors.type, factors.quantization = schema.TensorType.INT8, quantization


def make_factors_sparse(model: schema.ModelT) -> None:
    model.subgraphs[0].tensors[1].sparsity = schema.SparsityParametersT()


def put_nan(model: schema.ModelT) -> None:
    values = np.array([1, np.nan, 1], np.float32)
    model.buffers[model.subgraphs[0].tensors[1].buffer].data = values.view(np.uint8)


def make_the_op_custom(model: schema.ModelT) -> None:
    (code,) = model.operatorCodes
    code.builtinCode, code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM, 32
    code.customCode = "Convolution2DTransposeBias"


def make_the_op_flex(model: schema.ModelT) -> None:
    make_the_op_custom(model)
    model.operatorCodes[0].customCode = "FlexErf"


def make_it_unrunnable(model: schema.ModelT) -> None:
    (operator,) = model.subgraphs[0].operators
    operator.inputs = operator.inputs[:1]


def make_it_old(model: schema.ModelT) -> None:
    model.version = 1


def drop_names(model: schema.ModelT) -> None:
    model.signatureDefs = []
    for tensor in model.subgraphs[0].tensors:
        tensor.name = ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            quantize_factors,
            "it is quantized already, as tensor `factors` is quantized. Name the float model that "
            "it was made from",
        ),
        (
            make_factors_sparse,
            "tensor `factors` is sparse, and recipes leave such weights as they are. Convert the "
            "model with dense weights",
        ),
        (
            put_nan,
            "tensor `factors` holds NaN. Look for the training step that made it, and export a "
            "model of an earlier one",
        ),
        (
            make_the_op_custom,
            "LiteRT for Python does not have its custom ops Convolution2DTransposeBias. Convert "
            "the model with builtin ops only",
        ),
        (
            make_the_op_flex,
            "the model has the TensorFlow ops FlexErf, which this LiteRT cannot run: the pip "
            "wheels of LiteRT come without the Flex delegate. Convert the model with builtin ops "
            "only",
        ),
        (
            make_it_old,
            "it has version 1 of the schema, and LiteRT reads version 3. Convert the model again "
            "with a current converter",
        ),
        (
            drop_names,
            "it has no signature, and its inputs have no names of their own. Convert the model "
            "with a signature",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_models_that_no_recipe_can_quantize_are_refused(
    changed: Callable[[Change], Path],
    read: Callable[..., ModelFacts],
    change: Change,
    reason: str,
) -> None:
    path = changed(change)
    with pytest.raises(InputError) as refusal:
        read(path, "serve")
    assert str(refusal.value) == f"{path} cannot be quantized: {reason}"


def test_a_model_that_does_not_load_is_refused(
    changed: Callable[[Change], Path], read: Callable[..., ModelFacts]
) -> None:
    path = changed(make_it_unrunnable)
    with pytest.raises(InputError, match=r"LiteRT does not load it: .* with a current converter"):
        read(path, "serve")


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("config.json", "{}")
    return archive.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "an HDF5 file, as Keras writes it"),
        (zipped(), "a zip archive"),
        (b"\x1f\x8b\x08\x00" + bytes(40), "a gzip file"),
        (b"\x08\x01\x12\x84\x08" + bytes(40), "the graph of a TensorFlow SavedModel"),
        (b"\x08\x08\x12\x07pytorch" + bytes(40), "an ONNX model"),
        (b"\x1c\x00\x00\x00ORTM" + bytes(40), "a model of ONNX Runtime"),
        (b"\x1c\x00\x00\x00CIR0" + bytes(40), "a Circle model"),
        (b"\x1c\x00\x00\x00ET12" + bytes(40), "a program of ExecuTorch"),
        (b"\x80\x02}q\x00" + bytes(40), "a Python pickle"),
        (b"GGUF\x03" + bytes(40), "a GGUF file"),
        (b"LITERTLM" + bytes(40), "a LiteRT-LM bundle"),
        (b"<!DOCTYPE html>" + bytes(40), "a page of HTML or XML"),
        (b"no model at all", "not a .tflite: it lacks the mark TFL3 in its bytes 4 to 7"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_kinds_of_files_are_named(
    tmp_path: Path, read: Callable[..., ModelFacts], content: bytes, kind: str
) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read(path, "serve")
    message = str(refusal.value)
    assert message.startswith(f"{path} is {kind}. ")
    assert not message.endswith(".")


def test_a_file_of_2_gib_is_refused(
    model: Path, tmp_path: Path, read: Callable[..., ModelFacts]
) -> None:
    path = tmp_path / "large.tflite"
    path.write_bytes(model.read_bytes())
    with path.open("r+b") as file:
        file.truncate(2**31)
    with pytest.raises(InputError, match=r"has 2\.00 GiB, and a \.tflite must stay below 2 GiB"):
        read(path, "serve")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_is_truncated_is_refused(
    model: Path, tmp_path: Path, read: Callable[..., ModelFacts], share: float
) -> None:
    content = model.read_bytes()
    path = tmp_path / "torn.tflite"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=f"{path} "):
        read(path, "serve")


@pytest.fixture
def large(
    build_model: Callable[..., str], stored: Callable, step: Callable, tmp_path: Path
) -> Path:
    """A dense layer whose weights are a hole of 1.2 GB behind the flatbuffer."""
    width = 17_330
    small = build_model(
        "dense",
        *(stored("in", [1, 4]), stored("weights", [4, 4], values=[0.0] * 16)),
        *(stored("out", [1, 4]), step("FULLY_CONNECTED", ["in", "weights"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    model = parse(Path(small).read_bytes())
    for tensor in model.subgraphs[0].tensors:
        tensor.shape = [width if size == 4 else size for size in tensor.shape]
    (weights,) = (buffer for buffer in model.buffers if buffer.data is not None)
    weights.data, weights.offset, weights.size = None, OFFSET, width * width * 4
    path = tmp_path / "large.tflite"
    path.write_bytes(convert_object_to_bytearray(model))
    with path.open("r+b") as file:
        file.truncate(OFFSET + weights.size)
    return path


@pytest.mark.slow
def test_a_large_file_is_mapped_and_not_read(large: Path, tmp_path: Path) -> None:
    reading = (
        "import resource, sys\n"
        "from quantgate.components.read_tflite.work import read_tflite\n"
        f"resource.setrlimit(resource.RLIMIT_DATA, ({ALLOWED_BYTES}, {ALLOWED_BYTES}))\n"
        "source, baseline, facts = sys.argv[1:]\n"
        "read_tflite(source, ['serve'], baseline_path=baseline, facts_path=facts)\n"
    )
    baseline, facts = tmp_path / "baseline", tmp_path / "facts.json"
    command = [sys.executable, "-c", reading, str(large), str(baseline), str(facts)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ModelFacts.read(facts).size_bytes == baseline.stat().st_size > 1_200_000_000
    baseline.unlink()
