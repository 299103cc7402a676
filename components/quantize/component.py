"""KFP interface of `quantize`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def quantize(
    model: Input[Model],
    baseline: Input[Model],
    facts: Input[Artifact],
    candidate: dict,
    timeout_s: float,
    quantized: Output[Model],
    attestation: Output[Artifact],
    calibrated: Input[Model] = None,
    calibration: Input[Dataset] = None,
    memory_limit: str = "",
    timed: bool = False,
) -> None:
    """Quantize a model in one mode. A conversion that fails is a result, not an error.

    Args:
        model: folder of a TensorFlow SavedModel.
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        candidate: `candidate` (its name), `mode`, `input_type`, `output_type` and options.
        timeout_s: seconds after which the conversion fails.
        quantized: the quantized .tflite. The file is empty if the conversion failed.
        attestation: `Attestation` as JSON: facts of the model, or the reason why there is none. The
            UI shows the candidate's name with the hash of its model, as it does for metrics.
        calibrated: the folder from `calibrate`, for the modes that need it.
        calibration: the calibration set, for the modes that need it.
        memory_limit: memory beyond which the conversion fails, such as "8GiB".
        timed: `quantized` has the seconds of a sample as metadata, as a power of two.
    """
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.components.quantize import work

    done = work.quantize(
        work.QuantizeInputs(
            saved_model=model.path,
            baseline=baseline.path,
            facts=facts.path,
            calibrated=calibrated.path if calibrated else None,
            dataset=calibration.path if calibration else None,
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
