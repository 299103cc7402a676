import numpy as np
import pytest

FLOAT = "float32"


@pytest.fixture
def classifier(scaled_model, make_facts, make_dataset):
    """A model that doubles its three inputs, and a data set of 2,500 samples to classify."""

    def prepare(factors=(2.0, 2.0, 2.0), outputs=None, x=None, labels=None, ops=None):
        outputs = outputs or {"y": (FLOAT, [-1, 3])}
        facts = make_facts({"x": (FLOAT, [-1, 3])}, outputs, ops)
        x = np.random.default_rng(1).random((2500, 3), np.float32) if x is None else x
        labels = np.arange(len(x)) % 3 if labels is None else labels
        dataset = make_dataset(facts, x=x, labels=labels)
        return scaled_model("classifier", list(factors)), facts, dataset, x, labels

    return prepare
