"""Python functions that yield samples in each of the supported forms."""

import sys

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.artifacts.dataset_summary import read_summary
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

TWO = {"a": ("float32", [-1, 2]), "b": ("int32", [-1, 1])}
ONE = {"x": ("float32", [-1, 2])}


@pytest.fixture
def function(tmp_path, monkeypatch):
    """Write the body of a function `samples` into a module on the path, and name it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "given_samples", raising=False)

    def write(body):
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        text = f"import numpy as np\n\ndef samples():\n{lines}"
        (tmp_path / "given_samples.py").write_text(text)
        return "given_samples:samples"

    return write


@pytest.mark.parametrize(
    "sample",
    [
        "{'a': np.full((1, 2), i, 'f4'), 'b': np.array([[i]])}",
        "{'a': np.full(2, i, 'f4'), 'b': np.array([i])}",
        "('serving_default', {'a': np.full((1, 2), i, 'f4'), 'b': np.array([[i]])})",
        "[np.full((1, 2), i, 'f4'), np.array([[i]])]",
        "(np.full(2, i, 'f4'), np.array([i]))",
        "{'a': [float(i), float(i)], 'b': [i]}",
    ],
)
def test_every_form_gives_the_same_samples(build, function, caplog, sample):
    source = function(f"for i in range(5):\n    yield {sample}")
    dataset = build(source, TWO, purpose="calibration")
    assert dataset.inputs["a"].tolist() == [[i, i] for i in range(5)]
    assert dataset.inputs["b"].tolist() == [[i] for i in range(5)]


def test_a_function_may_yield_samples_for_several_signatures(function, tmp_path, caplog):
    """The form is the guide's, `(signature, {name: array})`."""
    source = function(
        "for i in range(4):\n    yield 'first', {'x': np.full((1, 2), i, 'f4')}\n"
        "    yield ('second', {'code': np.full((1, 3), -i, 'f4')}), i"
    )
    signatures = [
        Signature(
            key=key,
            inputs={name: TensorFacts(shape=[-1, size], dtype="float32")},
            outputs={"y": TensorFacts(shape=[-1, 1], dtype="float32")},
        )
        for key, name, size in (("first", "x", 2), ("second", "code", 3))
    ]
    facts = ModelFacts(
        source_sha256="0" * 64,
        baseline_sha256="1" * 64,
        size_bytes=1,
        signatures=signatures,
        ops={},
        tensorflow="2.21.0",
    )
    facts.write(tmp_path / "facts.json")
    others = {}
    for key in facts.keys:
        folders = {name: str(tmp_path / f"{key}-{name}") for name in ("set", "summary")}
        build_dataset(
            Source(source),
            Requirements(key, "calibration", label="y"),
            Selection(),
            Paths(str(tmp_path / "facts.json"), folders["set"], folders["summary"], **others),
        )
        others = {"others": folders["set"], "others_summary": folders["summary"]}
    assert open_dataset(folders["set"], "first").inputs["x"][:, 0].tolist() == [0, 1, 2, 3]
    second = open_dataset(folders["set"], "second")
    assert second.inputs["code"][:, 0].tolist() == [0, -1, -2, -3]
    assert sorted(read_summary(folders["summary"])) == ["first", "second"]


@pytest.mark.parametrize(
    "sample",
    [
        "{'x': np.full(2, i, 'f4'), 'y': i}",
        "({'x': np.full(2, i, 'f4')}, i)",
        "(np.full(2, i, 'f4'), i)",
        "(np.full((1, 2), i, 'f4'), np.array([i]))",
        "((np.full(2, i, 'f4'),), i)",
    ],
)
def test_labels_come_beside_the_inputs(build, function, sample):
    source = function(f"for i in range(5):\n    yield {sample}")
    dataset = build(source, ONE, label="y")
    assert dataset.inputs["x"].tolist() == [[i, i] for i in range(5)]
    assert dataset.label.tolist() == list(range(5))


