"""The few samples that a model is tried on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

TRIAL_SAMPLES = 8
FREE_SIZE = 32
Arrays = dict[str, NDArray[Any]]
#: Inputs by signature.
Samples = dict[str, Arrays]


def samples_for_trial(facts: ModelFacts, dataset: str | None) -> Samples:
    """Return a few samples of each signature: spread over a data set, or made up without one."""
    return {each.key: samples_of(each, dataset) for each in facts.signatures}


def samples_of(signature: Signature, dataset: str | None) -> Arrays:
    """Return a few samples of one signature: spread over a data set, or made up without one."""
    if dataset is None:
        return {name: _made_up(tensor) for name, tensor in signature.inputs.items()}
    inputs = open_dataset(dataset, signature.key).inputs
    return {
        name: np.array(values[spread(len(values), TRIAL_SAMPLES)])
        for name, values in inputs.items()
    }


def _made_up(tensor: TensorFacts) -> NDArray[Any]:
    shape = (TRIAL_SAMPLES, *(FREE_SIZE if size < 0 else size for size in tensor.shape[1:]))
    random = np.random.default_rng(0)
    if np.issubdtype(np.dtype(tensor.dtype), np.floating):
        return random.random(shape).astype(tensor.dtype)
    # 0 and 1 are valid for pixels, tokens and categories alike.
    return random.integers(0, 2, shape).astype(tensor.dtype)


def spread(count: int, wanted: int) -> NDArray[np.intp]:
    """Return the indices of up to `wanted` of `count` samples, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, wanted).astype(np.intp))
