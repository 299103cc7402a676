"""Constants behind the flatbuffer, where files of 256 KiB and more may have them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.litert.flatbuffer import (
    has_external_buffers,
    parse,
    with_inlined_buffers,
)
from quantgate.components.litert.operations import operations

FACTORS = [2.0, 3.0, -0.5]


@pytest.fixture
def content(scaled_model: Callable[..., str]) -> bytes:
    return Path(scaled_model("scaled", FACTORS)).read_bytes()


@pytest.fixture
def external(content: bytes, with_external_buffers: Callable[[bytes], bytes]) -> bytes:
    return with_external_buffers(content)


def outputs_of(content: bytes) -> list[float]:
    interpreter = Interpreter(model_content=content)
    return interpreter.get_signature_runner()(x=np.ones((1, 3), np.float32))["y"][0].tolist()


def test_the_model_computes_the_same(content: bytes, external: bytes) -> None:
    assert has_external_buffers(external)
    assert not has_external_buffers(content)
    assert outputs_of(external) == outputs_of(content) == FACTORS


def test_constants_are_read(external: bytes) -> None:
    (operation,) = operations(parse(external))
    constant = operation.inputs[1].constant
    assert constant.view(np.float32).tolist() == FACTORS


def test_constants_are_moved_into_the_flatbuffer(content: bytes, external: bytes) -> None:
    inlined = with_inlined_buffers(external)
    assert not has_external_buffers(inlined)
    assert outputs_of(inlined) == FACTORS
    assert with_inlined_buffers(content) is content


def test_large_options_of_custom_ops_are_read(external: bytes) -> None:
    model = parse(external)
    (operator,) = model.subgraphs[0].operators
    operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize = 16, 3
    stored = bytes(convert_object_to_bytearray(model))
    (operator,) = parse(stored).subgraphs[0].operators
    assert bytes(operator.customOptions) == stored[16:19]


def test_a_file_that_is_truncated_is_refused(external: bytes) -> None:
    with pytest.raises(ValueError, match=rf"ends at byte {len(external)} of {len(external) - 4}"):
        parse(external[:-4])
