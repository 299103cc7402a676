"""Metrics in the spec: names of their own, options, steps, and figures that go by those names."""

import numpy as np
import pytest

from quantgate.errors import SpecError
from quantgate.spec import load
from quantgate.spec.preflight.paths import preflight

HEADS = "[top1, {metric: top1, name: top1_head2, output: head2}]"


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        (
            "[top1, {metric: top1, name: top1}]",
            ["9:40 `top1` is measured already -> List it once, or give this one another `name`."],
        ),
        (
            "[top1, {metric: mse, name: latency_p50_ms}]",
            [
                "9:39 `latency_p50_ms` is the name of another metric -> Give this one another "
                "`name`."
            ],
        ),
        (
            "[top1, {metric: my_metrics:psnr, better: higher}]",
            [
                "9:28 `psnr` is the name of another metric -> Give this one another `name`.",
            ],
        ),
        (
            "[top1, {metric: my_metrics:luma}]",
            [
                "9:19 `measure.metrics.1` needs the key `better` -> Write `{metric: "
                "my_metrics:luma, better: higher}`, or `better: lower`.",
            ],
        ),
        (
            "[top1, 'my metrics:luma']",
            ["9:19 `my metrics:luma` is not a Python function -> Write `module:function`."],
        ),
        (
            "[top1, {metric: mse, better: lower}]",
            ["9:33 `mse` takes no `better` -> Only Python functions do. Remove it."],
        ),
        (
            "[top1, top_k]",
            [
                "9:19 `measure.metrics.1` needs the key `k` -> Write for example "
                "`{metric: top_k, k: 3}`."
            ],
        ),
        (
            "[top1, {metric: mean_average_precision}]",
            [
                "9:19 `measure.metrics.1` needs the key `detection` -> Write for example "
                "`detection: {boxes: OUTPUT, scores: OUTPUT, classes: OUTPUT, format: yxyx}`.",
                "9:19 `measure.metrics.1` needs the key `truth` -> Write for example "
                "`truth: {boxes: KEY, classes: KEY}`.",
            ],
        ),
        (
            "[top1, {metric: mean_average_precision, output: b, truth: {boxes: k, classes: l}, "
            "detection: {boxes: b, scores: s, classes: c, format: yxyx}}]",
            ["9:52 `mean_average_precision` takes no `output` -> `detection` names its outputs."],
        ),
        (
            "[top1, {metric: mse, detection: {boxes: b, scores: s, classes: c, format: xxyy}}]",
            [
                "9:86 `measure.metrics.1.detection.format` must be `xyxy`, `yxyx`, `xywh` or "
                "`cxcywh`, not the text `xxyy` -> Did you mean `xyxy`?",
            ],
        ),
        (
            "[top1, {metric: r2, range: [0, 1]}]",
            [
                "9:32 `r2` takes no `range` -> Only `log_loss`, `mse`, `mae`, `psnr`, `ssim`, "
                "`si_sdr`, `cosine_similarity` and `snr` do. Remove it.",
            ],
        ),
        (
            "[top1, {metric: mse, range: [1, 0]}]",
            [
                "9:40 `measure.metrics.1.range` cannot be [1.0, 0.0] -> Write the least value "
                "first, as in `[0, 1]`.",
            ],
        ),
        (
            "[top1, {metric: mse, truth: {boxes: b, classes: c}}]",
            ["9:33 `mse` takes no `truth` -> Only `mean_average_precision` does. Remove it."],
        ),
        (
            "[top1, {metric: snr, label: clean}]",
            ["9:33 `snr` takes no `label` -> It is not computed from labels. Remove it."],
        ),
        (
            "[top1, {metric: mse, k: 3}]",
            ["9:33 `mse` takes no `k` -> Only `top_k` does. Remove it."],
        ),
        (
            "[top1, {metric: mse, postprocess: [sofmax]}]",
            [
                "9:47 `measure.metrics.1.postprocess.0` must be `softmax`, `sigmoid` or `argmax`, "
                "not the text `sofmax` -> Did you mean `softmax`?"
            ],
        ),
        (
            "[top1, {metric: mse, postprocess: [{reshape: [2, -1, -1]}]}]",
            [
                "9:47 `measure.metrics.1.postprocess.0` cannot be [2, -1, -1] -> Sizes are at "
                "least 1, and one of them may be -1."
            ],
        ),
        (
            "[top1, {metric: mse, postprocess: [{reshape: [2], threshold: 1}]}]",
            [
                "9:47 `measure.metrics.1.postprocess.0` must have one of `apply`, `reshape`, "
                "`threshold` and `slice` -> Write each step as a separate entry."
            ],
        ),
        (
            "[top1, {metric: mse, postprocess: [{slice: {start: 4, stop: 4}}]}]",
            [
                "9:47 `measure.metrics.1.postprocess.0` keeps no value -> Write a `stop` above "
                "`start`, or leave one of them out."
            ],
        ),
        (
            "[top1, {metric: mse, postprocess: [{slice: [4, 14]}]}]",
            [
                "9:55 `measure.metrics.1.postprocess.0.slice` must be a mapping, not a list -> "
                "Its keys are `start`, `stop` and `axis`."
            ],
        ),
    ],
)
def test_says_what_is_wrong_with_a_metric(mistaken, metrics, said):
    assert mistaken("[top1, mse]", metrics) == said