def test_batches_of_any_size_are_split(build, function):
    source = function(
        "for size in (3, 3, 1):\n    yield {'x': np.ones((size, 2), 'f4'), 'y': np.arange(size)}"
    )
    dataset = build(source, ONE, label="y")
    assert dataset.label.tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_the_first_samples_of_an_endless_source(build, function, caplog):
    source = function("i = 0\nwhile True:\n    i += 1\n    yield {'x': np.full((4, 2), i, 'f4')}")
    dataset = build(source, ONE, purpose="calibration", samples=150)
    assert dataset.inputs["x"][:, 0].tolist() == [1 + i // 4 for i in range(150)]
    assert caplog.messages == []


def test_a_random_choice_covers_the_whole_stream(build, function, caplog):
    source = function("for i in range(1000):\n    yield {'x': np.full(2, i, 'f4')}")
    given = {"purpose": "calibration", "select": "random", "samples": 100, "seed": 3}
    dataset = build(source, ONE, **given)
    chosen = np.sort(np.random.default_rng(3).choice(1000, 100, replace=False))
    assert dataset.inputs["x"][:, 0].tolist() == chosen.tolist()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 5", " returned int, not samples. It must yield them"),
        ("return []", " gave no samples"),
        (
            "yield {'x': np.ones(2, 'f4')}\nraise ValueError('boom')",
            ": reading the samples failed: ValueError: boom. The log has the traceback",
        ),
        (
            "yield ('other', {'x': np.ones((1, 2), 'f4')})",
            ": sample 0 is for the signature `other`, but the spec converts `serving_default`. "
            "Yield samples only for the signatures that are converted",
        ),
        (
            "yield [1, 2, 3]",
            ": sample 0 has 3 values, and the model takes `x`. Yield them in this order with the "
            "label last, or by name",
        ),
        (
            "yield {'x': 'abc'}",
            ": sample 0: `x` holds text, but only numbers can be fed. Yield numbers",
        ),
        (
            "yield {'x': np.ones((3, 2), 'f4'), 'y': np.ones(2, 'i4')}",
            ": sample 0 is a batch whose arrays differ in length: `x` 3, `y` 2",
        ),
        (
            "yield {'x': np.ones(2, 'f4')}\nyield {'x': np.ones(3, 'f4')}",
            ": `x` of sample 1 is float32 [3], of sample 0 float32 [2]: samples must have one "
            "shape and type",
        ),
        (
            "yield {'x': np.ones(2, 'f4')}\nyield {'z': np.ones(2, 'f4')}",
            ": sample 1 has `z` and sample 0 has `x`",
        ),
        (
            "yield {'x': [[1, 2], [3]]}",
            ": sample 0: `x` is not an array: setting an array element with a sequence. The "
            "requested array has an inhomogeneous shape after 1 dimensions. The detected shape was "
            "(2,) + inhomogeneous part.",
        ),
        (
            "yield {}",
            ": sample 0 holds no arrays. Yield one for each input",
        ),
        (
            "yield {'x': np.ones(3, 'f4')}",
            " cannot serve as calibration data:\n  - input `x`: expected float32 [2] per sample, "
            "given float32 [3]",
        ),
    ],
)
def test_other_values_are_refused(refusal, function, body, said):
    source = function(body)
    assert refusal(source, ONE, purpose="calibration") == f"{source}{said}"


def test_the_users_traceback_is_in_the_log(refusal, function, capfd):
    refusal(function("raise ValueError('boom')"), ONE)
    log = capfd.readouterr().err
    assert "given_samples.py" in log
    assert "ValueError: boom" in log


def test_a_crash_is_reported(refusal, function):
    source = function("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\nyield {}")
    assert refusal(source, ONE) == (
        f"{source}: reading the samples failed: crashed with SIGSEGV. The log has the traceback"
    )


def test_a_missing_function_is_refused(refusal, function):
    function("yield {}")
    assert refusal("given_samples:other", ONE) == (
        "given_samples:other: the module `given_samples` has no function `other`"
    )
    assert refusal("no_such_module:samples", ONE) == (
        "no_such_module:samples cannot be imported: No module named 'no_such_module'. Name its "
        "file as `code` in the spec, put the module beside the spec, or, on a cluster, install it "
        "in the image"
    )


@pytest.mark.parametrize("sample", ["{'x': np.full(2, i, 'f4')}", "[np.full(2, i, 'f4')]"])
def test_an_input_may_be_the_label(build, function, sample):
    dataset = build(function(f"for i in range(3):\n    yield {sample}"), ONE, label="x")
    assert dataset.label.tolist() == dataset.inputs["x"].tolist() == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize("sample", ["({'x': np.ones(2, 'f4')}, 1)", "[np.ones(2, 'f4'), 1]"])
def test_a_label_beside_an_input_of_its_name_is_refused(refusal, function, sample):
    source = function(f"yield {sample}")
    assert refusal(source, ONE, label="x") == (
        f"{source}: sample 0 has a label beside the inputs, but `label` names the input `x`. "
        "Give the label another name"
    )
