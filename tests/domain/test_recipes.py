"""The table of recipes."""

import pickle

import pytest

from quantgate.domain.recipes import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_can_be_sent_to_another_process(name: str) -> None:
    assert pickle.loads(pickle.dumps(RECIPES[name])) == RECIPES[name]
