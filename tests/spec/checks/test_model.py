"""A .tflite as the model: options of a conversion are refused, and modes name their recipes."""

from collections.abc import Callable

import pytest

from quantgate.planning.planner import make_plan
from quantgate.spec import load

SAVED_MODEL = "{saved_model: models/fashion}"
Mistaken = Callable[[str, str], list[str]]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            "{saved_model: models/fashion, keras: a.keras, tflite: a.tflite}",
            [
                "3:38 `model` has both `saved_model` and `keras` -> Keep one of them.",
                "3:54 `model` has both `saved_model` and `tflite` -> Keep one of them.",
            ],
        ),
        (
            "{tflite: ftp://models/a.tflite}",
            [
                "3:17 `model.tflite` is on `ftp://`, which Kubeflow Pipelines cannot read -> Use a "
                "local path, or one on `gs://`, `s3://` or `minio://`.",
            ],
        ),
        (
            "{tflite: a.tflite, tags: [serve, tpu]}",
            ["3:27 `model.tags` is for a SavedModel, but the model is a .tflite -> Remove it."],
        ),
        (
            "{tflite: a.tflite, batch: 1}",
            [
                "3:27 `model.batch` is for a model that is converted, but the model is a .tflite "
                "-> Remove it, or convert the model again with this batch size.",
            ],
        ),
    ],
)
def test_a_model_has_one_source_and_its_own_options(
    mistaken: Mistaken, model: str, expected: list[str]
) -> None:
    problems = mistaken(SAVED_MODEL, model)
    assert [each for each in problems if "TensorFlow's converter" not in each] == expected


def test_modes_with_a_tflite_are_refused_with_their_recipes(mistaken: Mistaken) -> None:
    reason = "is a mode of TensorFlow's converter, which reads no .tflite"
    assert mistaken(SAVED_MODEL, "{tflite: a.tflite}") == [
        f"7:20 `full_integer` {reason} -> Write `recipes: [{{recipe: static_wi8_ai8, inputs: "
        "float32, outputs: float32}]` instead of `modes`.",
        f"7:34 `float16` {reason} -> Write `recipes: [float_casting]` instead of `modes`.",
    ]


@pytest.mark.parametrize("option", ["select_tf_ops: true", "calibrator: tensorflow"])
def test_options_of_the_converter_are_refused_with_a_tflite(
    sound: str, complaints: Callable, option: str
) -> None:
    given = sound.replace(SAVED_MODEL, "{tflite: a.tflite}")
    given = given.replace("{modes: [full_integer, float16]}", f"{{{option}}}")
    key = option.partition(":")[0]
    assert complaints(given) == [
        f"7:12 `quantize.{key}` is for a model that is converted -> Remove it, as the model is a "
        ".tflite."
    ]


def test_a_tflite_without_recipes_is_refused(sound: str, complaints: Callable) -> None:
    given = sound.replace(SAVED_MODEL, "{tflite: a.tflite}")
    assert complaints(given.replace("{modes: [full_integer, float16]}", "{recipes: []}")) == [
        "7:21 `quantize.recipes` is empty, and only recipes quantize a .tflite -> Write `recipes: "
        "auto`, or name some."
    ]


@pytest.mark.parametrize("quantize", ["{modes: []}", "{modes: auto}", "{target: cpu}"])
def test_recipes_are_automatic_for_a_tflite(sound: str, spec_file: Callable, quantize: str) -> None:
    given = sound.replace(SAVED_MODEL, "{tflite: a.tflite}")
    spec = load(spec_file(given.replace("{modes: [full_integer, float16]}", quantize))).spec
    assert spec.recipes == "auto"
    planned = make_plan(spec)
    assert [plan.mode.name for plan in planned.modes if plan.included] == ["float32"]
    assert all(candidate.is_recipe for candidate in planned.candidates)
    assert planned.batch == ""
