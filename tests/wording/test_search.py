"""The bits of a searched candidate in words."""

from quantgate.records.outcomes import SearchStatus
from quantgate.records.scoring import Scoring
from quantgate.records.search import LayerBits, Search
from quantgate.wording.search import bits_text


def searched(**bits: int) -> Search:
    return Search(
        candidate="search-2",
        status=SearchStatus.MIXED,
        layers=[
            LayerBits(layer=f"{name};bias", bits=own, recipe="r") for name, own in bits.items()
        ],
        db=20.84,
        eight_bit_db=30.56,
        samples=100,
        held_back=33,
        dataset_sha256="c" * 64,
        budget=10.0,
    )


def test_the_layers_are_named_with_their_bits_and_the_data() -> None:
    assert bits_text(searched(a=4, b=8, c=4)) == (
        "4 bits in 2 of 3 layers (a, c), and 8 bits in the others. The agreement with the float "
        "model is 20.8 dB, and 30.6 dB with 8 bits in all layers, on 33 held-back calibration "
        "samples"
    )


def test_other_bits_are_listed_one_after_another() -> None:
    said = bits_text(searched(a=4, b=8, c=16))
    assert said.startswith("4 bits in 1 of 3 layers (a) and 16 bits in 1 of 3 layers (c), and 8")


def test_only_a_few_of_many_layers_are_named() -> None:
    said = bits_text(searched(**{f"h{number}": 4 for number in range(9)}))
    assert said.startswith("4 bits in 9 of 9 layers (h0, h1, h2, h3, h4 and 4 more)")


def test_a_metric_is_reported_with_its_samples() -> None:
    scoring = Scoring(metric="top1", samples=1200, dataset_sha256="c" * 64, figure=0.91)
    update = {"scoring": scoring, "figure": 0.895, "eight_bit_figure": 0.905}
    assert bits_text(searched(a=4, b=8).model_copy(update=update)) == (
        "4 bits in 1 of 2 layers (a), and 8 bits in the others. The metric `top1` is 0.8950, "
        "0.9050 with 8 bits in all layers and 0.9100 in float, on 1,200 samples of `data.search`"
    )