def test_limits_and_objectives_use_the_name_of_a_metric(sound, spec_file):
    text = sound.replace("[top1, mse]", HEADS)
    text = text.replace("  top1: {max", "  top1_head2: {min: 0.5}\n  top1: {max")
    text = text.replace("{minimize: size_bytes, within: 5%}", "{maximize: top1_head2}")
    spec = load(spec_file(text)).spec
    assert list(spec.gate.limits) == ["top1_head2", "top1", "size_bytes"]


def test_an_unknown_name_is_an_error_with_the_nearest_known_one(sound, complaints):
    text = sound.replace("[top1, mse]", HEADS)
    text = text.replace("  top1: {max", "  top1_head3: {min: 0.5}\n  top1: {max")
    assert complaints(text) == [
        "12:3 there is no metric `top1_head3` -> Did you mean `top1_head2`?"
    ]


def test_a_renamed_metric_is_not_measured_under_its_old_name(sound, complaints):
    text = sound.replace("[top1, mse]", "[{metric: top1, name: head2}]")
    assert complaints(text) == [
        "12:3 `top1` is not measured -> Add `top1` to `measure.metrics`, or remove this."
    ]


def test_a_renamed_metric_has_the_same_rules(sound, complaints):
    text = sound.replace("[top1, mse]", "[top1, {metric: mse, name: blur}]")
    text = text.replace("  top1: {max", "  blur: {max_drop: 0.5}\n  top1: {max")
    assert complaints(text) == [
        "12:10 `max_drop` does not fit `blur`, as lower values are better -> Use `max_rise`."
    ]


def test_the_name_of_an_unknown_metric_is_not_reported_twice(sound, complaints):
    text = sound.replace("[top1, mse]", "[{metric: tpo1, name: head2}]")
    text = text.replace("  top1: {max", "  head2: {max")
    assert complaints(text) == ["9:22 there is no metric `tpo1` -> Did you mean `top1`?"]


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("r2: {min: 2}", "12:13 `r2` is never above 1, so it cannot be 2 -> None"),
        ("ssim: {min: -2}", "12:15 `ssim` is between -1 and 1, so it cannot be -2 -> None"),
        (
            "ssim: {max_drop: 2}",
            "12:20 `ssim` is between -1 and 1, so a drop of 2 is no limit -> None",
        ),
        ("mae: {max: -1}", "12:14 `mae` is never below 0, so it cannot be -1 -> None"),
    ],
)
def test_limits_are_checked_against_the_range_of_the_metric(sound, complaints, limit, said):
    text = sound.replace("[top1, mse]", "[top1, r2, ssim, mae, psnr]")
    assert complaints(text.replace("  top1: {max", f"  {limit}\n  top1: {{max")) == [said]


def test_a_psnr_may_be_below_zero(sound, spec_file):
    text = sound.replace("[top1, mse]", "[top1, psnr]")
    load(spec_file(text.replace("  top1: {max", "  psnr: {min: -3}\n  top1: {max")))


OWN = "{metric: mse, label: clean}"


@pytest.mark.parametrize("metric", ["agreement", "cosine_similarity", "snr", OWN])
def test_labels_are_optional_if_no_metric_needs_them(sound, spec_file, metric):
    text = sound.replace(", label: y}", "}").replace("[top1, mse]", f"[{metric}]")
    load(spec_file(text.replace("  top1: {max_drop: 0.01}\n", "")))


