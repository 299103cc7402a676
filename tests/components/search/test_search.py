"""The results of `search`, and the candidates made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.litert.flatbuffer import parse
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.quantize_recipe.material import RecipeInputs
from quantgate.components.quantize_recipe.work import quantize_recipe
from quantgate.components.search.work import SearchInputs, search, settings_of
from quantgate.domain.search import SLOTS, recipes_for
from quantgate.errors import InputError
from quantgate.records.attestation import Attestation
from quantgate.records.search import Search

Make = Callable[..., Any]


def item(name: str, target: str = "cpu") -> dict[str, Any]:
    ends = "float32" if target == "cpu" else "int8"
    recipe = {"recipe": recipes_for(target)[8], "input_type": ends, "output_type": ends}
    return {"candidate": name, **recipe, "searched": True}


@pytest.fixture
def searched(tmp_path: Path) -> Make:
    """Search, and return the record of each candidate."""

    def run(
        model: Any,
        target: str = "cpu",
        bits: tuple[int, ...] = (4, 8),
        budget: float = 20.0,
        timeout_s: float = 60.0,
    ) -> list[Search]:
        ranges = model.ranges if target != "cpu" else None
        search(
            SearchInputs(model.path, model.facts, model.dataset, ranges),
            [item(slot.name, target) for slot in SLOTS],
            settings_of(target, bits, budget),
            ResourceLimits(timeout_s),
            str(tmp_path / "searched"),
        )
        folder = tmp_path / "searched"
        return [Search.read(folder / slot.name / "search.json") for slot in SLOTS]

    return run


@pytest.fixture
def candidate(tmp_path: Path) -> Make:
    """Quantize a searched candidate, and return its bytes and attestation."""

    def quantize(
        model: Any, name: str, target: str = "cpu", searched: str | None = "searched"
    ) -> tuple[bytes, Attestation]:
        quantized, attestation = tmp_path / "quantized.tflite", tmp_path / "attestation.json"
        quantize_recipe(
            RecipeInputs(
                baseline=model.path,
                facts=model.facts,
                ranges=model.ranges,
                dataset=model.dataset,
                searched=str(tmp_path / searched) if searched else None,
            ),
            item(name, target),
            ResourceLimits(60.0),
            quantized_path=str(quantized),
            attestation_path=str(attestation),
        )
        return quantized.read_bytes(), Attestation.read(attestation)

    return quantize


def bits_of(record: Search) -> dict[str, int]:
    return {each.layer: each.bits for each in record.layers}


def test_each_candidate_is_smaller_and_agrees_less_than_the_one_before(
    dense: Make, searched: Make
) -> None:
    records = searched(dense())
    assert [each.status for each in records] == ["mixed"] * 3
    sizes = [records[0].eight_bit_bytes, *(each.size_bytes for each in records)]
    assert sizes == sorted(set(sizes), reverse=True)
    assert records[0].eight_bit_db > records[0].db > records[1].db > records[2].db
    assert [sorted(bits_of(each).values()) for each in records] == [[4, 8, 8], [4, 4, 8], [4, 4, 4]]
    assert (records[0].samples, records[0].held_back) == (30, 10)


def test_a_searched_candidate_is_attested_against_its_rules(
    dense: Make, searched: Make, candidate: Make
) -> None:
    model = dense()
    record = next(each for each in reversed(searched(model)) if each.status == "mixed")
    content, attestation = candidate(model, record.candidate)
    assert (attestation.status, attestation.search) == ("converted", record)
    assert (len(content), attestation.shortfalls) == (record.size_bytes, [])
    dtypes = sorted(weight.dtype for weight in attestation.weights)
    assert dtypes == sorted(f"int{bits}" for bits in bits_of(record).values())
    (said,) = [reason for reason in attestation.reasons if "bits in" in reason]
    assert "held-back calibration samples" in said


def test_rules_that_were_not_followed_are_a_shortfall(
    dense: Make, searched: Make, candidate: Make, tmp_path: Path
) -> None:
    model = dense()
    record = next(each for each in searched(model) if each.status == "mixed")
    rules = [{**rule, "operation": "CONV_2D"} if "^" in rule["regex"] else rule
             for rule in record.rules]  # fmt: skip
    path = tmp_path / "searched" / record.candidate / "search.json"
    record.model_copy(update={"rules": rules}).write(path)
    content, attestation = candidate(model, record.candidate)
    assert (content, attestation.status) == (b"", "failed")
    assert "matches no op of the model" in attestation.reasons[0]


def test_16_bits_make_a_model_more_precise(dense: Make, searched: Make) -> None:
    records = searched(dense(), bits=(8, 16))
    assert [each.status for each in records] == ["mixed"] * 3
    assert records[0].db > records[1].db > records[2].db > records[0].eight_bit_db
    assert set(bits_of(records[2]).values()) == {8, 16}


def test_layers_at_integer_inputs_and_outputs_keep_8_bits(
    dense: Make, searched: Make, candidate: Make
) -> None:
    model = dense()
    records = searched(model, "npu", (8, 16))
    assert [each.status for each in records] == ["mixed", "unchanged", "unchanged"]
    assert bits_of(records[0]) == {"h0": 8, "h1": 16, "h2": 8}
    content, attestation = candidate(model, "search-1", "npu")
    assert content
    assert [each.dtype for each in attestation.inputs + attestation.outputs] == ["int8", "int8"]


def test_layers_that_share_a_weight_have_the_same_bits(dense: Make, searched: Make) -> None:
    records = searched(dense((32, 64, 64, 64), shared=True))
    mixed = [each for each in records if each.status == "mixed"]
    assert mixed
    assert all(bits_of(each)["h1"] == bits_of(each)["h2"] for each in mixed)


def test_a_model_of_one_op_has_one_mix(dense: Make, searched: Make) -> None:
    first, *others = searched(dense((32, 10)))
    assert (first.status, bits_of(first)) == ("mixed", {"h0": 4})
    assert {(each.status, each.reason) for each in others} == {
        ("unchanged", "no other mix of bits is smaller than those of the candidates before")
    }


def test_a_candidate_without_a_mix_has_no_model(
    dense: Make, searched: Make, candidate: Make
) -> None:
    model = dense((32, 10))
    records = searched(model)
    record = next(each for each in records if each.status == "unchanged")
    content, attestation = candidate(model, record.candidate)
    assert (content, attestation.status) == (b"", "unchanged")
    assert attestation.reasons == [record.reason]


def test_a_budget_that_is_too_small_is_the_reason(dense: Make, searched: Make) -> None:
    reasons = {each.reason for each in searched(dense(), budget=0.1)}
    assert reasons == {
        "the budget is too small to quantize each of 3 layers alone. Set `quantize.search.budget` "
        "to 0.47 or more"
    }
    assert all("too small" not in str(each.reason) for each in searched(dense(), budget=0.47))


def test_no_model_is_tried_once_the_budget_is_spent(dense: Make, searched: Make) -> None:
    records = searched(dense(), budget=1.0)
    assert all(each.used < 2.5 for each in records)
    assert [each.status for each in records] == ["mixed", "unchanged", "unchanged"]
    assert (
        records[-1].reason == "no other mix of bits is smaller than those of the candidates before"
    )


def test_a_model_without_layers_is_the_reason(
    scaled_model: Make, make_facts: Make, make_dataset: Make, searched: Make
) -> None:
    facts = make_facts({"x": ("float32", [1, 2])}, {"y": ("float32", [1, 2])})
    dataset = make_dataset(facts, label=None, x=np.ones((6, 2), np.float32))

    class Bare:
        path, ranges = scaled_model("bare", [2.0, 2.0]), None

    Bare.facts, Bare.dataset = facts, dataset
    assert {each.reason for each in searched(Bare)} == {
        "the model has no CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED whose weight can have 4 "
        "bits as well as 8"
    }


def test_too_few_samples_leave_none_to_hold_back(dense: Make, searched: Make) -> None:
    assert {each.reason for each in searched(dense(samples=2))} == {
        "the search holds back one of 3 calibration samples, and there are only 2. Add samples to "
        "`data.calibration`"
    }


def test_a_model_with_a_state_is_left_alone(dense: Make, searched: Make) -> None:
    model = dense()
    schema = parse(Path(model.path).read_bytes())
    schema.subgraphs[0].tensors[-1].isVariable = True
    Path(model.path).write_bytes(bytes(convert_object_to_bytearray(schema)))
    assert all("keeps a state" in str(each.reason) for each in searched(model))


def test_a_search_that_takes_too_long_is_the_reason(dense: Make, searched: Make) -> None:
    records = searched(dense(), timeout_s=0.01)
    assert all("took longer than 0.01 s" in str(each.reason) for each in records)


def test_the_search_can_be_repeated(dense: Make, searched: Make) -> None:
    model = dense()
    assert searched(model) == searched(model)


def test_a_searched_candidate_needs_the_output_of_search(dense: Make, candidate: Make) -> None:
    with pytest.raises(InputError, match="connect the output of `search`"):
        candidate(dense(), "search-1", searched=None)


def test_a_search_with_integer_activations_needs_ranges(dense: Make, tmp_path: Path) -> None:
    model = dense()
    with pytest.raises(InputError, match="connect the output of `record_ranges`"):
        search(
            SearchInputs(model.path, model.facts, model.dataset, None),
            [item("search-1", "npu")],
            settings_of("npu", (8, 16), 1.0),
            ResourceLimits(60.0),
            str(tmp_path / "searched"),
        )
