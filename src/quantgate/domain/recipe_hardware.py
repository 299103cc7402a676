"""The hardware that cannot run the ops of a recipe, with the reason, by its name."""

from collections.abc import Mapping
from typing import Any

from quantgate.domain.hardware import EDGE_TPU, ETHOS_U, MICROCONTROLLER

_NOTHING_ON_THE_NPU = "Vela maps no op with float activations to the NPU"
_INTEGERS_ONLY = "an Edge TPU runs integer-only models"
#: Plain dicts, because recipes are pickled with them.
NOT_ON_MICRO: Mapping[str, str] = {
    MICROCONTROLLER.name: "TFLite Micro cannot run hybrid ops",
    ETHOS_U.name: _NOTHING_ON_THE_NPU,
    EDGE_TPU.name: _INTEGERS_ONLY,
}
WRONG_ON_MICRO: Mapping[str, str] = {
    MICROCONTROLLER.name: "TFLite Micro runs weight-only models, but with wrong results",
    ETHOS_U.name: _NOTHING_ON_THE_NPU,
    EDGE_TPU.name: _INTEGERS_ONLY,
}
VELA_CRASHES: Mapping[str, str] = {
    MICROCONTROLLER.name: "TFLite Micro cannot run 4-bit convolutions",
    ETHOS_U.name: "Vela crashes on 4-bit weights",
    EDGE_TPU.name: "an Edge TPU runs 8-bit weights only",
}
TOO_WIDE: Mapping[str, str] = {EDGE_TPU.name: "an Edge TPU runs 8-bit activations only"}


def unfit_for(config: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the hardware that cannot run the ops of a rule.

    Args:
        config: the rule's `op_config`, empty if it leaves ops in float.
    """
    weights = config.get("weight_tensor_config")
    if weights is None:
        return {}
    if activations := config.get("activation_tensor_config"):
        is_narrow, is_wide = weights["num_bits"] < 8, activations["num_bits"] == 16
        return {**(VELA_CRASHES if is_narrow else {}), **(TOO_WIDE if is_wide else {})}
    is_weight_only = config.get("compute_precision", "FLOAT") == "FLOAT"
    return WRONG_ON_MICRO if is_weight_only else NOT_ON_MICRO
