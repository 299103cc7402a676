"""The contents of `search.json`: the bits of each layer that the search chose for a candidate."""

from pydantic import JsonValue

from quantgate.records.base import Record
from quantgate.records.outcomes import SearchStatus
from quantgate.records.scoring import Scoring


class LayerBits(Record):
    """The bits of a layer.

    Attributes:
        layer: the name of its output in the float model.
        bits: those of its weight, or of its activations too if the recipe for 16 bits says so.
        recipe: the recipe that it is quantized by.
    """

    layer: str
    bits: int
    recipe: str


class Search(Record):
    """The result of the search for one candidate.

    Attributes:
        candidate: its name.
        status: whether a mix was chosen.
        reason: the reason why there is no model, or None.
        layers: in the order of the model, without those that cannot be quantized.
        db: the agreement with the float model on the samples held back, None with `scoring`.
        eight_bit_db: the same with 8 bits in all layers.
        scoring: the metric and the labelled samples that models were scored by, None if they were
            judged by the agreement.
        figure: the metric of the model, if models were scored by one.
        eight_bit_figure: the same with 8 bits in all layers.
        size_bytes: the size of the model.
        eight_bit_bytes: the same with 8 bits in all layers.
        samples: the calibration samples.
        held_back: those of them that models were judged on, none with `scoring`.
        dataset_sha256: the hash of the calibration set.
        budget: the budget, in runs of all calibration samples and of those of `scoring`.
        used: the runs that were made.
        rules: the rules to quantize by.
    """

    candidate: str
    status: SearchStatus
    reason: str | None = None
    layers: list[LayerBits] = []
    db: float | None = None
    eight_bit_db: float | None = None
    scoring: Scoring | None = None
    figure: float | None = None
    eight_bit_figure: float | None = None
    size_bytes: int | None = None
    eight_bit_bytes: int | None = None
    samples: int
    held_back: int
    dataset_sha256: str
    budget: float
    used: float = 0.0
    rules: list[dict[str, JsonValue]] = []
