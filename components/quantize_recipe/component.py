"""KFP interface of `quantize_recipe`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def quantize_recipe(
    baseline: Input[Model],
    facts: Input[Artifact],
    candidate: dict,
    timeout_s: float,
    quantized: Output[Model],
    attestation: Output[Artifact],
    ranges: Input[Artifact] = None,
    calibration: Input[Dataset] = None,
    memory_limit: str = "",
    recovered: Input[Artifact] = None,
    searched: Input[Artifact] = None,
    timed: bool = False,
) -> None:
    """Quantize a float .tflite by a recipe of LiteRT Quantizer. A failure is a result.

    Args:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        candidate: `candidate` (its name), `recipe`, `input_type`, `output_type` and options.
        timeout_s: seconds after which the quantization fails.
        quantized: the quantized .tflite. The file is empty if the quantization failed.
        attestation: `Attestation` as JSON: facts of the model, or the reason why there is none. The
            UI shows the candidate's name with the hash of its model, as it does for metrics.
        ranges: the folder from `record_ranges`, for the recipes that need it.
        calibration: the calibration set, for the recipes that need it.
        memory_limit: memory beyond which the quantization fails, such as "8GiB".
        recovered: the folder from `recover`, for candidates with `recovers`.
        searched: the folder from `search`, for candidates with `searched`.
        timed: `quantized` has the seconds of a sample as metadata, as a power of two.
    """
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.components.quantize_recipe import work
    from quantgate.components.quantize_recipe.material import RecipeInputs

    done = work.quantize_recipe(
        RecipeInputs(
            baseline=baseline.path,
            facts=facts.path,
            ranges=ranges.path if ranges else None,
            dataset=calibration.path if calibration else None,
            recovered=recovered.path if recovered else None,
            searched=searched.path if searched else None,
        ),
        candidate,
        ResourceLimits(timeout_s, memory_limit),
        quantized_path=quantized.path,
        attestation_path=attestation.path,
    )
    if timed and done.sample_s:
        quantized.metadata["sample_s"] = done.sample_s
    attestation.metadata["display_name"] = done.title(candidate["candidate"])
    if done.provisional:
        attestation.metadata["provisional"] = "true"
