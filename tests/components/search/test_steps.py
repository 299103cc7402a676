"""The order in which layers get fewer bits."""

from quantgate.components.search.steps import Option, start_of, steps_of

A, B = ("a",), ("b",)


def test_layers_get_fewer_bits_in_the_order_of_the_loss_of_a_saved_byte() -> None:
    options = {
        A: [Option(8, 900, 0.01), Option(4, 800, 0.05)],
        B: [Option(8, 900, 0.01), Option(4, 500, 0.09)],
    }
    assert [(step.layer, step.bits) for step in steps_of(options)] == [(B, 4), (A, 4)]
    assert start_of(options) == {A: 8, B: 8}


def test_bits_that_cost_more_than_their_neighbours_are_skipped() -> None:
    options = {A: [Option(16, 900, 0.0), Option(8, 850, 0.5), Option(4, 500, 0.6)]}
    assert [step.bits for step in steps_of(options)] == [4]


def test_the_steps_of_a_layer_keep_their_order() -> None:
    options = {A: [Option(16, 900, 0.0), Option(8, 700, 0.01), Option(4, 600, 0.3)]}
    assert [step.bits for step in steps_of(options)] == [8, 4]


def test_a_layer_with_one_number_of_bits_has_no_step() -> None:
    assert steps_of({A: [Option(8, 900, 0.01)]}) == []


def test_bits_that_save_nothing_are_no_step() -> None:
    assert steps_of({A: [Option(8, 900, 0.01), Option(4, 900, 0.1)]}) == []


def test_a_layer_starts_with_the_bits_that_lose_least() -> None:
    assert start_of({A: [Option(8, 900, 0.02), Option(4, 800, 0.01)]}) == {A: 4}
