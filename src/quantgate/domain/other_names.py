"""Names that people know from other tools, with the names that quantgate has for them."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

#: Names of metrics, modes, targets and keys in a spec, by the other name in lower case.
OTHER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "acc": ("top1",),
        "accuracy": ("top1",),
        "accuracy_score": ("top1",),
        "categorical_accuracy": ("top1",),
        "sparse_categorical_accuracy": ("top1",),
        "binary_accuracy": ("top1",),
        "top_1": ("top1",),
        "top_5": ("top5",),
        "top_k_accuracy": ("top_k",),
        "auc": ("roc_auc",),
        "auroc": ("roc_auc",),
        "ap": ("average_precision",),
        "f1": ("f1_macro", "f1_micro"),
        "f1_score": ("f1_macro", "f1_micro"),
        "map": ("mean_average_precision",),
        "iou": ("mean_iou",),
        "miou": ("mean_iou",),
        "mean_squared_error": ("mse",),
        "rmse": ("mse",),
        "mean_absolute_error": ("mae",),
        "cross_entropy": ("log_loss",),
        "crossentropy": ("log_loss",),
        "cosine": ("cosine_similarity",),
        "sqnr": ("snr",),
        "sisdr": ("si_sdr",),
        "size": ("size_bytes",),
        "model_size": ("size_bytes",),
        "latency_ms": ("latency_p50_ms",),
        "latency_us": ("latency_p50_ms",),
        "inference_time": ("latency_p50_ms",),
        "memory": ("memory_peak_bytes",),
        "ram": ("memory_peak_bytes",),
        "arena": ("mcu_arena_bytes",),
        "flash": ("mcu_flash_bytes",),
        "higher_is_better": ("better",),
        "greater_is_better": ("better",),
        "all": ("auto",),
        "dynamic": ("dynamic_range",),
        "fp16": ("float16",),
        "half": ("float16",),
        "int8": ("integer_only_int8", "full_integer"),
        "full_int8": ("integer_only_int8", "full_integer"),
        "uint8": ("integer_only_uint8",),
        "int16": ("int16x8",),
        "16x8": ("int16x8",),
        "fp32": ("float32",),
        "mcu": ("microcontroller",),
        "tflm": ("microcontroller",),
        "esp32": ("microcontroller",),
        "arduino": ("microcontroller",),
        "cortex_m": ("microcontroller",),
        "android": ("cpu", "gpu"),
        "ios": ("cpu", "gpu"),
        "mobile": ("cpu", "gpu"),
        "arm": ("cpu",),
        "x86": ("cpu",),
        "raspberry_pi": ("cpu",),
        "tpu": ("edge_tpu",),
        "coral": ("edge_tpu",),
        "ethos": ("ethos_u",),
    }
)


def meant(word: str, known: Collection[str]) -> list[str]:
    """Return the known names that a word from another tool stands for."""
    plain = re.sub(r"[\s-]+", "_", word.strip().lower())
    return [name for name in OTHER_NAMES.get(plain, ()) if name in known]