def test_a_missing_module_of_a_function_is_reported(sound, spec_file):
    text = sound.replace("[top1, mse]", "[top1, {metric: own_metrics:f, better: higher}]")
    path = spec_file(text)
    with pytest.raises(SpecError) as caught:
        preflight(load(path))
    (problem,) = [each for each in caught.value.problems if "own_metrics" in each.message]
    assert problem.message == ("`measure.metrics.1.metric`: there is no module `own_metrics`")
    assert problem.hint == f"Put it into {path.resolve().parent}, or install it."


def test_a_step_given_by_name_is_resolved(sound, spec_file):
    text = sound.replace(
        "[top1, mse]", "[{metric: top1, postprocess: [softmax, {threshold: 0.5}]}]"
    )
    (metric,) = load(spec_file(text)).spec.measure.metrics
    assert metric.model_dump() == {
        "metric": "top1",
        "postprocess": [{"apply": "softmax"}, {"threshold": 0.5}],
    }


SLICED = "[{metric: top1, slice: device}, mse]"


@pytest.mark.parametrize(
    ("metrics", "limit", "said"),
    [
        (
            "[top1, mse]",
            "{max_drop: 0.01, each_slice: {max_drop: 0.1}}",
            [
                "12:26 `top1` has no slices -> Write `{metric: top1, slice: KEY}` in "
                "`measure.metrics`."
            ],
        ),
        (
            SLICED,
            "{each_slice: {}}",
            [
                "12:10 `gate.top1.each_slice` has no rule -> Its rules are `min`, `max_drop` and "
                "`max_drop_percent`."
            ],
        ),
        (
            SLICED,
            "{each_slice: {max_drop: 2}, slices: {phone: {max_rise: 0.1}}}",
            [
                "12:33 `top1` is between 0 and 1, so a drop of 2 is no limit -> Did you mean 0.02?",
                "12:54 `max_rise` does not fit `top1`, as higher values are better -> Use "
                "`max_drop`.",
            ],
        ),
        (
            SLICED,
            "{max_drop: 0.01, slices: {phone: {confidence: 0.9}}}",
            [
                "12:35 `gate.top1.slices.phone` has no rule -> Its rules are `min`, `max_drop` and "
                "`max_drop_percent`."
            ],
        ),
        (
            SLICED,
            "{each_slices: {max_drop: 0.1}}",
            ["12:10 `gate.top1` has no key `each_slices` -> Did you mean `each_slice`?"],
        ),
    ],
)
def test_limits_on_slices_are_checked(complaints, sound, metrics, limit, said):
    spec = sound.replace("[top1, mse]", metrics).replace("top1: {max_drop: 0.01}", f"top1: {limit}")
    assert complaints(spec) == said


def test_limits_on_slices_are_loaded(spec_file, sound):
    limit = "{max_drop: 0.01, each_slice: {max_drop: 0.05}, slices: {'phone 2': {min: 0.7}}}"
    spec = sound.replace("[top1, mse]", SLICED).replace("{max_drop: 0.01}", limit)
    limit = load(spec_file(spec)).spec.gate.limits["top1"]
    assert limit.by_name == {"max_drop": 0.01}
    assert limit.each_slice.by_name == {"max_drop": 0.05}
    assert limit.slices["phone 2"].by_name == {"min": 0.7}


def test_a_slice_key_missing_in_the_data_is_reported(spec_file, sound, tmp_path):
    (tmp_path / "models" / "fashion").mkdir(parents=True)
    (tmp_path / "models" / "fashion" / "saved_model.pb").write_bytes(b"graph")
    np.savez(tmp_path / "train.npz", image=np.zeros(3))
    np.savez(tmp_path / "test.npz", image=np.zeros(3), y=np.zeros(3), devices=np.zeros(3))
    loaded = load(spec_file(sound.replace("[top1, mse]", SLICED)))
    with pytest.raises(SpecError) as caught:
        preflight(loaded)
    (problem,) = caught.value.problems
    assert problem.message == (
        f"`measure.metrics.0.slice` needs `device`, which is not in {tmp_path / 'test.npz'}"
    )
    assert problem.hint == "Did you mean `devices`?"


@pytest.mark.parametrize("metric", ["mse", "my_metrics:loss, better: lower"])
def test_limits_have_to_be_within_the_range_of_a_metric(sound, complaints, metric):
    name = metric.split(",")[0].rpartition(":")[2]
    given = sound.replace("[top1, mse]", f"[top1, {{metric: {metric}, range: [0, 2]}}]")
    (complaint,) = complaints(given.replace("gate:\n", f"gate:\n  {name}: {{max: 3}}\n"))
    assert f"`{name}` is between 0 and 2, so it cannot be 3" in complaint
