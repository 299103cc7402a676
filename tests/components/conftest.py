"""Small .tflite models built by hand, with their facts and data sets."""

import faulthandler
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.artifacts.division import Division
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.components.evaluate_shard.work import evaluate_shard
from quantgate.components.merge_shards.inputs import MergeInputs
from quantgate.components.merge_shards.work import merge_shards
from quantgate.domain.sharding import ROUNDS
from quantgate.records.tasks import Measurement, ModelFacts, Signature, TensorFacts

sys.path.insert(0, str(Path(__file__).resolve().parent))

from parted_sets import in_parts


@pytest.fixture
def without_tf_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide tf_keras from this process and those it starts by forking."""
    monkeypatch.setitem(sys.modules, "tf_keras", None)


@dataclass(frozen=True)
class Stored:
    """A tensor of a model. It is constant with `values`, and quantized with `scales`."""

    name: str
    shape: Sequence[int]
    dtype: str = "float32"
    values: Any = None
    scales: Sequence[float] = ()
    zero_points: Sequence[int] = ()
    axis: int = 0
    variable: bool = False


@dataclass(frozen=True)
class Step:
    """An operator, builtin or custom, with the names of its tensors. None is an absent input."""

    op: str
    inputs: Sequence[str | None]
    outputs: Sequence[str]
    options: object = None
    version: int = 1


def _tensor(model: schema.ModelT, stored: Stored) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape = stored.name, list(stored.shape)
    tensor.type = getattr(schema.TensorType, stored.dtype.upper())
    tensor.isVariable = stored.variable
    if stored.scales:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = list(stored.scales)
        tensor.quantization.zeroPoint = list(stored.zero_points) or [0] * len(stored.scales)
        tensor.quantization.quantizedDimension = stored.axis
    tensor.buffer = 0
    if stored.values is not None:
        buffer = schema.BufferT()
        buffer.data = list(np.asarray(stored.values, stored.dtype).tobytes())
        model.buffers.append(buffer)
        tensor.buffer = len(model.buffers) - 1
    return tensor


def _code(step: Step) -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    builtin = getattr(schema.BuiltinOperator, step.op, None)
    code.builtinCode = schema.BuiltinOperator.CUSTOM if builtin is None else builtin
    code.customCode = step.op if builtin is None else None
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = step.version
    return code


def _operator(model: schema.ModelT, step: Step, index: dict[str | None, int]) -> schema.OperatorT:
    model.operatorCodes.append(_code(step))
    operator = schema.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs = [index[name] for name in step.inputs]
    operator.outputs = [index[name] for name in step.outputs]
    if step.options is not None:
        operator.builtinOptions = step.options
        name = type(step.options).__name__.removesuffix("T")
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
    return operator


def _maps(names: dict[str, str], index: dict[str, int]) -> list[schema.TensorMapT]:
    maps = []
    for name, tensor in names.items():
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, index[tensor]
        maps.append(entry)
    return maps


@dataclass(frozen=True)
class Graph:
    """A graph that an operator of the main graph calls."""

    parts: Sequence[Stored | Step]
    inputs: Sequence[str]
    outputs: Sequence[str]


def _subgraph(model: schema.ModelT, graph: Graph) -> schema.SubGraphT:
    tensors = [part for part in graph.parts if isinstance(part, Stored)]
    index: dict[str | None, int] = {each.name: place for place, each in enumerate(tensors)}
    index[None] = -1
    subgraph = schema.SubGraphT()
    subgraph.tensors = [_tensor(model, stored) for stored in tensors]
    steps = [part for part in graph.parts if isinstance(part, Step)]
    subgraph.operators = [_operator(model, step, index) for step in steps]
    subgraph.inputs = [index[name] for name in graph.inputs]
    subgraph.outputs = [index[name] for name in graph.outputs]
    return subgraph


def _build(
    *parts: Stored | Step,
    inputs: dict[str, str],
    outputs: dict[str, str],
    called: Sequence[Graph] = (),
    signature: str | None = "serve",
) -> bytes:
    model = schema.ModelT()
    model.version, model.buffers, model.operatorCodes = 3, [schema.BufferT()], []
    main = Graph(parts, [*inputs.values()], [*outputs.values()])
    model.subgraphs = [_subgraph(model, graph) for graph in (main, *called)]
    names = [part.name for part in parts if isinstance(part, Stored)]
    index = {name: position for position, name in enumerate(names)}
    named = schema.SignatureDefT()
    named.signatureKey, named.subgraphIndex = signature, 0
    named.inputs, named.outputs = _maps(inputs, index), _maps(outputs, index)
    model.signatureDefs = [named] if signature else []
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture(scope="session")
def stored():
    """Make a tensor of a model."""
    return Stored


@pytest.fixture(scope="session")
def step():
    """Make an operator of a model."""
    return Step


@pytest.fixture(scope="session")
def packed() -> Callable[..., bytes]:
    """Build a model: `packed(tensors and operators, inputs=..., outputs=..., signature=...)`.

    Inputs and outputs map signature names to tensors.
    """
    return _build


@pytest.fixture
def build_model(tmp_path) -> Callable[..., str]:
    """Write a model of tensors and operators. Inputs and outputs map signature names to tensors."""

    def build(
        name: str,
        *parts: Stored | Step,
        inputs: dict[str, str],
        outputs: dict[str, str],
        called: Sequence[Graph] = (),
    ) -> str:
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(_build(*parts, inputs=inputs, outputs=outputs, called=called))
        return str(path)

    return build


@pytest.fixture
def scaled_model(build_model) -> Callable[..., str]:
    """A model whose output `y` [1, n] is its input `x` times constant factors."""

    def build(name: str, factors: Sequence[float]) -> str:
        n = len(factors)
        return build_model(
            name,
            *(Stored("in", [1, n]), Stored("factors", [1, n], values=factors)),
            *(Stored("out", [1, n]), Step("MUL", ["in", "factors"], ["out"])),
            inputs={"x": "in"},
            outputs={"y": "out"},
        )

    return build


@pytest.fixture(scope="session")
def with_external_buffers() -> Callable[[bytes], bytes]:
    """Return a model that stores its constants behind the flatbuffer, as large files do."""

    def rewrite(content: bytes) -> bytes:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
        constants = [each for each in model.buffers if each.data is not None]
        contents = [bytes(each.data) for each in constants]
        start = 0
        # The length does not depend on the values of offsets that are not the default.
        for _ in range(2):
            offset = start or 2
            for constant, stored in zip(constants, contents, strict=True):
                constant.data, constant.offset, constant.size = None, offset, len(stored)
                offset += len(stored)
            packed = bytes(convert_object_to_bytearray(model))
            start = len(packed)
        return b"".join([packed, *contents])

    return rewrite


@pytest.fixture
def endless_model(build_model) -> str:
    """A model whose output `y` [1, 2] is its input `x`. It loops forever if `x` has a 100."""
    values = [Stored("a", [1, 2]), Stored("axes", [2], "int32", values=[0, 1])]
    largest = [Stored("largest", []), Step("REDUCE_MAX", ["a", "axes"], ["largest"])]
    above = [Stored("bound", [], values=99), Stored("above", [], "bool")]
    condition = [*values, *largest, *above, Step("GREATER", ["largest", "bound"], ["above"])]
    same = [Stored("zero", [1, 2], values=[0, 0]), Stored("b", [1, 2])]
    body = [Stored("a", [1, 2]), *same, Step("ADD", ["a", "zero"], ["b"])]
    options = schema.WhileOptionsT()
    options.condSubgraphIndex, options.bodySubgraphIndex = 1, 2
    return build_model(
        "endless",
        *(Stored("in", [1, 2]), Stored("out", [1, 2])),
        Step("WHILE", ["in"], ["out"], options),
        inputs={"x": "in"},
        outputs={"y": "out"},
        called=[Graph(condition, ["a"], ["above"]), Graph(body, ["a"], ["b"])],
    )


@pytest.fixture
def refused_model(build_model) -> Callable[..., str]:
    """A model that XNNPACK refuses: its output `y` [1, 2] is its input `x` times 400.

    The scales of its dense op give a factor above 256, which XNNPACK does not take. With a dynamic
    shape, XNNPACK sees it as late as the first invocation.
    """

    def build(name: str, *, dynamic: bool = False) -> str:
        tiled = [
            *(Stored("flat", [2]), Stored("shape", [2], "int32", values=[1, 2])),
            *(Stored("once", [1], "int32", values=[1]), Stored("tiled", [2], "int32")),
            Step("TILE", ["shape", "once"], ["tiled"]),
            Step("RESHAPE", ["in", "tiled"], ["shaped"]),
        ]
        options = schema.FullyConnectedOptionsT()
        return build_model(
            name,
            *(Stored("in", [1, 2]), Stored("shaped", [1, 2]), *(tiled if dynamic else [])),
            Stored("q", [1, 2], "int8", scales=[10.0]),
            Stored("weights", [2, 2], "int8", values=[[40, 0], [0, 40]], scales=[10.0]),
            *(Stored("product", [1, 2], "int8", scales=[0.3]), Stored("out", [1, 2])),
            Step("QUANTIZE", ["shaped" if dynamic else "in"], ["q"]),
            Step("FULLY_CONNECTED", ["q", "weights"], ["product"], options),
            Step("DEQUANTIZE", ["product"], ["out"]),
            inputs={"x": "in"},
            outputs={"y": "out"},
        )

    return build


@pytest.fixture
def make_facts(tmp_path) -> Callable[..., str]:
    """Write `ModelFacts` of a float model. Inputs and outputs are (dtype, shape) by name."""

    def make(inputs: dict, outputs: dict, ops: dict[str, int] | None = None) -> str:
        def tensors(given: dict) -> dict[str, TensorFacts]:
            return {k: TensorFacts(dtype=d, shape=list(s)) for k, (d, s) in given.items()}

        facts = ModelFacts(
            source_sha256="0" * 64,
            baseline_sha256="1" * 64,
            size_bytes=1000,
            signatures=[Signature(key="serve", inputs=tensors(inputs), outputs=tensors(outputs))],
            ops=ops or {},
            tensorflow="2.21.0",
        )
        path = tmp_path / "facts.json"
        facts.write(path)
        return str(path)

    return make


@pytest.fixture
def make_dataset(tmp_path) -> Callable[..., str]:
    """Build an evaluation set from arrays.

    `label` names the labels among them, `fields` the further arrays that metrics need, and `group`
    the groups.
    """

    def make(
        facts_path: str,
        label: str | None = "labels",
        fields: Sequence[str] = (),
        group: str | None = None,
        **arrays: object,
    ) -> str:
        source, folder = tmp_path / "evaluation.npz", tmp_path / "evaluation"
        np.savez(source, **{key: np.asarray(values) for key, values in arrays.items()})
        build_dataset(
            Source(str(source)),
            Requirements(
                "serve", "evaluation", label, json.dumps({key: [] for key in fields}), group=group
            ),
            Selection(),
            Paths(facts_path, str(folder), str(tmp_path / "summary")),
        )
        return str(folder)

    return make


@pytest.fixture
def measure(tmp_path) -> Callable[..., tuple[Measurement, dict[str, np.ndarray]]]:
    """Evaluate a model, by default for `top1`. Return the record and the values per sample."""

    def run(
        model: str,
        facts: str,
        dataset: str,
        metrics: Sequence[dict] = ({"metric": "top1"},),
        baseline: str | None = None,
        **settings: Any,
    ) -> tuple[Measurement, dict[str, np.ndarray]]:
        folder = tmp_path / "measurement"
        evaluate(
            EvaluateInputs(model, facts, dataset, baseline=baseline),
            EvaluateSettings(metrics, **settings),
            str(folder),
        )
        with np.load(folder / "samples.npz") as samples:
            return Measurement.read(folder / "measurement.json"), dict(samples)

    return run


@pytest.fixture
def shards_of_evaluation(tmp_path) -> Callable[..., list[str]]:
    """Evaluate a model in shards, and return their folders."""

    def run(inputs: EvaluateInputs, settings: EvaluateSettings, count: int) -> list[str]:
        places = [tmp_path / f"shards-{count}" / str(n) for n in range(1, count + 1)]
        for number, place in enumerate(places, start=1):
            place.mkdir(parents=True, exist_ok=True)
            evaluate_shard(inputs, settings, Division(number, count), str(place))
        return [str(place) for place in places]

    return run


@pytest.fixture
def assert_same_in_shards(tmp_path, shards_of_evaluation) -> Callable[..., Measurement]:
    """Assert that shards are merged into the files that one evaluation writes, bit for bit.

    The last number of shards also evaluates a set in as many parts, and so does one task.
    """

    def check(
        inputs: EvaluateInputs, settings: EvaluateSettings, counts: Sequence[int] = (4,)
    ) -> Measurement:
        whole = evaluate(inputs, settings, str(tmp_path / "whole"))
        parted = in_parts(inputs.dataset, tmp_path / "parted", counts[-1])
        evaluate(replace(inputs, dataset=str(parted)), settings, str(tmp_path / "at-once"))
        assert contents_of(tmp_path / "at-once") == contents_of(tmp_path / "whole")
        divided = [(inputs, count) for count in counts]
        for each, count in [*divided, (replace(inputs, dataset=str(parted)), counts[-1])]:
            shards = shards_of_evaluation(each, settings, count)
            merging = MergeInputs(shards[::-1], count, inputs.facts, inputs.code)
            merge_shards(merging, settings, str(tmp_path / "merged"))
            assert contents_of(tmp_path / "merged") == contents_of(tmp_path / "whole")
        return whole

    return check


@pytest.fixture
def assert_same_in_rounds(tmp_path) -> Callable[..., Measurement]:
    """Assert that rounds of shards stop as one evaluation does, bit for bit.

    The last number of shards also evaluates a set in as many parts.
    """
    numbers = itertools.count()

    def check(
        inputs: EvaluateInputs, settings: EvaluateSettings, counts: Sequence[int] = (4,)
    ) -> Measurement:
        whole = tmp_path / f"whole-{next(numbers)}"
        measured = evaluate(inputs, settings, str(whole))
        parted = in_parts(inputs.dataset, tmp_path / "parted", counts[-1])
        divided = [(inputs, count) for count in counts]
        for each, count in [*divided, (replace(inputs, dataset=str(parted)), counts[-1])]:
            merged = in_rounds(each, settings, count, tmp_path / f"rounds-{next(numbers)}")
            assert contents_of(merged) == contents_of(whole)
        return measured

    return check


def in_rounds(inputs: EvaluateInputs, settings: EvaluateSettings, count: int, place: Path) -> Path:
    """Evaluate a model in rounds of shards, and return the folder of the last merge."""
    earlier: str | None = None
    for number in range(1, ROUNDS + 1):
        shards = [str(place / f"{number}-{shard}") for shard in range(1, count + 1)]
        for shard, folder in enumerate(shards, start=1):
            division = Division(shard, count, round=number, rounds=ROUNDS)
            evaluate_shard(inputs, settings, division, folder, earlier)
        merging = MergeInputs(
            shards[::-1], count, inputs.facts, reference=inputs.reference, earlier=earlier
        )
        earlier = str(place / f"merged-{number}")
        merge_shards(merging, settings, earlier)
    return Path(earlier or "")


def contents_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of each file, and for an archive those of the files in it."""
    contents = {}
    for path in folder.iterdir():
        if path.suffix != ".npz":
            contents[path.name] = path.read_bytes()
            continue
        with ZipFile(path) as archive:
            contents |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
    return contents


@pytest.fixture
def crashing_model(build_model) -> Iterator[str]:
    """A model whose only operator calls its own graph until the stack overflows."""
    faulthandler.disable()  # the crash is intended, so its traceback would be noise
    options = schema.IfOptionsT()
    options.thenSubgraphIndex = options.elseSubgraphIndex = 0
    yield build_model(
        "crashing",
        *(Stored("in", [1, 2]), Stored("always", [1], "bool", values=[True])),
        *(Stored("out", [1, 2]), Step("IF", ["always", "in"], ["out"], options)),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    faulthandler.enable(sys.__stderr__)
